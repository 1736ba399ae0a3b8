import type { Value } from "../../../graph/value.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, twoNumbers } from "./factors.js";
import { RandomBrightness } from "./random-brightness.js";
import { type RandomColourOptions, RandomContrast } from "./random-contrast.js";
import { RandomHue } from "./random-hue.js";
import { RandomSaturation } from "./random-saturation.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link RandomColorJitter}. */
export interface RandomColorJitterOptions extends RandomColourOptions {
  /** As of `RandomBrightness`; default: left out. */
  readonly brightnessFactor?: Factor | undefined;
  /** As of `RandomContrast`; default: left out. */
  readonly contrastFactor?: Factor | undefined;
  /** As of `RandomSaturation`; default: left out. */
  readonly saturationFactor?: Factor | undefined;
  /** As of `RandomHue`; default: left out. */
  readonly hueFactor?: Factor | undefined;
}

type ColourLayer = RandomBrightness | RandomContrast | RandomSaturation | RandomHue;

/** Options that may follow by position, in Keras's order. */
const following = [
  "valueRange",
  "brightnessFactor",
  "contrastFactor",
  "saturationFactor",
  "hueFactor",
  "seed",
  "dataFormat",
] as const;

/**
 * Training: changes brightness, contrast, saturation and hue of each picture, in this order. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_jitter/
 */
export class RandomColorJitter extends BaseImagePreprocessing<readonly ((images: Value) => Value)[]> {
  static readonly className: string = "RandomColorJitter";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "brightnessFactor",
    "contrastFactor",
    "saturationFactor",
    "hueFactor",
    "valueRange",
  ] satisfies readonly (keyof RandomColorJitterOptions)[];
  private readonly valueRange: Bounds;
  private readonly factors: Config;
  private readonly parts: readonly ColourLayer[];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColorJitterOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: RandomColorJitterOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RandomColorJitterOptions>(RandomColorJitter, given);
    super(options);
    this.valueRange = twoNumbers("RandomColorJitter", "valueRange", options.valueRange ?? [0, 255]);
    const { brightnessFactor, contrastFactor, saturationFactor, hueFactor } = options;
    const common = { valueRange: this.valueRange };
    this.factors = {
      brightness_factor: brightnessFactor ?? null,
      contrast_factor: contrastFactor ?? null,
      saturation_factor: saturationFactor ?? null,
      hue_factor: hueFactor ?? null,
    };
    this.parts = [
      ...(brightnessFactor === undefined ? [] : [new RandomBrightness(brightnessFactor, common)]),
      ...(contrastFactor === undefined ? [] : [new RandomContrast(contrastFactor, common)]),
      ...(saturationFactor === undefined ? [] : [new RandomSaturation(saturationFactor, common)]),
      ...(hueFactor === undefined ? [] : [new RandomHue(hueFactor, common)]),
    ];
  }

  drawTransformation(images: Value, draws: Draws): readonly ((images: Value) => Value)[] {
    return this.parts.map((part) => {
      const drawn = part.drawTransformation(images, draws);
      return (value) => part.transformImages(value, drawn);
    });
  }

  transformImages(images: Value, steps: readonly ((images: Value) => Value)[]): Value {
    return steps.reduce((changed, step) => step(changed), images);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), value_range: this.valueRange, ...this.factors, seed: this.seed ?? null };
  }
}
