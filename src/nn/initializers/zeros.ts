import { elementCount } from "../../onnx/tensor-data.js";
import type { Config } from "../config.js";
import type { Initializer } from "./initializer.js";
import { Named } from "../named.js";

/** Every value is 0. @see https://keras.io/api/layers/initializers/ */
export class Zeros extends Named implements Initializer {
  static readonly className: string = "Zeros";

  values(shape: readonly number[]): Float32Array {
    return new Float32Array(elementCount(shape));
  }

  getConfig(): Config {
    return {};
  }
}
