import type { Value } from "../../../graph/value.js";
import { globalMaxPool } from "../../../ops/pooling.js";
import { BaseGlobalPooling2D } from "./base-global-pooling-2d.js";

/**
 * The maximum over height and width: `[N, H, W, C]` → `[N, C]`, or `[N, 1, 1, C]` with `keepdims`.
 *
 * @see https://keras.io/api/layers/pooling_layers/global_max_pooling2d/
 */
export class GlobalMaxPooling2D extends BaseGlobalPooling2D {
  static readonly className: string = "GlobalMaxPooling2D";

  protected pool(x: Value): Value {
    return globalMaxPool(x);
  }
}
