import type { DoorstepError } from './errors.js';

/** Whoever is told of what nobody else is told of. */
export type OnProblem = (error: DoorstepError) => void;

/** Tells of each kind of problem once, until what had it works again. */
export class Problems {
  private readonly told = new Map<string, string>();

  constructor(private readonly onProblem: OnProblem = warn) {}

  /** @param of what has the problem */
  tell(of: string, error: DoorstepError): void {
    if (this.told.get(of) === error.code) return;
    this.told.set(of, error.code);
    this.onProblem(error);
  }

  /** It works. */
  over(of: string): void {
    this.told.delete(of);
  }
}

function warn({ code, message }: DoorstepError): void {
  process.emitWarning(`${message} (${code})`, { type: 'DoorstepWarning' });
}
