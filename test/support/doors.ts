import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Doorstep, type DoorstepError, type DoorstepOptions, doorstep } from '@doorstep/server';
import type { Backend } from './backend.js';

/** Doorstep as a backend's program asks it by the package; what it tells of is in `problems`. */
export class Door implements AsyncDisposable {
  readonly problems: DoorstepError[] = [];
  readonly its: Doorstep;
  private asked = 0;
  private readonly count = (message: unknown): void => {
    const { request } = message as { request: { origin: string; path: string } };
    if (request.origin === this.origin && request.path === '/backend/graphql') this.asked += 1;
  };

  private constructor(
    private readonly origin: string,
    options: DoorstepOptions,
  ) {
    this.its = doorstep({ onProblem: (error) => this.problems.push(error), ...options });
    subscribe(REQUESTS, this.count);
  }

  /** @param url where it asks, if not where the backend does */
  static of(backend: Backend, options: Partial<DoorstepOptions> = {}): Door {
    const url = options.url ?? new URL(backend.url).origin;
    return new Door(new URL(url).origin, { key: backend.key, ...options, url });
  }

  /** How many questions have gone out over HTTP during some work, by this process to that address. */
  async questionsDuring(work: () => Promise<unknown>): Promise<number> {
    const before = this.asked;
    await work();
    return this.asked - before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unsubscribe(REQUESTS, this.count);
    await this.its.close();
  }
}

/** Told of by Node's fetch before each request. */
const REQUESTS = 'undici:request:create';
