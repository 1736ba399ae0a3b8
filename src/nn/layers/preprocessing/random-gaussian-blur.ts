import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip } from "../../../ops/elementwise.js";
import { slice } from "../../../ops/slicing.js";
import { refuse } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { blur, gaussian } from "./blur.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomGaussianBlur}. */
export interface RandomGaussianBlurOptions extends RandomColourOptions {
  /** Probability, in [0, 1], or the bounds between which it is drawn; one number is the upper bound. Default 1. */
  readonly factor?: Factor;
  /** Size of the kernel, odd: one number, or one for each axis; default 3. */
  readonly kernelSize?: number | readonly [number, number];
  /** Deviation in pixels, in [0, 1]: the bounds, or the upper one; default 1. */
  readonly sigma?: Factor;
}

/** Which pictures are changed, `[N]`, and the deviation for each axis, `[2]`. */
interface Blurring {
  readonly applied: Value;
  readonly sigma: Value;
}

/**
 * Training: blurs pictures, each with a random probability, all of a batch by the same random deviations. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_gaussian_blur/
 */
export class RandomGaussianBlur extends BaseImagePreprocessing<Blurring> {
  static readonly className: string = "RandomGaussianBlur";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["kernelSize", "sigma", "valueRange", "dataFormat", "seed"];
  static override readonly options: readonly string[] = [
    "kernelSize",
    "sigma",
    "valueRange",
  ] satisfies readonly (keyof RandomGaussianBlurOptions)[];
  private readonly factor: Bounds;
  private readonly kernelSize: Bounds;
  private readonly sigma: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      RandomGaussianBlurOptions,
      ["factor", "kernelSize", "sigma", "valueRange", "dataFormat", "seed"]
    >
  );
  /**
   * @param factor the probability, or all options; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | RandomGaussianBlurOptions, options?: RandomGaussianBlurOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomGaussianBlurOptions>(RandomGaussianBlur, parts);
    super(given);
    const owner = "RandomGaussianBlur";
    this.factor = factorBounds(owner, "factor", given.factor ?? 1, { low: 0, high: 1 });
    const size = given.kernelSize ?? 3;
    this.kernelSize = twoNumbers(owner, "kernelSize", typeof size === "number" ? [size, size] : size);
    if (this.kernelSize.some((number) => !Number.isInteger(number) || number < 1 || number % 2 === 0)) {
      refuse(owner, "kernelSize", "an odd number, or two", size);
    }
    this.sigma = factorBounds(owner, "sigma", given.sigma ?? 1, { low: 0, high: 1 });
    this.valueRange = twoNumbers(owner, "valueRange", given.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Blurring {
    const batch = dimAt(images.shape, 0);
    const probability = draws.uniform([batch], ...this.factor);
    const applied = less(draws.uniform([batch]), probability);
    const sigma = draws.uniform([2], ...this.sigma);
    return { applied, sigma: add(sigma, scalarLike(sigma, 1e-6)) };
  }

  transformImages(images: Value, { applied, sigma }: Blurring): Value {
    const [right, down] = [0, 1].map((axis) =>
      gaussian(this.kernelSize[axis] ?? 1, slice(sigma, { starts: [axis], ends: [axis + 1] })),
    );
    if (right === undefined || down === undefined) return images;
    return clip(where(perImage(applied), blur(images, down, right), images), ...this.valueRange);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      factor: this.factor,
      kernel_size: this.kernelSize,
      sigma: this.sigma,
      value_range: this.valueRange,
      seed: this.seed ?? null,
    };
  }
}
