/**
 * Waits for work that knows no stop, such as the reading of others' files, until it is stopped: what it does after that nobody waits for.
 *
 * @returns what the work gives; `undefined` when the signal came first
 */
export async function untilStopped<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  // Nobody hears any more how it ends.
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => {
      resolve(undefined);
    };
  });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([stopped, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
