import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Ends the output with `N passed, N failed, N skipped` alone on a line, for machines that read it. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never ran, because a hook before it failed, has not passed.
        if (state === "pending") counts.skipped += 1;
        else counts[state] += 1;
      }
      // A file that does not load, or whose hooks fail, fails without a test of its own that does.
      if (module.state() === "failed" && counts.failed === before) counts.failed += 1;
    }
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
