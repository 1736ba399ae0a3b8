import { type AdaptSource, isSource, Moments, roundOf } from "./adapt.js";
import { checkTensor, type Tensor } from "../../../runtime/runtime.js";
import { wholeOrList } from "../../../errors/check.js";
import { ShapeError, UsageError } from "../../../errors/errors.js";
import { formatShape, normalizeAxis, type Shape, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { elementCount, float32, type TensorData } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, div, max, mul, sqrt, sub } from "../../../ops/elementwise.js";
import { cast } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsLast, toChannelsFirst } from "../../channels.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { Ones } from "../../initializers/ones.js";
import { Zeros } from "../../initializers/zeros.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { Variable } from "../../variable.js";
import { type ByPosition, byName } from "../../named.js";

/** One number, or one for each place along the axis. */
type Statistic = number | readonly number[];

/** Options of {@link Normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** Axis or axes in Keras's order that have statistics of their own; `null`: one for all; default -1, the channels. */
  readonly axis?: number | readonly number[] | null;
  /** Mean; default: what `adapt` finds. */
  readonly mean?: Statistic | undefined;
  /** Variance; goes with `mean`. */
  readonly variance?: Statistic | undefined;
  /** Whether the layer undoes the normalization; default `false`. */
  readonly invert?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["axis", "mean", "variance", "invert"] as const;

/**
 * `(x − mean) / max(√variance, 1e-7)`, with statistics that are given or found by {@link adapt}; they are not trained.
 *
 * Weights, unless the statistics are given: `mean`, `variance`, `count`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
 */
