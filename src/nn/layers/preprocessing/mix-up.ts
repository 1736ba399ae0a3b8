import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul, sub } from "../../../ops/elementwise.js";
import { gather } from "../../../ops/indexing.js";
import { cast } from "../../../ops/layout.js";
import { positiveNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { Sampler } from "../../context.js";
import { BaseImagePreprocessing, type Draws, perImage, type RandomImageOptions } from "./base-image-preprocessing.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link MixUp}. */
export interface MixUpOptions extends RandomImageOptions {
  /** The mixing weight comes from the beta distribution with this number twice; default 0.2. */
  readonly alpha?: number;
}

/** The other picture of each, `[N]`, and the weight of the own one, `[N]`. */
interface Mixing {
  readonly order: Value;
  readonly weight: Value;
}

/** The numbers from 0 on in random order. */
export const permutation: Sampler = (generator, target) => {
  target.set(generator.permutation(target.length));
};

/**
 * Training: mixes each picture with another one of the batch. Inference: `x`.
 *
 * As in a model of Keras, labels are not mixed: no layer of a model sees them.
 *
 * @see https://arxiv.org/abs/1710.09412
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/mix_up/
 */
export class MixUp extends BaseImagePreprocessing<Mixing> {
  static readonly className: string = "MixUp";
  static readonly positional: readonly string[] = ["alpha"];
  static readonly following: readonly string[] = ["dataFormat", "seed"];
  private readonly alpha: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<MixUpOptions, ["alpha", "dataFormat", "seed"]>);
  /**
   * @param alpha see the options, or all of these; default 0.2
   * @throws UsageError when an option is not usable
   */
  constructor(alpha?: number | MixUpOptions, options?: MixUpOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<MixUpOptions>(MixUp, parts);
    super(given);
    this.alpha = positiveNumber("MixUp", "alpha", given.alpha ?? 0.2);
  }

  drawTransformation(images: Value, draws: Draws): Mixing {
    const shape = [dimAt(images.shape, 0)];
    const order = draws.sampled(shape, permutation);
    const weight = draws.sampled(shape, (generator, target) => {
      for (let index = 0; index < target.length; index++) target[index] = generator.beta(this.alpha, this.alpha);
    });
    return { order, weight };
  }

  transformImages(images: Value, { order, weight }: Mixing): Value {
    const own = perImage(weight);
    const others = gather(images, cast(order, "int64"), { axis: 0 });
    return add(mul(own, images), mul(sub(scalarLike(own, 1), own), others));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), alpha: this.alpha, seed: this.seed ?? null };
  }
}
