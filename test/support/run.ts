import type { Store } from './store.js';

/** What jest's set-up leaves to its tear-down: both run in the same process, outside of all tests. */
export const ofTheRun: { postgres: Store | null } = { postgres: null };
