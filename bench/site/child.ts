import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a process of the benchmark is asked, and what it answers. */
type Call = { readonly id: number; readonly method: string; readonly argument: unknown };
type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string };
type News = { readonly news: unknown };

interface Answer {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of the benchmark's own, which does what it is asked. */
export class Child implements AsyncDisposable {
  private readonly waiting = new Map<number, Answer>();
  private calls = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: Reply | News) => {
      if ('id' in message) this.settle(message);
    });
    child.once('exit', (code, signal) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`a process has ended: ${code ?? signal}`));
      this.waiting.clear();
    });
  }

  /** @param file the module that it runs, from `import.meta.url` of who starts it */
  static async start(file: string, base: string, onNews: (news: unknown) => void = () => {}): Promise<Child> {
    const child = fork(fileURLToPath(new URL(file, base)), { serialization: 'advanced', execArgv: [] });
    const started = new Child(child);
    child.on('message', (message: Reply | News) => {
      if ('news' in message) onNews(message.news);
    });
    await started.call('ready');
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Asks it, and waits for the answer however long that takes. @throws what it has thrown, as text */
  call<T>(method: string, argument: unknown = null): Promise<T> {
    this.calls += 1;
    const id = this.calls;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.child.send({ id, method, argument } satisfies Call, (error) => {
        if (error) reject(error);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private settle({ id, result, error }: Reply): void {
    const answer = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(error));
  }
}

/** In the process itself: answers calls by these methods from now on. */
export function answerCalls(methods: Readonly<Record<string, (argument: never) => unknown>>): void {
  const all: Readonly<Record<string, (argument: never) => unknown>> = { ready: () => null, ...methods };
  process.on('message', async ({ id, method, argument }: Call) => {
    try {
      const result = await all[method]?.(argument as never);
      process.send?.({ id, result } satisfies Reply);
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  // Without the run that started it there is nothing to do.
  process.once('disconnect', () => process.exit());
}

/** In the process itself: says something unasked. */
export function tellNews(news: unknown): void {
  process.send?.({ news } satisfies News);
}
