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
import { depthwiseKernel } from "./depthwise.js";
import { WeightSpec } from "../weight-spec.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link SeparableConv2D}. */
export interface SeparableConv2DOptions extends BaseConv2DOptions {
  /** Channels between the two convolutions for each input channel; default 1. */
  readonly depthMultiplier?: number;
  /** Default `"glorot_uniform"`. */
  readonly depthwiseInitializer?: InitializerLike;
  /** Penalty on the depthwise kernel; default none. */
  readonly depthwiseRegularizer?: RegularizerLike;
  /** What the depthwise kernel is kept to; default nothing. */
  readonly depthwiseConstraint?: ConstraintLike;
  /** Default `"glorot_uniform"`. */
  readonly pointwiseInitializer?: InitializerLike;
  /** Penalty on the pointwise kernel; default none. */
  readonly pointwiseRegularizer?: RegularizerLike;
  /** What the pointwise kernel is kept to; default nothing. */
  readonly pointwiseConstraint?: ConstraintLike;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "strides",
  "padding",
  "dataFormat",
  "dilationRate",
  "depthMultiplier",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "pointwiseInitializer",
  "biasInitializer",
  "depthwiseRegularizer",
  "pointwiseRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "depthwiseConstraint",
  "pointwiseConstraint",
  "biasConstraint",
] as const;

/**
 * Convolution of each channel by itself, then a 1×1 convolution that mixes the channels; the bias comes after both.
 *
 * `[N, H, W, C]` → `[N, H', W', filters]`. Weights: `depthwise_kernel` `[height, width, C, depthMultiplier]`,
 * `pointwise_kernel` `[1, 1, C · depthMultiplier, filters]`, `bias` `[filters]`.
 *
 * @see https://keras.io/api/layers/convolution_layers/separable_convolution2d/
 */
export class SeparableConv2D extends BaseConv2D {
  static readonly className: string = "SeparableConv2D";
  static readonly positional: readonly string[] = ["filters", "kernelSize"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "depthMultiplier",
    "depthwiseInitializer",
    "depthwiseRegularizer",
    "depthwiseConstraint",
    "pointwiseInitializer",
    "pointwiseRegularizer",
    "pointwiseConstraint",
  ] satisfies readonly (keyof SeparableConv2DOptions)[];
  private readonly filters: number;
  private readonly depthMultiplier: number;
  private readonly depthwiseSpec: WeightSpec;
  private readonly pointwiseSpec: WeightSpec;
  private channels = 0;
  private depthwise: Variable | undefined;
  private pointwise: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      SeparableConv2DOptions & { readonly filters: number; readonly kernelSize: Pair },
      typeof following,
      ["filters", "kernelSize"]
    >
  );
  /**
   * @param filters number of output channels
   * @param kernelSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(filters: number, kernelSize: Pair, options?: SeparableConv2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, options: SeparableConv2DOptions & { readonly kernelSize: Pair });
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, kernelSize: Pair, strides: Pair, options?: SeparableConv2DOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    filters: number,
    kernelSize: Pair,
    strides: Pair,
    padding: Word<"valid" | "same">,
    options?: SeparableConv2DOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: SeparableConv2DOptions & { readonly filters: number; readonly kernelSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { filters, kernelSize, ...options } = byName<
      SeparableConv2DOptions & { readonly filters: number; readonly kernelSize: Pair }
    >(SeparableConv2D, given);
    super(kernelSize, options);
    this.filters = wholeNumber("SeparableConv2D", "filters", filters);
    this.depthMultiplier = wholeNumber("SeparableConv2D", "depthMultiplier", options.depthMultiplier ?? 1);
    this.depthwiseSpec = new WeightSpec(
      options.depthwiseInitializer ?? "glorot_uniform",
      options.depthwiseRegularizer,
      options.depthwiseConstraint,
    );
    this.pointwiseSpec = new WeightSpec(
      options.pointwiseInitializer ?? "glorot_uniform",
      options.pointwiseRegularizer,
      options.pointwiseConstraint,
    );
  }

  protected override createWeights(shapes: readonly Shape[]): void {
    this.channels = this.inputChannels(shapes);
    const between = this.channels * this.depthMultiplier;
    const depthwiseShape = [...this.kernelSize, this.channels, this.depthMultiplier];
    const pointwiseShape = [1, 1, between, this.filters];
    const { depthwiseSpec, pointwiseSpec } = this;
    this.depthwise = this.createWeight("depthwise_kernel", depthwiseShape, depthwiseSpec.initializer, depthwiseSpec);
    this.pointwise = this.createWeight("pointwise_kernel", pointwiseShape, pointwiseSpec.initializer, pointwiseSpec);
    this.addBias(this.filters);
  }

  protected forward(x: Value, context: CallContext): Value {
    const depthwise = depthwiseKernel(this.weightValue(this.depthwise, context));
    const between = conv(x, depthwise, undefined, { ...this.window(x), group: this.channels });
    const pointwise = transpose(this.weightValue(this.pointwise, context), { perm: [3, 2, 0, 1] });
    return this.activate(conv(between, pointwise, this.biasValue(context)));
  }

  getConfig(): Config {
    return {
      ...this.convConfig(),
      filters: this.filters,
      depth_multiplier: this.depthMultiplier,
      ...this.depthwiseSpec.toConfig("depthwise"),
      ...this.pointwiseSpec.toConfig("pointwise"),
    };
  }
}
