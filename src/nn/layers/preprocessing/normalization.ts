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

/** One number, or one for each place along the axis. */
type Statistic = number | readonly number[];

/** An array of samples. */
type Samples = TensorData | Tensor;

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

/**
 * `(x − mean) / max(√variance, 1e-7)`, with statistics that are given or found by {@link adapt}; they are not trained.
 *
 * Weights, unless the statistics are given: `mean`, `variance`, `count`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
 */
export class Normalization extends UnaryLayer {
  static readonly className: string = "Normalization";
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

  /** @throws UsageError when only one of mean and variance is given */
  constructor(options: NormalizationOptions = {}) {
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
   * @param data one array with the batch in front, in Keras's order, or several; those of a `Dataset` are awaited
   * @throws UsageError when the statistics were given to the constructor, or there is no data
   * @throws ShapeError when the data does not fit the layer
   */
  adapt(data: Samples | Iterable<Samples>): void;
  adapt(data: AsyncIterable<Samples>): Promise<void>;
  adapt(data: Samples | Iterable<Samples> | AsyncIterable<Samples>): void | Promise<void> {
    // From JavaScript it may be anything.
    const given: unknown = data;
    const has = (symbol: symbol): boolean => typeof given === "object" && given !== null && symbol in given;
    if (has(Symbol.asyncIterator)) return this.adaptToBatches(data as AsyncIterable<Samples>);
    this.adaptTo((has(Symbol.iterator) ? [...(data as Iterable<Samples>)] : [data]) as readonly TensorData[]);
  }

  private async adaptToBatches(data: AsyncIterable<Samples>): Promise<void> {
    const batches: Samples[] = [];
    for await (const batch of data) batches.push(batch);
    this.adaptTo(batches as readonly TensorData[]);
  }

  private adaptTo(batches: readonly TensorData[]): void {
    for (const batch of batches) checkTensor("adapt", "data", batch);
    const [first] = batches;
    if (this.mean !== undefined || first === undefined) {
      throw new UsageError(`Normalization "${this.name}" cannot be adapted.`, {
        subject: this.name,
        expected: "a layer without given statistics, and some data",
        received: first === undefined ? "no data" : "mean and variance in the constructor",
      });
    }
    this.ensureBuilt([["N", ...first.dims.slice(1)]]);
    const { adapted } = this;
    if (adapted === undefined) return;
    const places = adapted.mean.size;
    const [sums, squares] = [new Float64Array(places), new Float64Array(places)];
    const passes = (visit: (place: number, value: number) => void): number =>
      batches.reduce((count, batch) => count + this.eachElement(batch, adapted.mean.shape, visit), 0);
    const count = passes((place, value) => {
      sums[place] = (sums[place] ?? 0) + value;
    });
    const each = count / places;
    const mean = sums.map((sum) => sum / each);
    // A second pass around the mean: the difference of two large sums of squares would lose the variance.
    passes((place, value) => {
      squares[place] = (squares[place] ?? 0) + (value - (mean[place] ?? 0)) ** 2;
    });
    adapted.mean.assign(float32(Float32Array.from(mean), adapted.mean.shape));
    adapted.variance.assign(
      float32(
        Float32Array.from(squares, (sum) => sum / each),
        adapted.variance.shape,
      ),
    );
  }

  /** Visits all elements with their places in the statistics; returns how many there are. */
  private eachElement(
    { dims, data }: TensorData,
    extents: readonly number[],
    visit: (place: number, value: number) => void,
  ): number {
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
    return data.length;
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
