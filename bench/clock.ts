import type { Measured } from "./figures.js";

/** How often something is called before it is timed, and how often it is timed. */
export interface Repeats {
  readonly warmUps: number;
  readonly count: number;
}

/** Milliseconds of a call; the default is that of the peers' scripts. */
export async function milliseconds(
  call: () => Promise<unknown>,
  { warmUps, count }: Repeats = { warmUps: 3, count: 10 },
): Promise<Measured> {
  for (let i = 0; i < warmUps; i++) await call();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { best: times[0] ?? Number.NaN, median: times[Math.floor(count / 2)] ?? Number.NaN };
}
