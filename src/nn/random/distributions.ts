import { isWhole, numberWithin, refuse } from "../../errors/check.js";
import { drawTruncatedNormal } from "../initializers/draw-truncated-normal.js";
import { elementType } from "../operations/rows.js";
import { optionsOf } from "./arguments.js";
import { type Drawn, type DrawnShape, drawShape, type Seed } from "./draw.js";

/** Options that all distributions have. */
export interface DistributionOptions {
  /** `"float32"`: Graft has no other for fractions. */
  readonly dtype?: string | null | undefined;
  /** Default: the stream of `setRandomSeed`. */
  readonly seed?: Seed | undefined;
}

/** Options of {@link normal} and {@link truncatedNormal}. */
export interface NormalOptions extends DistributionOptions {
  /** Default 0. */
  readonly mean?: number | undefined;
  /** Default 1. */
  readonly stddev?: number | undefined;
}

/** Options of {@link uniform}. */
export interface UniformOptions extends DistributionOptions {
  /** Default 0. */
  readonly minval?: number | undefined;
  /** It is not drawn itself; default 1. */
  readonly maxval?: number | undefined;
}

/** Fractions are float32. */
function fractions(owner: string, dtype: unknown): "float32" {
  if (dtype === null || dtype === "float32") return "float32";
  return refuse(owner, "dtype", '"float32"', dtype);
}

/** The largest whole number up to which float32 holds all of them. */
const exact = 2 ** 24;

/**
 * Numbers of the normal distribution: `random.normal([16, 128])`, `random.normal(shape, { mean, stddev, seed })`.
 *
 * Outside of a computation it gives an array at once. Inside of the `call` of a layer, of a loss or a step it gives a tensor
 * with new numbers for each step; there the batch may be an extent, as `ops.shape(x)[0]` gives it.
 *
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#normal-function
 *
 * @example
 * ```ts
 * import { layers, ops, random, type SymbolicTensor } from "graft-ml";
 *
 * class Sampling extends layers.Layer {
 *   static readonly className: string = "Sampling";
 *   override call([mean, logVariance]: SymbolicTensor & readonly [SymbolicTensor, SymbolicTensor]): SymbolicTensor {
 *     const noise = random.normal(ops.shape(mean));
 *     return ops.add(mean, ops.multiply(ops.exp(ops.multiply(logVariance, 0.5)), noise));
 *   }
 * }
 * console.log(new Sampling().className); // → Sampling
 * ```
 */
export function normal<S extends DrawnShape>(shape: S, options?: NormalOptions): Drawn<S>;
/** By position, as in Keras. */
export function normal<S extends DrawnShape>(
  shape: S,
  mean: number,
  stddev?: number,
  dtype?: string | null,
  seed?: Seed,
): Drawn<S>;
export function normal<S extends DrawnShape>(shape: S, ...given: readonly unknown[]): Drawn<S> {
  const options = optionsOf("normal", given, { mean: 0, stddev: 1, dtype: null, seed: null });
  const mean = numberWithin("random.normal", "mean", options.mean as number);
  const stddev = numberWithin("random.normal", "stddev", options.stddev as number, 0);
  const type = fractions("random.normal", options.dtype);
  return drawShape("normal", shape, (generator, target) => void generator.normalInto(target, mean, stddev), {
    seed: options.seed,
    type,
  });
}

/**
 * Numbers of the normal distribution, drawn again where they are more than two deviations from the mean.
 *
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#truncatednormal-function
 */
export function truncatedNormal<S extends DrawnShape>(shape: S, options?: NormalOptions): Drawn<S>;
/** By position, as in Keras. */
export function truncatedNormal<S extends DrawnShape>(
  shape: S,
  mean: number,
  stddev?: number,
  dtype?: string | null,
  seed?: Seed,
): Drawn<S>;
export function truncatedNormal<S extends DrawnShape>(shape: S, ...given: readonly unknown[]): Drawn<S> {
  const options = optionsOf("truncatedNormal", given, { mean: 0, stddev: 1, dtype: null, seed: null });
  const mean = numberWithin("random.truncatedNormal", "mean", options.mean as number);
  const stddev = numberWithin("random.truncatedNormal", "stddev", options.stddev as number, 0);
  const type = fractions("random.truncatedNormal", options.dtype);
  const sampler = (generator: Parameters<typeof drawTruncatedNormal>[1], target: Float32Array): void =>
    void drawTruncatedNormal(target, generator, mean, stddev);
  return drawShape("truncatedNormal", shape, sampler, { seed: options.seed, type });
}

/**
 * Numbers in [minval, maxval), each as likely as the others; whole ones with a dtype of whole numbers.
 *
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#uniform-function
 */