export class Normalization extends UnaryLayer {
  static readonly className: string = "Normalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "axis",
    "mean",
    "variance",
    "invert",
  ] satisfies readonly (keyof NormalizationOptions)[];
  private readonly axis: readonly number[];
  private readonly mean: Statistic | undefined;
  private readonly variance: Statistic | undefined;
  private readonly invert: boolean;
  private kept: readonly number[] = [];
  private adapted: { readonly mean: Variable; readonly variance: Variable } | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<NormalizationOptions, typeof following>);
  /** @throws UsageError when only one of mean and variance is given */
  constructor(options?: NormalizationOptions);
  constructor(...parts: readonly unknown[]) {
    const options = byName<NormalizationOptions>(Normalization, parts);
    super(options);
    const { axis = -1 } = options;
    this.axis = axis === null ? [] : wholeOrList("Normalization", "axis", axis);
    this.mean = options.mean;
    this.variance = options.variance;
    this.invert = options.invert ?? false;
    if ((this.mean === undefined) !== (this.variance === undefined)) {
      throw new UsageError("Normalization: mean and variance go together.", {
        subject: this.mean === undefined ? "mean" : "variance",
        expected: "both or none",
        received: "one of them",
      });
    }
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    this.kept = this.axis.map((axis) => normalizeAxis(axis, shape.length, "Normalization")).sort((a, b) => a - b);
    if (this.mean !== undefined) return;
    const extents = this.kept.map((axis) => staticDim(shape, axis, "Normalization"));
    this.adapted = {
      mean: this.createWeight("mean", extents, new Zeros(), { learnable: false }),
      variance: this.createWeight("variance", extents, new Ones(), { learnable: false }),
    };
    // Keras keeps it for old files only.
    this.createWeight("count", [], new Zeros(), { learnable: false });
  }

  /**
   * Finds mean and variance of some data, in place of those that were there.
   *
   * @param data one tensor with the batch in front, in Keras's order, or several; or a dataset, a flow or a `PyDataset`, of
   * which one round is gone through, and labels are left out. That is to be awaited
   * @throws UsageError when the statistics were given to the constructor, or there is no data
   * @throws ShapeError when the data does not fit the layer
   */
  adapt(data: TensorData | Tensor | Iterable<TensorData | Tensor>): void;
  adapt(data: AdaptSource): Promise<void>;
  adapt(data: TensorData | Tensor | Iterable<TensorData | Tensor> | AdaptSource): void | Promise<void> {
    if (this.mean !== undefined) {
      throw new UsageError(`Normalization "${this.name}" cannot be adapted.`, {
        subject: this.name,
        expected: "a layer without given statistics",
        received: "mean and variance in the constructor",
      });
    }
    // From JavaScript it may be anything.
    const given: unknown = data;
    const isObject = typeof given === "object" && given !== null;
    if (isObject && !(Symbol.iterator in given) && isSource(given)) return this.adaptTo(given);
    const moments = new Moments();
    const isMany = isObject && Symbol.iterator in given;
    for (const batch of isMany ? (given as Iterable<unknown>) : [given]) this.add(moments, batch);
    this.take(moments);
  }

  private async adaptTo(source: AdaptSource): Promise<void> {
    const moments = new Moments();
    for await (const batch of roundOf(source, this.name)) {
      this.add(moments, Array.isArray(batch) ? (batch as readonly unknown[])[0] : batch);
    }
    this.take(moments);
  }

  private add(moments: Moments, batch: unknown): void {
    checkTensor("adapt", "data", batch);
    const data = batch as TensorData;
    this.ensureBuilt([["N", ...data.dims.slice(1)]]);
    const shape = this.adapted?.mean.shape ?? [];
    moments.add(elementCount(shape), (visit) => {
      this.eachElement(data, shape, visit);
    });
  }

  private take(moments: Moments): void {
    const { adapted } = this;
    const found = moments.result();
    if (found === undefined || adapted === undefined) {
      throw new UsageError(`Normalization "${this.name}" cannot be adapted.`, {
        subject: this.name,
        expected: "some data",
        received: "no data",
      });
    }
    adapted.mean.assign(float32(Float32Array.from(found.mean), adapted.mean.shape));
    adapted.variance.assign(float32(Float32Array.from(found.variance), adapted.variance.shape));
  }

  /** Visits all elements with their places in the statistics. */
  private eachElement(
    { dims, data }: TensorData,
    extents: readonly number[],
    visit: (place: number, value: number) => void,
  ): void {
    if (this.kept.some((axis, index) => dims[axis] !== extents[index])) {
      throw new ShapeError(`Normalization "${this.name}": the data has another shape.`, {
        subject: this.name,
        expected: `${formatShape(extents)} along the axes ${this.kept.join(", ")}`,
        received: formatShape(dims),
      });
    }
    const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
    const steps = this.kept.map((axis, index) => ({
      stride: strides[axis] ?? 1,
      extent: dims[axis] ?? 1,
      weight: elementCount(extents.slice(index + 1)),
    }));
    data.forEach((value: number | bigint, index: number) => {
      const place = steps.reduce((sum, step) => sum + (Math.floor(index / step.stride) % step.extent) * step.weight, 0);
      visit(place, Number(value));
    });
  }

  protected forward(input: Value, context: CallContext): Value {
    const x = input.type === "float32" ? input : cast(input, "float32");
    const shape = channelsLast(x.shape).map((dim, axis) => (this.kept.includes(axis) ? dim : 1));
    const spread = (given: Statistic | undefined, weight: Variable | undefined): Value => {
      if (given === undefined) return toChannelsFirst(reshapeTo(this.weightValue(weight, context), shape));
      if (typeof given === "number") return scalarLike(x, given);
      return toChannelsFirst(reshapeTo(constant(float32(given, [given.length])), shape));
    };
    const mean = spread(this.mean, this.adapted?.mean);
    const variance = spread(this.variance, this.adapted?.variance);
    const deviation = max([sqrt(variance), scalarLike(x, 1e-7)]);
    return this.invert ? add(mean, mul(x, deviation)) : div(sub(x, mean), deviation);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      axis: this.axis,
      invert: this.invert,
      mean: this.mean ?? null,
      variance: this.variance ?? null,
    };
  }
}
