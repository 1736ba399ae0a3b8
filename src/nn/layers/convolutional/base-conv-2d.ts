import { UsageError } from "../../../errors/errors.js";
import { type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { type ActivationLike, type NamedActivation, resolveActivation } from "../../activations/resolve-activation.js";
import { channelsLastOnly, type DataFormat, oneOf, type Pair, pair, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { serializeObject } from "../../serialize-object.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { requireRank } from "../require-rank.js";
import { type Padding, windowPads } from "./same-pads.js";
import { WeightSpec } from "../weight-spec.js";

/** Options that all convolutions have. */
export interface BaseConv2DOptions extends LayerOptions {
  /** Steps of the window along height and width; default 1. */
  readonly strides?: Pair;
  /** `"valid"` (default) or `"same"`. */
  readonly padding?: Word<Padding>;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
  /** Distance of the kernel's taps along height and width; default 1. */
  readonly dilationRate?: Pair;
  /** Function of the outputs; default none. */
  readonly activation?: ActivationLike | null | undefined;
  /** Whether a bias is added; default `true`. */
  readonly useBias?: boolean;
  /** Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on the bias; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** What the bias is kept to; default nothing. */
  readonly biasConstraint?: ConstraintLike;
}

/** What all convolutions over height and width have in common: window, bias and activation. */
export abstract class BaseConv2D extends UnaryLayer {
  static override readonly options: readonly string[] = [
    "strides",
    "padding",
    "dataFormat",
    "dilationRate",
    "activation",
    "useBias",
    "biasInitializer",
    "biasRegularizer",
    "biasConstraint",
  ] satisfies readonly (keyof BaseConv2DOptions)[];
  protected readonly kernelSize: readonly [number, number];
  protected readonly strides: readonly [number, number];
  protected readonly padding: Padding;
  protected readonly dilationRate: readonly [number, number];
  protected readonly useBias: boolean;
  private readonly activation: NamedActivation;
  private readonly biasSpec: WeightSpec;
  private bias: Variable | undefined;

  constructor(kernelSize: Pair, options: BaseConv2DOptions) {
    super(options);
    const owner = this.className;
    this.kernelSize = pair(owner, "kernelSize", kernelSize);
    this.strides = pair(owner, "strides", options.strides ?? 1);
    this.padding = oneOf(owner, "padding", options.padding ?? "valid", ["valid", "same"]);
    this.dilationRate = pair(owner, "dilationRate", options.dilationRate ?? 1);
    channelsLastOnly(owner, options.dataFormat);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1) {
      throw new UsageError(`${owner}: strides and dilationRate cannot both be greater than 1.`, {
        subject: owner,
        expected: "strides of 1 or a dilationRate of 1",
        received: `strides [${this.strides.join(", ")}], dilationRate [${this.dilationRate.join(", ")}]`,
      });
    }
    this.activation = resolveActivation(options.activation);
    this.useBias = options.useBias ?? true;
    this.biasSpec = new WeightSpec(options.biasInitializer ?? "zeros", options.biasRegularizer, options.biasConstraint);
  }

  /** Number of input channels, from shapes in Keras's order. */
  protected inputChannels([shape = []]: readonly Shape[]): number {
    requireRank(shape, 4, this.className);
    return staticDim(shape, 3, this.className);
  }

  /** Creates the bias, if there is one; after the kernels. */
  protected addBias(channels: number): void {
    if (this.useBias) this.bias = this.createWeight("bias", [channels], this.biasSpec.initializer, this.biasSpec);
  }

  /** The bias in the graph, if there is one. */
  protected biasValue(context: CallContext): Value | undefined {
    return this.bias === undefined ? undefined : context.weight(this.bias);
  }

  /** ONNX's attributes of the window over `x`. */
  protected window(x: Value): { strides: readonly number[]; dilations: readonly number[]; pads: readonly number[] } {
    const pads = windowPads(x, this.padding, this.kernelSize, this.strides, this.dilationRate);
    return { strides: this.strides, dilations: this.dilationRate, pads };
  }

  /** The activation function of the outputs. */
  protected activate(x: Value): Value {
    return this.activation.apply(x);
  }

  /** The options that all convolutions have. */
  protected convConfig(): Config {
    return {
      ...this.baseConfig(),
      kernel_size: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      data_format: "channels_last",
      dilation_rate: this.dilationRate,
      activation: this.activation.config,
      use_bias: this.useBias,
      ...this.biasSpec.toConfig("bias"),
      activity_regularizer: serializeObject("keras.regularizers", this.activityRegularizer),
    };
  }
}
