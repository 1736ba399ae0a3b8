import type { Value } from "../../../graph/value.js";
import { equal, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { floor, min } from "../../../ops/elementwise.js";
import { slice } from "../../../ops/slicing.js";
import { squeeze } from "../../../ops/layout.js";
import { oneOf, wholeNumber, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type AugmentationName, augmentationParts } from "./augmentation-parts.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { type ImageInterpolation, imageInterpolations } from "./transform-images.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link RandAugment}. */
export interface RandAugmentOptions extends RandomColourOptions {
  /** How many changes are made one after the other; default 2. */
  readonly numOps?: number;
  /** Strength of all of them, in [0, 1]: the upper bound, or both; default 0.5. */
  readonly factor?: Factor;
  /** How pixels are made where they are moved; default `"bilinear"`. */
  readonly interpolation?: Word<ImageInterpolation>;
}

/** Which changes are made, one scalar each, and all changes there are. */
interface Chosen {
  readonly choices: readonly Value[];
  readonly changes: readonly ((images: Value) => Value)[];
}

/** The layers that are chosen from, in Keras's order. */
const names: readonly AugmentationName[] = [
  "random_shear",
  "random_translation",
  "random_rotation",
  "random_brightness",
  "random_color_degeneration",
  "random_contrast",
  "random_sharpness",
  "random_posterization",
  "solarization",
  "auto_contrast",
  "equalization",
];

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "numOps", "factor", "interpolation", "seed", "dataFormat"] as const;

/**
 * Training: makes some randomly chosen changes to a batch, one after the other; the choice is one for all pictures, and
 * the amounts are drawn for each. Inference: `x`.
 *
 * As in Keras all eleven changes are computed, and those that were not chosen left.
 *
 * @see https://arxiv.org/abs/1909.13719
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/rand_augment/
 */
export class RandAugment extends BaseImagePreprocessing<Chosen> {
  static readonly className: string = "RandAugment";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "numOps",
    "factor",
    "interpolation",
    "valueRange",
  ] satisfies readonly (keyof RandAugmentOptions)[];
  private readonly valueRange: Bounds;
  private readonly numOps: number;
  private readonly factor: Bounds;
  private readonly interpolation: ImageInterpolation;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandAugmentOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: RandAugmentOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RandAugmentOptions>(RandAugment, given);
    super(options);
    const owner = "RandAugment";
    this.valueRange = twoNumbers(owner, "valueRange", options.valueRange ?? [0, 255]);
    this.numOps = wholeNumber(owner, "numOps", options.numOps ?? 2);
    this.factor = factorBounds(owner, "factor", options.factor ?? 0.5, { low: 0, high: 1 });
    this.interpolation = oneOf(owner, "interpolation", options.interpolation ?? "bilinear", imageInterpolations);
  }

  drawTransformation(images: Value, draws: Draws): Chosen {
    const drawn = floor(draws.uniform([this.numOps], 0, names.length));
    const choices = min([drawn, scalarLike(drawn, names.length - 1)]);
    const parts = augmentationParts(this.factor, this.valueRange, this.interpolation);
    return {
      changes: names.map((name) => parts[name](images, draws)),
      choices: Array.from({ length: this.numOps }, (_, index) =>
        squeeze(slice(choices, { starts: [index], ends: [index + 1] }), [0]),
      ),
    };
  }

  transformImages(images: Value, { choices, changes }: Chosen): Value {
    return choices.reduce(
      (before, choice) =>
        changes.reduce((x, change, index) => where(equal(choice, scalarLike(choice, index)), change(x), x), before),
      images,
    );
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      value_range: this.valueRange,
      num_ops: this.numOps,
      factor: this.factor,
      interpolation: this.interpolation,
      seed: this.seed ?? null,
    };
  }
}
