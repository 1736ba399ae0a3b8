import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { conv } from "../../../ops/convolution.js";
import { type Pair, wholeNumber } from "../../../errors/check.js";
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

/** Options of {@link DepthwiseConv2D}. */
export interface DepthwiseConv2DOptions extends BaseConv2DOptions {
  /** Output channels for each input channel; default 1. */
  readonly depthMultiplier?: number;
  /** Default `"glorot_uniform"`. */
  readonly depthwiseInitializer?: InitializerLike;
  /** Penalty on the depthwise kernel; default none. */
  readonly depthwiseRegularizer?: RegularizerLike;
  /** What the depthwise kernel is kept to; default nothing. */
  readonly depthwiseConstraint?: ConstraintLike;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "strides",
  "padding",
  "depthMultiplier",
  "dataFormat",
  "dilationRate",
  "activation",
  "useBias",
  "depthwiseInitializer",
  "biasInitializer",
  "depthwiseRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "depthwiseConstraint",
  "biasConstraint",
] as const;

/**
 * Convolution of each channel by itself.
 *
 * `[N, H, W, C]` → `[N, H', W', C · depthMultiplier]`. Weights: `kernel` `[height, width, C, depthMultiplier]`,
 * `bias` `[C · depthMultiplier]`.
 *
 * @see https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/
 */
export class DepthwiseConv2D extends BaseConv2D {
  static readonly className: string = "DepthwiseConv2D";
  static readonly positional: readonly string[] = ["kernelSize"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "depthMultiplier",
    "depthwiseInitializer",
    "depthwiseRegularizer",
    "depthwiseConstraint",
  ] satisfies readonly (keyof DepthwiseConv2DOptions)[];
  private readonly depthMultiplier: number;
  private readonly kernelSpec: WeightSpec;
  private channels = 0;
  private kernel: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<DepthwiseConv2DOptions & { readonly kernelSize: Pair }, typeof following, ["kernelSize"]>
  );
  /**
   * @param kernelSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(kernelSize: Pair, options?: DepthwiseConv2DOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: DepthwiseConv2DOptions & { readonly kernelSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { kernelSize, ...options } = byName<DepthwiseConv2DOptions & { readonly kernelSize: Pair }>(
      DepthwiseConv2D,
      given,
    );
    super(kernelSize, options);
    this.depthMultiplier = wholeNumber("DepthwiseConv2D", "depthMultiplier", options.depthMultiplier ?? 1);
    this.kernelSpec = new WeightSpec(
      options.depthwiseInitializer ?? "glorot_uniform",
      options.depthwiseRegularizer,
      options.depthwiseConstraint,
    );
  }

  protected override createWeights(shapes: readonly Shape[]): void {
    this.channels = this.inputChannels(shapes);
    const shape = [...this.kernelSize, this.channels, this.depthMultiplier];
    this.kernel = this.createWeight("kernel", shape, this.kernelSpec.initializer, this.kernelSpec);
    this.addBias(this.channels * this.depthMultiplier);
  }

  protected forward(x: Value, context: CallContext): Value {
    const kernel = depthwiseKernel(this.weightValue(this.kernel, context));
    return this.activate(conv(x, kernel, this.biasValue(context), { ...this.window(x), group: this.channels }));
  }

  getConfig(): Config {
    return {
      ...this.convConfig(),
      depth_multiplier: this.depthMultiplier,
      ...this.kernelSpec.toConfig("depthwise"),
    };
  }
}
