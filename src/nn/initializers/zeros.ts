import { elementCount } from "../../onnx/tensor-data.js";
import type { Config } from "../config.js";
import { Initializer } from "./initializer.js";

/** Every value is 0. @see https://keras.io/api/layers/initializers/ */
export class Zeros extends Initializer {
  static readonly className: string = "Zeros";

  override values(shape: readonly number[]): Float32Array {
    return new Float32Array(elementCount(shape));
  }

  override getConfig(): Config {
    return {};
  }
}
