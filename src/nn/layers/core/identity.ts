import type { Value } from "../../../graph/value.js";
import type { Config } from "../../config.js";
import { UnaryLayer } from "../../layer.js";

/** The input, unchanged. @see https://keras.io/api/layers/core_layers/identity/ */
export class Identity extends UnaryLayer {
  static readonly className: string = "Identity";

  protected forward(x: Value): Value {
    return x;
  }

  getConfig(): Config {
    return this.baseConfig();
  }
}
