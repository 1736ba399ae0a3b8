import type { Value } from "../../../graph/value.js";
import { averagePool } from "../../../ops/pooling.js";
import type { Pair, Word } from "../../../errors/check.js";
import { BasePooling2D, type Pooling2DOptions } from "./base-pooling-2d.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["strides", "padding", "dataFormat", "name"] as const;

/**
 * The mean over windows, of the pixels that lie inside the picture: `[N, H, W, C]` → `[N, H', W', C]`.
 *
 * @see https://keras.io/api/layers/pooling_layers/average_pooling2d/
 */
export class AveragePooling2D extends BasePooling2D {
  static readonly className: string = "AveragePooling2D";
  static readonly positional: readonly string[] = ["poolSize"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Pooling2DOptions & { readonly poolSize: Pair }, typeof following, ["poolSize"]>);
  /**
   * @param poolSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(poolSize: Pair, options?: Pooling2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(poolSize: Pair, strides: Pair, options?: Pooling2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(poolSize: Pair, strides: Pair, padding: Word<"valid" | "same">, options?: Pooling2DOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: Pooling2DOptions & { readonly poolSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { poolSize, ...options } = byName<Pooling2DOptions & { readonly poolSize: Pair }>(AveragePooling2D, given);
    super(poolSize, options);
  }

  protected forward(x: Value): Value {
    return averagePool(x, this.window(x));
  }
}
