import type { Value } from "../../../graph/value.js";
import { maxPool } from "../../../ops/pooling.js";
import { type Pair, type Word } from "../../../errors/check.js";
import { BasePooling2D, type Pooling2DOptions } from "./base-pooling-2d.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link MaxPooling2D}. */
export interface MaxPooling2DOptions extends Pooling2DOptions {
  /** Height and width of the window; default 2. */
  readonly poolSize?: Pair;
}

/** Options that may follow by position, in Keras's order. */
const following = ["strides", "padding", "dataFormat", "name"] as const;

/**
 * The maximum over windows: `[N, H, W, C]` → `[N, H', W', C]`.
 *
 * @see https://keras.io/api/layers/pooling_layers/max_pooling2d/
 */
export class MaxPooling2D extends BasePooling2D {
  static readonly className: string = "MaxPooling2D";
  static readonly positional: readonly string[] = ["poolSize"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<MaxPooling2DOptions, typeof following, ["poolSize"]>);
  /**
   * @param poolSize height and width of the window, or all options; default 2
   * @throws UsageError when an option is not usable
   */
  constructor(poolSize?: Pair | MaxPooling2DOptions, options?: MaxPooling2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(poolSize: Pair, strides: Pair, options?: MaxPooling2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(poolSize: Pair, strides: Pair, padding: Word<"valid" | "same">, options?: MaxPooling2DOptions);
  constructor(...given: readonly unknown[]) {
    const { poolSize: size = 2, ...others } = byName<MaxPooling2DOptions>(MaxPooling2D, given);
    super(size, others);
  }

  protected forward(x: Value): Value {
    return maxPool(x, this.window(x));
  }
}
