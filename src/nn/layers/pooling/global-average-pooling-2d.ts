import type { Value } from "../../../graph/value.js";
import { globalAveragePool } from "../../../ops/pooling.js";
import { BaseGlobalPooling2D } from "./base-global-pooling-2d.js";

/**
 * The mean over height and width: `[N, H, W, C]` → `[N, C]`, or `[N, 1, 1, C]` with `keepdims`.
 *
 * @see https://keras.io/api/layers/pooling_layers/global_average_pooling2d/
 *
 * @example
 * ```ts
 * import { layers, models, Tensor } from "graft-ml";
 *
 * const model = new models.Sequential([layers.Input({ shape: [2, 2, 1] }), new layers.GlobalAveragePooling2D()]);
 * const x = new Tensor("float32", [1, 2, 3, 6], [1, 2, 2, 1]);
 * const { data } = await model.predict(x, { verbose: 0 });
 * console.log(data); // → Float32Array(1) [ 3 ]
 * ```
 */
export class GlobalAveragePooling2D extends BaseGlobalPooling2D {
  static readonly className: string = "GlobalAveragePooling2D";

  protected pool(x: Value): Value {
    return globalAveragePool(x);
  }
}
