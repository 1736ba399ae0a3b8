import { ShapeError } from "../../../errors/errors.js";
import { dimAt, formatShape, type Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { greaterOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { mul } from "../../../ops/elementwise.js";
import { channelsFirst, channelsLast } from "../../channels.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { BaseRandom, type RandomLayerOptions } from "./base-random.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Dropout}. */
export interface DropoutOptions extends RandomLayerOptions {
  /**
   * Shape of the mask in Keras's order, with 1 along axes that share it and `null` for the input's own extent; default: the
   * input's shape.
   */
  readonly noiseShape?: readonly (number | null)[] | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["noiseShape", "seed"] as const;

/**
 * Training: each element is 0 with probability `rate`, and `x / (1 − rate)` otherwise, so that the mean stays.
 * Inference: `x`.
 *
 * @see https://jmlr.org/papers/v15/srivastava14a.html
 * @see https://keras.io/api/layers/regularization_layers/dropout/ – the masks of a seed differ from Keras's
 *
 * @example
 * ```ts
 * import { layers, models, Tensor } from "graft-ml";
 *
 * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dropout(0.5)]);
 * const x = new Tensor("float32", [1, 2, 3, 4], [1, 4]);
 * // Only fit drops anything.
 * const { data } = await model.predict(x, { verbose: 0 });
 * console.log(data); // → Float32Array(4) [ 1, 2, 3, 4 ]
 * ```
 */
export class Dropout extends BaseRandom {
  static readonly className: string = "Dropout";
  static readonly positional: readonly string[] = ["rate"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["noiseShape"] satisfies readonly (keyof DropoutOptions)[];
  protected readonly rate: number;
  private readonly noiseShape: readonly (number | null)[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<DropoutOptions & { readonly rate: number }, typeof following, ["rate"]>);
  /**
   * @param rate share of the elements that is dropped, in [0, 1]
   * @throws UsageError when the rate is outside
   */
  constructor(rate: number, options?: DropoutOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: DropoutOptions & { readonly rate: number });
  constructor(...given: readonly unknown[]) {
    const { rate, ...options } = byName<DropoutOptions & { readonly rate: number }>(Dropout, given);
    super(options);
    this.rate = numberWithin(this.className, "rate", rate, 0, 1);
    this.noiseShape = options.noiseShape;
  }

  /** Shape of the mask for inputs of the given shape, both in Keras's order. */
  protected maskShape(shape: Shape): Shape {
    if (this.noiseShape === undefined) return shape;
    if (this.noiseShape.length !== shape.length) {
      throw new ShapeError("Dropout: the noise shape does not fit the input.", {
        subject: "noiseShape",
        expected: `${shape.length} extents, for ${formatShape(shape)}`,
        received: `${this.noiseShape.length} extents`,
      });
    }
    return this.noiseShape.map((extent, axis) => extent ?? dimAt(shape, axis));
  }

  protected forward(x: Value, context: CallContext): Value {
    if (!context.training || this.rate === 0) return x;
    const shape = channelsFirst(this.maskShape(channelsLast(x.shape)));
    const kept = greaterOrEqual(context.random(this.stream, "uniform", shape), scalarLike(x, this.rate));
    const factor = this.rate === 1 ? 0 : 1 / (1 - this.rate);
    return mul(x, where(kept, scalarLike(x, factor), scalarLike(x, 0)));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate, noise_shape: this.noiseShape ?? null };
  }
}
