import { elementCount } from "../../onnx/tensor-data.js";
import type { Config } from "../config.js";
import { Initializer } from "./initializer.js";

/** Every value is 1. @see https://keras.io/api/layers/initializers/ */
export class Ones extends Initializer {
  static readonly className: string = "Ones";

  override values(shape: readonly number[]): Float32Array {
    return new Float32Array(elementCount(shape)).fill(1);
  }

  override getConfig(): Config {
    return {};
  }
}
