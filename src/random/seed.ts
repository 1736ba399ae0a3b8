import { Generator } from "./generator.js";

let root = new Generator(0);
let times = 0;
let numbers = new Map<string, number>();

/**
 * Seeds everything that is not given a seed of its own: initial weights, dropout masks, augmentation, shuffling.
 *
 * Until it is called the seed is 0, so a script that never mentions seeds still gives the same result each time it runs.
 *
 * @param seed a whole number in [0, 2⁵³)
 * @throws UsageError when it is not
 * @see https://keras.io/api/utils/python_utils/#setrandomseed-function
 */
export function setRandomSeed(seed: number): void {
  root = new Generator(seed);
  times += 1;
  numbers = new Map();
}

/** The stream of the given name: the same for the same seed and name, whatever other streams have been used for. */
export function randomStream(label: string): Generator {
  return root.fork(label);
}

/** How often the seed has been set: streams that go on from call to call begin again when it changes. */
export function timesSeeded(): number {
  return times;
}

/**
 * A stream for the next one of some things of a kind, such as the iterators over folders: each has its own, and after the
 * same seed the same again.
 */
export function nextRandomStream(kind: string): Generator {
  const number = numbers.get(kind) ?? 0;
  numbers.set(kind, number + 1);
  return randomStream(`${kind}/${number}`);
}
