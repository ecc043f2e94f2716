import { Child } from '../site/child.js';
import type { Task } from './task.js';

/** A load in a process of its own. */
export class LoadProcess implements AsyncDisposable {
  private constructor(private readonly child: Child) {}

  /** Resolves when what the load needs from the start is there: its sockets are open. */
  static async start(task: Task): Promise<LoadProcess> {
    const child = await Child.start('./load-process.js', import.meta.url);
    const load = new LoadProcess(child);
    try {
      await child.call('start', task);
      return load;
    } catch (error) {
      await load[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What a round needs and is not measured. */
  async prepare(): Promise<void> {
    await this.child.call('prepare');
  }

  round<T>(argument: unknown = null): Promise<T> {
    return this.child.call<T>('round', argument);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
