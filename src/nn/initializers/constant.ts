import { elementCount } from "../../onnx/tensor-data.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { Initializer } from "./initializer.js";
import { byName } from "../named.js";

/** Options of {@link Constant}. */
export interface ConstantOptions {
  /** The value of every element; default 0. */
  readonly value?: number;
}

/** Every value is the same number. @see https://keras.io/api/layers/initializers/ */
export class Constant extends Initializer {
  static readonly className: string = "Constant";
  static readonly positional: readonly string[] = ["value"];
  private readonly value: number;

  /**
   * @param value the number, or the options; default 0
   * @throws UsageError when it is not a number
   */
  constructor(value?: number | ConstantOptions) {
    const options = byName<ConstantOptions>(Constant, [value]);
    super(options);
    this.value = numberWithin("Constant", "value", options.value ?? 0);
  }

  override values(shape: readonly number[]): Float32Array {
    return new Float32Array(elementCount(shape)).fill(this.value);
  }

  override getConfig(): Config {
    return { value: this.value };
  }
}
