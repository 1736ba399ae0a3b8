import { Generator } from "./generator.js";

/** Where random numbers come from: streams by name. */
export interface RandomSource {
  /** The stream of the given name: the same for the same seed and name, whatever other streams have been used for. */
  stream(label: string): Generator;
  /** How many things of a kind have asked before, since the seed was set: what streams of things without a name are told apart by. */
  number(kind: string): number;
  /** How often the seed has been set: streams that go on from call to call begin again when it changes. */
  readonly timesSeeded: number;
}

/** The random streams of one seed; a job that has its own disturbs no other. */
export class RandomStreams implements RandomSource {
  private root: Generator;
  private times = 0;
  private numbers = new Map<string, number>();

  /**
   * @param seed a whole number in [0, 2⁵³); default 0
   * @throws UsageError when it is not
   */
  constructor(seed = 0) {
    this.root = new Generator(seed);
  }

  get timesSeeded(): number {
    return this.times;
  }

  /**
   * Begins again with another seed.
   *
   * @throws UsageError when it is no whole number in [0, 2⁵³)
   */
  setSeed(seed: number): void {
    this.root = new Generator(seed);
    this.times += 1;
    this.numbers = new Map();
  }

  stream(label: string): Generator {
    return this.root.fork(label);
  }

  number(kind: string): number {
    const number = this.numbers.get(kind) ?? 0;
    this.numbers.set(kind, number + 1);
    return number;
  }

  /**
   * A stream for the next one of some things of a kind, such as weights, or the iterators over folders: each has its own, and
   * after the same seed the same again. It follows from the order in which they are made, not from names: automatic ones count
   * on in a process, and models that are built alike would begin with other weights each time.
   */
  next(kind: string): Generator {
    return this.stream(`${kind}/${this.number(kind)}`);
  }
}

/** The streams of all that is not given its own. */
export const processStreams = new RandomStreams();

/**
 * Seeds everything that is not given a seed of its own: initial weights, dropout masks, augmentation, shuffling.
 *
 * What is built afterwards in the same order is the same, whatever was built before: two models after the same seed have equal
 * weights, whatever their names. Until it is called the seed is 0, so a script that never mentions seeds still gives the same result each time it runs.
 *
 * @param seed a whole number in [0, 2⁵³)
 * @throws UsageError when it is not
 * @see https://keras.io/api/utils/python_utils/#setrandomseed-function
 *
 * @example
 * ```ts
 * import { layers, setRandomSeed } from "graft-ml";
 *
 * function firstWeights(seed: number): string {
 *   setRandomSeed(seed);
 *   const dense = new layers.Dense(2);
 *   dense.apply(layers.Input({ shape: [3] }));
 *   return String(dense.getWeights()[0]?.data);
 * }
 * console.log(firstWeights(1) === firstWeights(1)); // → true
 * console.log(firstWeights(1) === firstWeights(2)); // → false
 * ```
 */
export function setRandomSeed(seed: number): void {
  processStreams.setSeed(seed);
}

/** What weights that are being made are numbered by. */
let current = processStreams;

/**
 * Makes something for a job: weights in it take no numbers from the process, whose own models begin as without the job.
 *
 * @param streams those of the job
 * @param make without waiting for anything
 */
export function makeWith<T>(streams: RandomStreams, make: () => T): T {
  const before = current;
  current = streams;
  try {
    return make();
  } finally {
    current = before;
  }
}

/** A stream for the next weight that is made. */
export function nextWeightStream(): Generator {
  return current.next("weights");
}

/** A stream of {@link processStreams}. */
export function randomStream(label: string): Generator {
  return processStreams.stream(label);
}

/** The next stream of a kind of {@link processStreams}. */
export function nextRandomStream(kind: string): Generator {
  return processStreams.next(kind);
}
