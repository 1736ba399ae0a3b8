import { refuse } from "../../../errors/check.js";
import { UsageError } from "../../../errors/errors.js";
import { Layer, type LayerOptions, type OwnCallOptions } from "../../layer.js";
import { byName, type ByPosition } from "../../named.js";
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

/** Options that may follow by position, in Keras's order. */
const following = ["outputShape"] as const;

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

  static readonly positional: readonly string[] = ["function"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["outputShape"] satisfies readonly (keyof LambdaOptions)[];
  private readonly own: LambdaFunction;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<LambdaOptions & { readonly function: LambdaFunction }, typeof following, ["function"]>
  );
  /**
   * @param compute what is computed, of one tensor or of a list of them
   * @throws UsageError when it is no function, or for an option that the layer does not have
   */
  constructor(compute: LambdaFunction, options?: LambdaOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LambdaOptions & { readonly function: LambdaFunction });
  constructor(...given: readonly unknown[]) {
    const { function: own, ...options } = byName<LambdaOptions & { readonly function: LambdaFunction }>(Lambda, given);
    super(options);
    if (typeof own !== "function") refuse("Lambda", "function", "a function of tensors", own);
    this.own = own;
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
