/** The rooms of `test/`, each a project of its own: `npm test -- --selectProjects unit`. */
const rooms = ['unit', 'guards', 'features', 'races', 'attacks', 'faults', 'browser', 'chaos'];

/** These have no store: nothing is started for them. */
const withoutStore = ['unit', 'guards'];

const support = '<rootDir>/dist-test/test/support';

const project = (room) => ({
  displayName: room,
  roots: [`<rootDir>/dist-test/test/${room}`],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  testRunner: '<rootDir>/scripts/jest/runner.mjs',
  transform: {},
  ...(withoutStore.includes(room)
    ? {}
    : { globalSetup: `${support}/global-setup.js`, globalTeardown: `${support}/global-teardown.js` }),
});

export default {
  projects: rooms.map(project),
  reporters: ['default', '<rootDir>/scripts/jest/count-reporter.mjs'],
  testTimeout: 30_000,
  // A machine that checks is slower, and nobody waits for it: each suite has all of it.
  maxWorkers: process.env.CI ? 1 : '100%',
  workerIdleMemoryLimit: '1GB',
};
