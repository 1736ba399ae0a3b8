/** How what uses the engine comes to rest. */
const resting = new Set<() => Promise<unknown>>();
let ending = false;

/** Whether the process is about to end, so that no thread may be asked for more. */
export function isEnding(): boolean {
  return ending;
}

/**
 * Registers a thread in whose work this process must not be ended: the engine's binding would throw where nobody catches, which aborts
 * the process. On the calling thread the engine computes within a turn, which nothing ends.
 *
 * @param rest lets it begin nothing more, and settles when what it has begun is done
 * @returns what takes it back
 */
export function restsBeforeEnd(rest: () => Promise<unknown>): () => void {
  resting.add(rest);
  return () => {
    resting.delete(rest);
  };
}

/**
 * Waits, before the process is ended, until no thread uses the engine any more. What was asked and not begun is given up: who waits for it
 * waits for ever.
 *
 * @param milliseconds the longest wait
 * @returns whether all are at rest
 */
export async function engineAtRest(milliseconds: number): Promise<boolean> {
  ending = true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, milliseconds);
  });
  const all = Promise.all([...resting].map((rest) => rest())).then(() => true);
  try {
    return await Promise.race([all, late]);
  } finally {
    clearTimeout(timer);
  }
}