export function uniform<S extends DrawnShape>(shape: S, options?: UniformOptions): Drawn<S>;
/** By position, as in Keras. */
export function uniform<S extends DrawnShape>(
  shape: S,
  minval: number,
  maxval?: number,
  dtype?: string | null,
  seed?: Seed,
): Drawn<S>;
export function uniform<S extends DrawnShape>(shape: S, ...given: readonly unknown[]): Drawn<S> {
  const options = optionsOf("uniform", given, { minval: 0, maxval: 1, dtype: null, seed: null });
  const low = numberWithin("random.uniform", "minval", options.minval as number);
  const high = numberWithin("random.uniform", "maxval", options.maxval as number, low);
  const type = fractions("random.uniform", options.dtype);
  const sampler = (generator: Parameters<typeof drawTruncatedNormal>[1], target: Float32Array): void => {
    generator.uniformInto(target);
    if (low === 0 && high === 1) return;
    // Rounding to float32 may reach the upper bound, which is not part of the range.
    const least = Math.fround(low);
    target.forEach((unit, index) => {
      const value = Math.fround(low + (high - low) * unit);
      target[index] = value < high ? value : least;
    });
  };
  return drawShape("uniform", shape, sampler, { seed: options.seed, type });
}

/**
 * Whole numbers from `minval` to `maxval − 1`, each as likely as the others; int32.
 *
 * @throws UsageError for a shape or a bound that is not usable, and for bounds beyond 2²⁴
 * @see https://keras.io/api/random/random_ops/#randint-function
 */
export function randint<S extends DrawnShape>(
  shape: S,
  minval: number,
  maxval: number,
  ...options: readonly (
    string | null | Seed | { readonly dtype?: string | undefined; readonly seed?: Seed | undefined }
  )[]
): Drawn<S> {
  const { dtype, seed } = optionsOf("randint", options, { dtype: "int32", seed: null });
  const inside = (value: unknown): value is number => isWhole(value, -exact) && value <= exact;
  if (!inside(minval)) return refuse("random.randint", "minval", "a whole number between -2^24 and 2^24", minval);
  if (!inside(maxval) || maxval <= minval) {
    return refuse("random.randint", "maxval", `a whole number above ${minval}, at most 2^24`, maxval);
  }
  const type = elementType("random.randint", dtype);
  return drawShape(
    "randint",
    shape,
    (generator, target) => {
      for (let index = 0; index < target.length; index++) target[index] = minval + generator.integer(maxval - minval);
    },
    { seed, type },
  );
}

/**
 * Numbers of the gamma distribution with scale 1.
 *
 * @param alpha the shape of the distribution: above 0
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#gamma-function
 */
export function gamma<S extends DrawnShape>(
  shape: S,
  alpha: number,
  ...options: readonly (string | null | Seed | DistributionOptions)[]
): Drawn<S> {
  const { dtype, seed } = optionsOf("gamma", options, { dtype: null, seed: null });
  const a = positive("random.gamma", "alpha", alpha);
  const type = fractions("random.gamma", dtype);
  return drawShape(
    "gamma",
    shape,
    (generator, target) => {
      for (let index = 0; index < target.length; index++) target[index] = Math.exp(generator.logGamma(a));
    },
    { seed, type },
  );
}

/**
 * Numbers of the beta distribution, between 0 and 1: shares for mixing pictures.
 *
 * @param alpha above 0
 * @param beta above 0
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#beta-function
 */
export function beta<S extends DrawnShape>(
  shape: S,
  alpha: number,
  beta: number,
  ...options: readonly (string | null | Seed | DistributionOptions)[]
): Drawn<S> {
  const { dtype, seed } = optionsOf("beta", options, { dtype: null, seed: null });
  const [a, b] = [positive("random.beta", "alpha", alpha), positive("random.beta", "beta", beta)];
  const type = fractions("random.beta", dtype);
  return drawShape(
    "beta",
    shape,
    (generator, target) => {
      for (let index = 0; index < target.length; index++) target[index] = generator.beta(a, b);
    },
    { seed, type },
  );
}

/**
 * How many of `counts` tries succeed, each with the same probability; float32.
 *
 * @param counts from 0 to 2²⁴
 * @param probabilities from 0 to 1
 * @throws UsageError for a shape or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#binomial-function
 */
export function binomial<S extends DrawnShape>(
  shape: S,
  counts: number,
  probabilities: number,
  ...options: readonly (string | null | Seed | DistributionOptions)[]
): Drawn<S> {
  const { dtype, seed } = optionsOf("binomial", options, { dtype: null, seed: null });
  if (!isWhole(counts, 0) || counts > exact) {
    return refuse("random.binomial", "counts", "a whole number from 0 to 2^24", counts);
  }
  const share = numberWithin("random.binomial", "probabilities", probabilities, 0, 1);
  const type = fractions("random.binomial", dtype);
  return drawShape(
    "binomial",
    shape,
    (generator, target) => {
      for (let index = 0; index < target.length; index++) {
        let successes = 0;
        for (let tries = 0; tries < counts; tries++) successes += generator.uniform() < share ? 1 : 0;
        target[index] = successes;
      }
    },
    { seed, type },
  );
}

function positive(owner: string, option: string, value: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  return refuse(owner, option, "a number above 0", value);
}
