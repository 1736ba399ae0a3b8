import type { Value } from "../../../graph/value.js";
import { averagePool } from "../../../ops/pooling.js";
import type { Pair } from "../../../errors/check.js";
import { BasePooling2D, type Pooling2DOptions } from "./base-pooling-2d.js";

/**
 * The mean over windows, of the pixels that lie inside the picture: `[N, H, W, C]` → `[N, H', W', C]`.
 *
 * @see https://keras.io/api/layers/pooling_layers/average_pooling2d/
 */
export class AveragePooling2D extends BasePooling2D {
  static readonly className: string = "AveragePooling2D";
  static readonly positional: readonly string[] = ["pool_size"];

  /**
   * @param poolSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(poolSize: Pair, options: Pooling2DOptions = {}) {
    super(poolSize, options);
  }

  protected forward(x: Value): Value {
    return averagePool(x, this.window(x));
  }
}
