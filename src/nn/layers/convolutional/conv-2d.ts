import { UsageError } from "../../../errors/errors.js";
import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { conv } from "../../../ops/convolution.js";
import { transpose } from "../../../ops/layout.js";
import { type Pair, type Word, wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { BaseConv2D, type BaseConv2DOptions } from "./base-conv-2d.js";
import { WeightSpec } from "../weight-spec.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Conv2D}. */
export interface Conv2DOptions extends BaseConv2DOptions {
  /** Into how many groups the channels fall, each with filters of its own; divides both numbers of channels; default 1. */
  readonly groups?: number;
  /** Default `"glorot_uniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** Penalty on the kernel; default none. */
  readonly kernelRegularizer?: RegularizerLike;
  /** What the kernel is kept to; default nothing. */
  readonly kernelConstraint?: ConstraintLike;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "strides",
  "padding",
  "dataFormat",
  "dilationRate",
  "groups",
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
 * Convolution over height and width:
 * `y[n, i, j, f] = activation(Σ x[n, i·s + p, j·s + q, c] · kernel[p, q, c, f] + bias[f])`.
 *
 * `[N, H, W, C]` → `[N, H', W', filters]`. Weights: `kernel` `[height, width, C / groups, filters]`, `bias` `[filters]`.
 *
 * @see https://keras.io/api/layers/convolution_layers/convolution2d/
 *
 * @example
 * ```ts
 * import { layers } from "graft-ml";
 *
 * const photo = layers.Input({ shape: [150, 150, 3] });
 * const conv = new layers.Conv2D(32, 3, { strides: 2, padding: "same", activation: "relu" });
 * console.log(conv.apply(photo).shape); // → [ 'N', 75, 75, 32 ]
 * console.log(conv.weights.map(({ shape }) => shape)); // → [ [ 3, 3, 3, 32 ], [ 32 ] ]
 * ```
 */
export class Conv2D extends BaseConv2D {
  static readonly className: string = "Conv2D";
  static readonly positional: readonly string[] = ["filters", "kernelSize"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "groups",
    "kernelInitializer",
    "kernelRegularizer",
    "kernelConstraint",
  ] satisfies readonly (keyof Conv2DOptions)[];
  private readonly filters: number;
  private readonly groups: number;
  private readonly kernelSpec: WeightSpec;
  private kernel: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      Conv2DOptions & { readonly filters: number; readonly kernelSize: Pair },
      typeof following,
      ["filters", "kernelSize"]
    >
  );
  /**
   * @param filters number of output channels
   * @param kernelSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(filters: number, kernelSize: Pair, options?: Conv2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, options: Conv2DOptions & { readonly kernelSize: Pair });
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, kernelSize: Pair, strides: Pair, options?: Conv2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    filters: number,
    kernelSize: Pair,
    strides: Pair,
    padding: Word<"valid" | "same">,
    options?: Conv2DOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: Conv2DOptions & { readonly filters: number; readonly kernelSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { filters, kernelSize, ...options } = byName<
      Conv2DOptions & { readonly filters: number; readonly kernelSize: Pair }
    >(Conv2D, given);
    super(kernelSize, options);
    this.filters = wholeNumber("Conv2D", "filters", filters);
    this.groups = wholeNumber("Conv2D", "groups", options.groups ?? 1);
    this.kernelSpec = new WeightSpec(
      options.kernelInitializer ?? "glorot_uniform",
      options.kernelRegularizer,
      options.kernelConstraint,
    );
  }

  protected override createWeights(shapes: readonly Shape[]): void {
    const channels = this.inputChannels(shapes);
    if (channels % this.groups !== 0 || this.filters % this.groups !== 0) {
      throw new UsageError(`Conv2D "${this.name}": the groups do not divide the channels.`, {
        subject: "groups",
        expected: `a divisor of ${channels} input channels and ${this.filters} filters`,
        received: String(this.groups),
      });
    }
    const shape = [...this.kernelSize, channels / this.groups, this.filters];
    this.kernel = this.createWeight("kernel", shape, this.kernelSpec.initializer, this.kernelSpec);
    this.addBias(this.filters);
  }

  protected forward(x: Value, context: CallContext): Value {
    const kernel = transpose(this.weightValue(this.kernel, context), { perm: [3, 2, 0, 1] });
    return this.activate(conv(x, kernel, this.biasValue(context), { ...this.window(x), group: this.groups }));
  }

  getConfig(): Config {
    return { ...this.convConfig(), filters: this.filters, groups: this.groups, ...this.kernelSpec.toConfig("kernel") };
  }
}
