import type { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/**
 * Listens for Ctrl+C: the first time it stops the job, the second time the process.
 *
 * @returns the signal for the job, and what ends the listening
 */
export function stopOnInterrupt(
  surroundings: Surroundings,
  reporter: Reporter,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const end = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      reporter.end();
      surroundings.endNow();
      return;
    }
    controller.abort();
    reporter.warn("interrupted", "Stopping after this step; what was reached is kept. Ctrl+C again ends at once.");
  });
  return { signal: controller.signal, end };
}
