import type { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/** Signals that come so close together, in ms, are one stop: npm and npx pass on what the terminal has sent to all already. */
const sameStop = 100;

/**
 * Listens for Ctrl+C: the first time it stops the job, the second time the process.
 *
 * @param words what is said the first time
 * @returns the signal for the job, and what ends the listening
 */
export function stopOnInterrupt(
  surroundings: Surroundings,
  reporter: Reporter,
  words = "Stopping after this step; what was reached is kept.",
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  const end = surroundings.onInterrupt(() => {
    const before = last;
    last = surroundings.elapsed();
    if (controller.signal.aborted) {
      if (last - before < sameStop) return;
      reporter.end();
      surroundings.endNow();
      return;
    }
    controller.abort();
    reporter.warn("interrupted", `${words} Ctrl+C again ends at once.`);
  });
  return { signal: controller.signal, end };
}
