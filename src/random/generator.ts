import { isWhole, show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { hash128, type Words } from "./hash.js";

/** Everything that a {@link Generator} is, as plain JSON: a generator made from it continues where the other stood. */
export interface GeneratorState {
  /** Which generator; another one does not read this state. */
  readonly kind: "xoshiro128**";
  /** What the stream was seeded with: the source of the streams that {@link Generator.fork} names. */
  readonly key: Words;
  /** Where in the stream it stands. */
  readonly state: Words;
}

const encoder = new TextEncoder();

/** A message for {@link hash128}: the key's words, then the label. */
function labelled(key: Words, label: string): Uint8Array {
  const text = encoder.encode(label);
  const message = new Uint8Array(16 + text.length);
  const view = new DataView(message.buffer);
  key.forEach((word, index) => {
    view.setUint32(4 * index, word, true);
  });
  message.set(text, 16);
  return message;
}

function isWord(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}

function isWords(value: unknown): value is Words {
  return Array.isArray(value) && value.length === 4 && value.every(isWord);
}

/**
 * A seeded source of random numbers: the same seed gives the same numbers on every computer, and its state can be
 * saved as JSON and restored.
 *
 * The generator is xoshiro128** (128 bits of state, period 2¹²⁸ − 1, passes BigCrush); seeds and names of streams become
 * states through {@link hash128}. It is not for secrets. {@link normal} uses `Math.log` and `Math.cos`, whose last bit may
 * differ between JavaScript engines; everything else is exact everywhere.
 *
 * @see https://prng.di.unimi.it/xoshiro128starstar.c Blackman and Vigna, "Scrambled linear pseudorandom number generators" (public domain)
 */
export class Generator {
  #key: Words;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * @param seed a whole number in [0, 2⁵³), or a state that {@link save} gave
   * @throws UsageError when it is neither
   */
  constructor(seed: number | GeneratorState) {
    // From JavaScript it may be anything.
    if (typeof seed !== "object" || (seed as unknown) === null) {
      if (!isWhole(seed, 0)) {
        throw new UsageError("The seed is not usable.", {
          subject: "seed",
          expected: "a whole number from 0 to 2^53 - 1",
          received: show(seed),
        });
      }
      this.#key = hash128(encoder.encode(`graft seed ${seed}`));
      [this.#a, this.#b, this.#c, this.#d] = this.#key;
    } else {
      const { kind, key, state } = seed as Partial<Record<keyof GeneratorState, unknown>>;
      if (kind !== "xoshiro128**" || !isWords(key) || !isWords(state) || state.every((word) => word === 0)) {
        throw new UsageError("The saved state of a random generator is not usable.", {
          subject: "generator state",
          expected: `{ kind: "xoshiro128**", key, state } with four 32-bit words each, not all of the state zero`,
          received: show(seed),
          advice: "Pass what save() returned, unchanged.",
        });
      }
      this.#key = key;
      [this.#a, this.#b, this.#c, this.#d] = state;
    }
  }

  /** The present state as plain JSON; `new Generator(state)` continues from here. */
  save(): GeneratorState {
    return {
      kind: "xoshiro128**",
      key: this.#key,
      state: [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0],
    };
  }

  /**
   * Goes on where another generator stood.
   *
   * @param state what {@link save} gave
   * @throws UsageError when it is something else
   */
  restore(state: GeneratorState): void {
    const other = new Generator(state);
    this.#key = other.#key;
    [this.#a, this.#b, this.#c, this.#d] = [other.#a, other.#b, other.#c, other.#d];
  }

  /**
   * An independent stream that belongs to a name, at its beginning.
   *
   * It depends on this generator's seed and the name, not on how many numbers were drawn: consumers with streams of
   * their own do not disturb each other, and `fork("epoch 7")` is the same whenever it is asked for.
   *
   * @param label the stream's name; the same name gives the same stream
   */
  fork(label: string): Generator {
    const key = hash128(labelled(this.#key, label));
    return new Generator({ kind: "xoshiro128**", key, state: key });
  }

  /** The next 32 random bits, as a whole number in [0, 2³²). */
  bits(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result >>> 0;
  }

  /**
   * A number drawn uniformly from [low, high), with 53 random bits; `low` itself when both are equal.
   *
   * @param low default 0
   * @param high default 1; not below `low`
   * @throws UsageError when a bound is not finite or they are in the wrong order
   */
  uniform(low = 0, high = 1): number {
    if (!Number.isFinite(high - low) || high < low) {
      throw new UsageError("The range to draw from is not usable.", {
        subject: "uniform(low, high)",
        expected: "finite numbers with low <= high",
        received: `low ${low}, high ${high}`,
      });
    }
    for (;;) {
      const unit = ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6)) / 0x20000000000000;
      const value = low + (high - low) * unit;
      // Rounding can reach the upper bound, which is not part of the range.
      if (value < high || low === high) return value;
    }
  }

  /**
   * Fills an array with numbers drawn uniformly from [0, 1), each a multiple of 2⁻²⁴: exact in float32, and never 1.
   *
   * @param target filled from beginning to end
   * @returns the same array
   */
  uniformInto(target: Float32Array): Float32Array {
    for (let index = 0; index < target.length; index++) {
      target[index] = (this.bits() >>> 8) * 2 ** -24;
    }
    return target;
  }

  /**
   * A number drawn from the normal distribution.
   *
   * @param mean default 0
   * @param standardDeviation default 1
   * @see https://doi.org/10.1214/aoms/1177706645 Box and Muller; the second number of each pair is not kept, so that the
   * state stays 128 bits
   */
  normal(mean = 0, standardDeviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * Fills an array from the normal distribution, two numbers from each pair that Box and Muller's method gives.
   *
   * @param target filled from beginning to end
   * @param mean default 0
   * @param standardDeviation default 1
   * @returns the same array
   */
  normalInto(target: Float32Array, mean = 0, standardDeviation = 1): Float32Array {
    for (let index = 0; index < target.length; index += 2) {
      // 32 bits, shifted by half a step away from log(0).
      const radius = standardDeviation * Math.sqrt(-2 * Math.log((this.bits() + 0.5) * 2 ** -32));
      const angle = 2 * Math.PI * 2 ** -32 * this.bits();
      target[index] = mean + radius * Math.cos(angle);
      if (index + 1 < target.length) target[index + 1] = mean + radius * Math.sin(angle);
    }
    return target;
  }

  /**
   * The natural logarithm of a number drawn from the gamma distribution with scale 1; itself it may be too small for a
   * number.
   *
   * @param shape above 0
   * @throws UsageError when `shape` is not
   * @see https://doi.org/10.1145/358407.358414 Marsaglia and Tsang, "A simple method for generating gamma variables"
   */
  logGamma(shape: number): number {
    if (!(shape > 0) || !Number.isFinite(shape)) {
      throw new UsageError("The gamma distribution is not usable.", {
        subject: "shape",
        expected: "a number above 0",
        received: String(shape),
      });
    }
    // Below 1 from the next one: gamma(shape) is gamma(shape + 1) · u^(1 / shape).
    if (shape < 1) return this.logGamma(shape + 1) + Math.log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }

  /**
   * A number drawn from the beta distribution.
   *
   * @param a above 0
   * @param b above 0
   * @throws UsageError when one of them is not
   */
  beta(a: number, b: number): number {
    return 1 / (1 + Math.exp(this.logGamma(b) - this.logGamma(a)));
  }

  /**
   * A whole number drawn from 0 to n − 1, each exactly as likely as the others.
   *
   * @param n how many values there are, in [1, 2³²]
   * @throws UsageError when `n` is something else
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new UsageError("The number of values to choose from is not usable.", {
        subject: "integer(n)",
        expected: "a whole number from 1 to 2^32",
        received: String(n),
      });
    }
    // Draws above the largest multiple of n would make small values likelier: they are drawn again.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let value = this.bits();
    while (value >= limit) value = this.bits();
    return value % n;
  }

  /**
   * Brings an array into random order, in place; every order is equally likely.
   *
   * @returns the same array
   * @see https://doi.org/10.1145/364520.364540 Durstenfeld, Algorithm 235 (Fisher and Yates)
   */
  shuffle<T>(array: T[]): T[] {
    for (let last = array.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      // Both indices lie inside the array, so these are elements and not `undefined`.
      const moved = array[last] as T;
      array[last] = array[other] as T;
      array[other] = moved;
    }
    return array;
  }

  /**
   * The numbers 0 to n − 1 in random order.
   *
   * @param n a whole number in [0, 2³²]
   * @throws UsageError when `n` is something else
   */
  permutation(n: number): number[] {
    if (!Number.isInteger(n) || n < 0 || n > 2 ** 32) {
      throw new UsageError("The number of values to order is not usable.", {
        subject: "permutation(n)",
        expected: "a whole number from 0 to 2^32",
        received: String(n),
      });
    }
    return this.shuffle(Array.from({ length: n }, (_, index) => index));
  }
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}
