import { dimAt, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul, sqrt, sub } from "../../../ops/elementwise.js";
import { gather } from "../../../ops/indexing.js";
import { cast } from "../../../ops/layout.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, type RandomImageOptions } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds } from "./factors.js";
import { permutation } from "./mix-up.js";
import { insideBox } from "./transform-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link CutMix}. */
export interface CutMixOptions extends RandomImageOptions {
  /** Sizes come from the beta distribution with a number twice that is drawn below this one, in [0, 1]; default 1. */
  readonly factor?: Factor;
}

/** The other picture of each, `[N]`, and which pixels come from it, `[N, 1, H, W]`. */
interface Cutting {
  readonly order: Value;
  readonly cut: Value;
}

/**
 * Training: puts a rectangle of another picture of the batch into each. Inference: `x`.
 *
 * As in a model of Keras, labels are not mixed: no layer of a model sees them.
 *
 * @see https://arxiv.org/abs/1905.04899
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/cut_mix/
 */
export class CutMix extends BaseImagePreprocessing<Cutting> {
  static readonly className: string = "CutMix";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["seed", "dataFormat"];
  private readonly factor: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CutMixOptions, ["factor", "seed", "dataFormat"]>);
  /**
   * @param factor see the options, or all of these; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | CutMixOptions, options?: CutMixOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<CutMixOptions>(CutMix, parts);
    super(given);
    this.factor = factorBounds("CutMix", "factor", given.factor ?? 1, { low: 0, high: 1 });
  }

  drawTransformation(images: Value, draws: Draws): Cutting {
    const shape = [dimAt(images.shape, 0)];
    const kept = draws.sampled(shape, (generator, target) => {
      const alpha = generator.uniform(...this.factor) + 1e-6;
      for (let index = 0; index < target.length; index++) target[index] = generator.beta(alpha, alpha);
    });
    const ratio = sqrt(sub(scalarLike(kept, 1), kept));
    const bounds = (axis: number): readonly [Value, Value] => {
      const size = scalarLike(ratio, staticDim(images.shape, axis, "CutMix"));
      const length = mul(ratio, size);
      const start = mul(draws.uniform(shape), sub(size, length));
      return [start, add(start, length)];
    };
    const [left, right] = bounds(3);
    const [top, bottom] = bounds(2);
    return { order: draws.sampled(shape, permutation), cut: insideBox(images, { left, right, top, bottom }) };
  }

  transformImages(images: Value, { order, cut }: Cutting): Value {
    return where(cut, gather(images, cast(order, "int64"), { axis: 0 }), images);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, seed: this.seed ?? null };
  }
}
