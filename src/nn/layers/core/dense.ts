import { ShapeError } from "../../../errors/errors.js";
import { formatShape, type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { conv } from "../../../ops/convolution.js";
import { add } from "../../../ops/elementwise.js";
import { transpose } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { type ActivationLike, type NamedActivation, resolveActivation } from "../../activations/resolve-activation.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { WeightSpec } from "../weight-spec.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Dense}. */
export interface DenseOptions extends LayerOptions {
  /** Function of the outputs; default none. */
  readonly activation?: ActivationLike | null | undefined;
  /** Whether a bias is added; default `true`. */
  readonly useBias?: boolean;
  /** Default `"glorot_uniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** Penalty on the kernel; default none. */
  readonly kernelRegularizer?: RegularizerLike;
  /** What the kernel is kept to; default nothing. */
  readonly kernelConstraint?: ConstraintLike;
  /** Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on the bias; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** What the bias is kept to; default nothing. */
  readonly biasConstraint?: ConstraintLike;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "kernelConstraint",
  "biasConstraint",
] as const;

/**
 * Every output depends on every input along the last axis: `y = activation(x · kernel + bias)`.
 *
 * `[N, …, C]` → `[N, …, units]`. Weights: `kernel` `[C, units]`, `bias` `[units]`.
 *
 * @see https://keras.io/api/layers/core_layers/dense/ – without `loraRank` and quantization
 *
 * @example
 * ```ts
 * import { layers, models, Tensor } from "graft-ml";
 *
 * const sums = new layers.Dense(2, { kernelInitializer: "ones", activation: "relu" });
 * const model = new models.Sequential([layers.Input({ shape: [3] }), sums]);
 * const x = new Tensor("float32", [1, 2, 3, -1, -2, -3], [2, 3]);
 * const { data } = await model.predict(x, { verbose: 0 });
 * console.log(data); // → Float32Array(4) [ 6, 6, 0, 0 ]
 * ```
 */
export class Dense extends UnaryLayer {
  static readonly className: string = "Dense";
  static readonly positional: readonly string[] = ["units"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "activation",
    "useBias",
    "kernelInitializer",
    "kernelRegularizer",
    "kernelConstraint",
    "biasInitializer",
    "biasRegularizer",
    "biasConstraint",
  ] satisfies readonly (keyof DenseOptions)[];
  private readonly units: number;
  private readonly activation: NamedActivation;
  private readonly useBias: boolean;
  private readonly kernelSpec: WeightSpec;
  private readonly biasSpec: WeightSpec;
  private kernel: Variable | undefined;
  private bias: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<DenseOptions & { readonly units: number }, typeof following, ["units"]>);
  /**
   * @param units number of outputs
   * @throws UsageError when an option is not usable
   */
  constructor(units: number, options?: DenseOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(units: number, activation: DenseOptions["activation"], options?: DenseOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: DenseOptions & { readonly units: number });
  constructor(...given: readonly unknown[]) {
    const { units, ...options } = byName<DenseOptions & { readonly units: number }>(Dense, given);
    super(options);
    this.units = wholeNumber("Dense", "units", units);
    this.activation = resolveActivation(options.activation);
    this.useBias = options.useBias ?? true;
    this.kernelSpec = new WeightSpec(
      options.kernelInitializer ?? "glorot_uniform",
      options.kernelRegularizer,
      options.kernelConstraint,
    );
    this.biasSpec = new WeightSpec(options.biasInitializer ?? "zeros", options.biasRegularizer, options.biasConstraint);
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    if (shape.length < 2) {
      throw new ShapeError(`Dense cannot take an input of rank ${shape.length}.`, {
        subject: this.name,
        expected: "[batch, …, channels]",
        received: formatShape(shape),
      });
    }
    const channels = staticDim(shape, shape.length - 1, "Dense");
    this.kernel = this.createWeight("kernel", [channels, this.units], this.kernelSpec.initializer, this.kernelSpec);
    if (this.useBias) this.bias = this.createWeight("bias", [this.units], this.biasSpec.initializer, this.biasSpec);
  }

  protected forward(x: Value, context: CallContext): Value {
    const kernel = this.weightValue(this.kernel, context);
    const bias = this.bias === undefined ? undefined : context.weight(this.bias);
    return this.activation.apply(x.rank === 4 ? pointwise(x, kernel, bias) : product(x, kernel, bias));
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      units: this.units,
      activation: this.activation.config,
      use_bias: this.useBias,
      ...this.kernelSpec.toConfig("kernel"),
      ...this.biasSpec.toConfig("bias"),
      quantization_config: null,
    };
  }
}

function product(x: Value, kernel: Value, bias: Value | undefined): Value {
  const y = matmul(x, kernel);
  return bias === undefined ? y : add(y, bias);
}

/** Inside graphs the channels of rank 4 are second, and a product along them is a 1×1 convolution. */
function pointwise(x: Value, kernel: Value, bias: Value | undefined): Value {
  const [channels = 1, units = 1] = kernel.shape;
  return conv(x, reshapeTo(transpose(kernel, { perm: [1, 0] }), [units, channels, 1, 1]), bias);
}
