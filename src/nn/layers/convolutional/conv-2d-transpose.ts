import { UsageError } from "../../../errors/errors.js";
import { type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { convTranspose } from "../../../ops/convolution.js";
import { transpose } from "../../../ops/layout.js";
import { type Pair, type Word, pair, wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { BaseConv2D, type BaseConv2DOptions } from "./base-conv-2d.js";
import { WeightSpec } from "../weight-spec.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Conv2DTranspose}. */
export interface Conv2DTransposeOptions extends BaseConv2DOptions {
  /** Rows and columns added to the output, less than the strides; default: those that make it `stride` times as large. */
  readonly outputPadding?: Pair | undefined;
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
  "outputPadding",
  "dataFormat",
  "dilationRate",
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
 * The adjoint of a convolution: every input pixel adds its multiple of the kernel to the output.
 *
 * `[N, H, W, C]` → `[N, H', W', filters]`, with H' = H · stride for `same` and (H − 1) · stride + max(span, stride) for
 * `valid`. Weights: `kernel` `[height, width, filters, C]`, `bias` `[filters]`.
 *
 * @see https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
 */
export class Conv2DTranspose extends BaseConv2D {
  static readonly className: string = "Conv2DTranspose";
  static readonly positional: readonly string[] = ["filters", "kernelSize"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "outputPadding",
    "kernelInitializer",
    "kernelRegularizer",
    "kernelConstraint",
  ] satisfies readonly (keyof Conv2DTransposeOptions)[];
  private readonly filters: number;
  private readonly outputPadding: readonly [number, number] | undefined;
  private readonly kernelSpec: WeightSpec;
  private kernel: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      Conv2DTransposeOptions & { readonly filters: number; readonly kernelSize: Pair },
      typeof following,
      ["filters", "kernelSize"]
    >
  );
  /**
   * @param filters number of output channels
   * @param kernelSize height and width of the window
   * @throws UsageError when an option is not usable
   */
  constructor(filters: number, kernelSize: Pair, options?: Conv2DTransposeOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, options: Conv2DTransposeOptions & { readonly kernelSize: Pair });
  /** In Keras's order, as many by position as one likes. */
  constructor(filters: number, kernelSize: Pair, strides: Pair, options?: Conv2DTransposeOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    filters: number,
    kernelSize: Pair,
    strides: Pair,
    padding: Word<"valid" | "same">,
    options?: Conv2DTransposeOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: Conv2DTransposeOptions & { readonly filters: number; readonly kernelSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { filters, kernelSize, ...options } = byName<
      Conv2DTransposeOptions & { readonly filters: number; readonly kernelSize: Pair }
    >(Conv2DTranspose, given);
    super(kernelSize, options);
    this.filters = wholeNumber("Conv2DTranspose", "filters", filters);
    this.outputPadding =
      options.outputPadding === undefined
        ? undefined
        : pair("Conv2DTranspose", "outputPadding", options.outputPadding, 0);
    if (this.outputPadding?.some((added, axis) => added >= (this.strides[axis] ?? 1))) {
      throw new UsageError("Conv2DTranspose: the option outputPadding is not usable.", {
        subject: "outputPadding",
        expected: `less than the strides, ${this.strides.join(" and ")}`,
        received: this.outputPadding.join(" and "),
      });
    }
    this.kernelSpec = new WeightSpec(
      options.kernelInitializer ?? "glorot_uniform",
      options.kernelRegularizer,
      options.kernelConstraint,
    );
  }

  protected override createWeights(shapes: readonly Shape[]): void {
    const shape = [...this.kernelSize, this.filters, this.inputChannels(shapes)];
    this.kernel = this.createWeight("kernel", shape, this.kernelSpec.initializer, this.kernelSpec);
    this.addBias(this.filters);
  }

  /** Margins and output padding along an axis: the output is a part of the sum of all windows, or reaches over it. */
  private margins(extent: number, axis: 0 | 1): { begin: number; end: number; added: number } {
    const stride = this.strides[axis];
    const kernel = this.kernelSize[axis];
    const span = (kernel - 1) * this.dilationRate[axis] + 1;
    const whole = (extent - 1) * stride + span;
    const added = this.outputPadding?.[axis];
    if (this.padding === "valid") {
      const output = added === undefined ? (extent - 1) * stride + Math.max(span, stride) : whole + added;
      return { begin: 0, end: 0, added: output - whole };
    }
    const output = added === undefined ? extent * stride : whole - 2 * Math.floor(span / 2) + added;
    // TensorFlow's `same` of the convolution whose input this output is.
    const total = Math.max((Math.ceil(output / stride) - 1) * stride + span - output, 0);
    const begin = Math.floor(total / 2);
    const end = whole - begin - output;
    return { begin, end: Math.max(end, 0), added: Math.max(-end, 0) };
  }

  protected forward(x: Value, context: CallContext): Value {
    const kernel = transpose(this.weightValue(this.kernel, context), { perm: [3, 2, 0, 1] });
    const height = this.margins(staticDim(x.shape, 2, "Conv2DTranspose"), 0);
    const width = this.margins(staticDim(x.shape, 3, "Conv2DTranspose"), 1);
    return this.activate(
      convTranspose(x, kernel, this.biasValue(context), {
        strides: this.strides,
        dilations: this.dilationRate,
        pads: [height.begin, width.begin, height.end, width.end],
        output_padding: [height.added, width.added],
      }),
    );
  }

  getConfig(): Config {
    return {
      ...this.convConfig(),
      filters: this.filters,
      output_padding: this.outputPadding ?? null,
      ...this.kernelSpec.toConfig("kernel"),
    };
  }
}
