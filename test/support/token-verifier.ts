import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { endProcess } from './store.js';
import { within } from './waiting.js';

/** What became of a token: its claims, or the code of the fault. */
export interface Verdict {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly fault?: string;
}

/** A service in a process of its own, which knows of Doorstep nothing but where its keys are. */
export class TokenVerifier implements AsyncDisposable {
  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    private readonly lines: Interface,
  ) {}

  /** @param keySet where it fetches the keys, once */
  static start(keySet: string, issuer: string, audience: string): TokenVerifier {
    const script = path.join(import.meta.dirname, 'token-service.js');
    const child = spawn(process.execPath, [script, keySet, issuer, audience], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (!child.stdout) throw new Error('it has an output');
    return new TokenVerifier(child, createInterface(child.stdout));
  }

  async verify(token: string): Promise<Verdict> {
    this.child.stdin?.write(`${token}\n`);
    const [line] = await within(once(this.lines, 'line'), 'the verdict of the service');
    return JSON.parse(String(line)) as Verdict;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.child, 'SIGKILL');
  }
}
