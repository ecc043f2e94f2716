import { ofTheRun } from './run.js';

/** Ends what `global-setup` started. */
export default async function tearDown(): Promise<void> {
  await ofTheRun.postgres?.stop();
}
