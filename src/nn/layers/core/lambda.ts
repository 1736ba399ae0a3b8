import { refuse } from "../../../errors/check.js";
import { UsageError } from "../../../errors/errors.js";
import { Layer, type LayerOptions, type OwnCallOptions } from "../../layer.js";
import type { SymbolicTensor } from "../../symbolic-tensor.js";

/** What a {@link Lambda} computes. */
export type LambdaFunction = (
  inputs: SymbolicTensor & readonly SymbolicTensor[],
  options: OwnCallOptions,
) => SymbolicTensor | readonly SymbolicTensor[];

/** Options of {@link Lambda}. */
export interface LambdaOptions extends LayerOptions {
  /** Shape of the output without the batch; Graft finds it from what is computed, so that it need not be said. */
  readonly outputShape?: readonly (number | null)[] | undefined;
}

/** What all layers have of the options. */
function withoutShape(options: LambdaOptions): LayerOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== "outputShape"));
}

/**
 * A function of `ops` as a layer. It has no weights and cannot be saved; a class that extends `layers.Layer` can.
 *
 * @see https://keras.io/api/layers/core_layers/lambda/
 *
 * @example
 * ```ts
 * import { layers, ops, Tensor } from "graft-ml";
 *
 * const double = new layers.Lambda((x) => ops.multiply(x, 2));
 * console.log((await double.apply(new Tensor("float32", [1, 2], [1, 2]))).data); // → Float32Array(2) [ 2, 4 ]
 * ```
 */
export class Lambda extends Layer {
  static readonly className: string = "Lambda";

  /**
   * @param own what is computed, of one tensor or of a list of them
   * @throws UsageError when it is no function
   */
  constructor(
    private readonly own: LambdaFunction,
    options: LambdaOptions = {},
  ) {
    super(withoutShape(options));
    if (typeof own !== "function") refuse("Lambda", "function", "a function of tensors", own);
  }

  override call(
    inputs: SymbolicTensor | readonly SymbolicTensor[],
    options: OwnCallOptions = {},
  ): SymbolicTensor | readonly SymbolicTensor[] {
    return this.own(inputs as SymbolicTensor & readonly SymbolicTensor[], options);
  }

  override getConfig(): never {
    throw new UsageError(`The layer "${this.name}" (Lambda) cannot be saved.`, {
      subject: this.name,
      expected: "layers whose computation a file can name",
      received: "a function of JavaScript",
      advice: "Write a class that extends layers.Layer, and register it by saving.registerKerasSerializable.",
    });
  }
}
