// The last line of every test run: "12 passed, 0 failed, 1 skipped", and why anything was skipped.

/**
 * Counts what a run really did. A file that breaks outside its tests, and an error nobody caught, count as one failure
 * each; a file left out because a component is missing counts as one skip.
 *
 * @param {{ leftOut?: { reason: string, files: readonly string[] }[] }} [options]
 * @returns {import('vitest/node').Reporter}
 */
export function totalsReporter({ leftOut = [] } = {}) {
  return {
    onTestRunEnd(modules, unhandledErrors, reason) {
      const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
      /** @type {Map<string, number>} */
      const missing = new Map();
      const skip = (/** @type {string | undefined} */ why, count = 1) => {
        totals.skipped += count;
        if (why !== undefined) missing.set(why, (missing.get(why) ?? 0) + count);
      };

      for (const module of modules) {
        let failedInside = 0;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          if (state === 'passed') totals.passed += 1;
          else if (state === 'failed') failedInside += 1;
          else skip(missingComponent(test));
        }
        totals.failed += module.ok() ? failedInside : Math.max(1, failedInside);
      }
      for (const { reason, files } of leftOut) skip(`${reason} (whole files)`, files.length);
      // Stopped half-way, or nothing ran at all: the count alone would look like success.
      if (totals.failed > 0 || totals.passed === 0 || reason === 'interrupted') process.exitCode = 1;

      process.once('exit', () => {
        console.log();
        for (const [why, count] of missing) console.log(`${count} skipped: ${why}`);
        console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
      });
    },
  };
}

/**
 * Set by `needs()` on the test's own suite or one around it.
 *
 * @param {import('vitest/node').TestCase} test
 * @returns {string | undefined}
 */
function missingComponent(test) {
  /** @type {import('vitest/node').TestCase | import('vitest/node').TestSuite | import('vitest/node').TestModule} */
  let task = test;
  while (task.type !== 'module') {
    const { missing } = /** @type {{ missing?: string }} */ (task.meta());
    if (missing !== undefined) return missing;
    task = task.parent;
  }
  return undefined;
}
