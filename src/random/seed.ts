import { Generator } from "./generator.js";

let root = new Generator(0);

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
}

/** The stream of the given name: the same for the same seed and name, whatever other streams have been used for. */
export function randomStream(label: string): Generator {
  return root.fork(label);
}
