import { elementCount } from "../../onnx/tensor-data.js";
import type { Config } from "../config.js";
import type { Initializer } from "./initializer.js";
import { Named } from "../named.js";

/** Every value is 1. @see https://keras.io/api/layers/initializers/ */
export class Ones extends Named implements Initializer {
  static readonly className: string = "Ones";

  values(shape: readonly number[]): Float32Array {
    return new Float32Array(elementCount(shape)).fill(1);
  }

  getConfig(): Config {
    return {};
  }
}
