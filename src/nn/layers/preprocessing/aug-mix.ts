import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, mul, sub } from "../../../ops/elementwise.js";
import { slice } from "../../../ops/slicing.js";
import { squeeze } from "../../../ops/layout.js";
import type { Generator } from "../../../random/generator.js";
import { nextRandomStream, randomStream } from "../../../random/seed.js";
import { oneOf, wholeNumber, positiveNumber, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type AugmentationName, augmentationParts } from "./augmentation-parts.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { type ImageInterpolation, imageInterpolations } from "./transform-images.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link AugMix}. */
export interface AugMixOptions extends RandomColourOptions {
  /** How many chains of changes are mixed; default 3. */
  readonly numChains?: number;
  /** How many changes a chain has at most; default 3. */
  readonly chainDepth?: number;
  /** Strength of all changes, in [0, 1]: the upper bound, or both; default 0.3. */
  readonly factor?: Factor;
  /** Of the Dirichlet and beta distributions that weights come from; default 1. */
  readonly alpha?: number;
  /** Whether brightness, colour, contrast and sharpness are changed, too; default `true`. */
  readonly allOps?: boolean;
  /** How pixels are made where they are moved; default `"bilinear"`. */
  readonly interpolation?: Word<ImageInterpolation>;
}

/** Weights of the chains, `[chains]`; of the pictures themselves, a scalar; and the chains. */
interface Mixture {
  readonly chainWeights: Value;
  readonly ownWeight: Value;
  readonly chains: readonly (readonly ((images: Value) => Value)[])[];
}

const moving: readonly AugmentationName[] = [
  "random_shear",
  "random_translation",
  "random_rotation",
  "random_posterization",
  "solarization",
  "auto_contrast",
  "equalization",
];

const colouring: readonly AugmentationName[] = [
  "random_brightness",
  "random_color_degeneration",
  "random_contrast",
  "random_sharpness",
];

/** Options that may follow by position, in Keras's order. */
const following = [
  "valueRange",
  "numChains",
  "chainDepth",
  "factor",
  "alpha",
  "allOps",
  "interpolation",
  "seed",
  "dataFormat",
] as const;

/**
 * Training: mixes pictures with what chains of random changes make of them. Inference: `x`.
 *
 * As in a model of Keras, which changes a chain has is drawn once, when the training step is written; amounts and weights
 * are drawn at each step.
 *
 * @see https://arxiv.org/abs/1912.02781
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/aug_mix/
 */
export class AugMix extends BaseImagePreprocessing<Mixture> {
  static readonly className: string = "AugMix";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "numChains",
    "chainDepth",
    "factor",
    "alpha",
    "allOps",
    "interpolation",
    "valueRange",
  ] satisfies readonly (keyof AugMixOptions)[];
  private readonly valueRange: Bounds;
  private readonly numChains: number;
  private readonly chainDepth: number;
  private readonly factor: Bounds;
  private readonly alpha: number;
  private readonly allOps: boolean;
  private readonly interpolation: ImageInterpolation;
  /** Where chains are drawn from: the same ones whenever the layer is written as a graph. */
  private chains: Generator | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<AugMixOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: AugMixOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<AugMixOptions>(AugMix, given);
    super(options);
    const owner = this.className;
    this.valueRange = twoNumbers(owner, "valueRange", options.valueRange ?? [0, 255]);
    this.numChains = wholeNumber(owner, "numChains", options.numChains ?? 3);
    this.chainDepth = wholeNumber(owner, "chainDepth", options.chainDepth ?? 3);
    this.factor = factorBounds(owner, "factor", options.factor ?? 0.3, { low: 0, high: 1 });
    this.alpha = positiveNumber(owner, "alpha", options.alpha ?? 1);
    this.allOps = options.allOps ?? true;
    this.interpolation = oneOf(owner, "interpolation", options.interpolation ?? "bilinear", imageInterpolations);
  }

  /** Draws which changes the chains have; each place stays empty as often as it holds a certain change. */
  protected chooseChains(): readonly (readonly AugmentationName[])[] {
    const label = `chains of ${this.stream}`;
    this.chains ??= this.seed === undefined ? nextRandomStream(label) : randomStream(label);
    const generator = this.chains.fork("drawn");
    const names = this.allOps ? [...moving, ...colouring] : moving;
    return Array.from({ length: this.numChains }, () =>
      Array.from({ length: this.chainDepth }, () => names[generator.integer(names.length + 1)]).filter(
        (name) => name !== undefined,
      ),
    );
  }

  drawTransformation(images: Value, draws: Draws): Mixture {
    const chainWeights = draws.sampled([this.numChains], (generator, target) => {
      const logarithms = Array.from(target, () => generator.logGamma(this.alpha));
      const greatest = Math.max(...logarithms);
      const parts = logarithms.map((logarithm) => Math.exp(logarithm - greatest));
      const sum = parts.reduce((total, part) => total + part, 0);
      target.set(parts.map((part) => part / sum));
    });
    const ownWeight = draws.sampled([], (generator, target) => {
      target[0] = generator.beta(this.alpha, this.alpha);
    });
    const parts = augmentationParts(this.factor, this.valueRange, this.interpolation);
    const chains = this.chooseChains().map((chain) => chain.map((name) => parts[name](images, draws)));
    return { chainWeights, ownWeight, chains };
  }

  transformImages(images: Value, { chainWeights, ownWeight, chains }: Mixture): Value {
    const mixed = chains
      .map((chain, index) => {
        const weight = squeeze(slice(chainWeights, { starts: [index], ends: [index + 1] }), [0]);
        return mul(
          chain.reduce((x, change) => change(x), images),
          weight,
        );
      })
      .reduce((sum, part) => add(sum, part));
    const others = mul(sub(scalarLike(ownWeight, 1), ownWeight), mixed);
    return clip(add(mul(ownWeight, images), others), ...this.valueRange);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      value_range: this.valueRange,
      num_chains: this.numChains,
      chain_depth: this.chainDepth,
      factor: this.factor,
      alpha: this.alpha,
      all_ops: this.allOps,
      interpolation: this.interpolation,
      seed: this.seed ?? null,
    };
  }
}
