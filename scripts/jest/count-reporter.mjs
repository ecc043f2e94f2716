/** A reporter for jest: ends the run with a line that programs read, such as `120 passed, 0 failed, 2 skipped`. */
export default class CountReporter {
  onRunComplete(_testContexts, results) {
    // A file that cannot even be loaded has no tests to count, and is a failure all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const counts = [`${results.numPassedTests} passed`, `${failed} failed`];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    process.stdout.write(`${counts.join(', ')}\n`);
  }
}
