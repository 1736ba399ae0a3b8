import { ShapeError } from "../../errors/errors.js";
import { type Dim, dimProduct, formatShape, normalizeAxis, type Shape } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { and, equal, greaterOrEqual, less, not, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { scatterElements } from "../../ops/indexing.js";
import { cast } from "../../ops/layout.js";
import { argMax } from "../../ops/reduction.js";
import { expandTo } from "../../ops/shape-of.js";
import { reshapeTo } from "../../ops/reshape.js";
import { toChannelsLast } from "../channels.js";
import { refuse, wholeNumber, wholeNumbers } from "../../errors/check.js";
import type { Config } from "../config.js";
import type { LabelRule } from "../label-rule.js";
import { align } from "../losses/align.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { byName, type ByPosition } from "../named.js";

/** Options of metrics of overlap that know the form of labels and predictions. */
export interface MeanIoUOptions {
  /** A class whose places do not count; default none. */
  readonly ignoreClass?: number | undefined;
  /** Whether labels are class numbers, rather than one-hot; default `true`. */
  readonly sparseYTrue?: boolean;
  /** Whether predictions are class numbers, rather than a figure for each class; default `true`. */
  readonly sparseYPred?: boolean;
  /** Axis of the classes in Keras's order, where something is not class numbers; default -1. */
  readonly axis?: number;
  /** As in Keras: weights of samples are cut to whole numbers, unless this is a kind of float. Default `"int"`. */
  readonly dtype?: string;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** Options of {@link IoU}. */
export type IoUOptions = MeanIoUOptions;

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "ignoreClass", "sparseYTrue", "sparseYPred", "axis"] as const;

/**
 * How much regions overlap: for each class, the places where labels and predictions say it, divided by those where one of them
 * says it; the mean over some classes.
 *
 * @see https://keras.io/api/metrics/segmentation_metrics/
 */
export class IoU extends BuiltInMetric {
  static readonly className: string = "IoU";
  static readonly positional: readonly string[] = ["numClasses", "targetClassIds"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "ignoreClass",
    "sparseYTrue",
    "sparseYPred",
    "axis",
    "dtype",
    "name",
  ] satisfies readonly (keyof IoUOptions)[];
  override readonly direction = "up";
  override readonly name: string;
  protected readonly numClasses: number;
  protected readonly targetClassIds: readonly number[];
  protected readonly ignoreClass: number | undefined;
  protected readonly sparseYTrue: boolean;
  protected readonly sparseYPred: boolean;
  protected readonly axis: number;
  override readonly dtype: string;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      IoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] },
      typeof following,
      ["numClasses", "targetClassIds"]
    >
  );
  /**
   * @param numClasses number of classes
   * @param targetClassIds the classes whose mean is taken
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, targetClassIds: readonly number[], options?: IoUOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: IoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] });
  constructor(...given: readonly unknown[]) {
    const { numClasses, targetClassIds, ...options } = byName<
      IoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] }
    >(IoU, given);
    super(options);
    const owner = this.className;
    this.name = options.name ?? "io_u";
    this.numClasses = wholeNumber(owner, "numClasses", numClasses, 2);
    this.targetClassIds = wholeNumbers(owner, "targetClassIds", targetClassIds, 0);
    this.ignoreClass =
      options.ignoreClass === undefined ? undefined : wholeNumber(owner, "ignoreClass", options.ignoreClass, -Infinity);
    this.sparseYTrue = options.sparseYTrue ?? true;
    this.sparseYPred = options.sparseYPred ?? true;
    this.axis = wholeNumber(owner, "axis", options.axis ?? -1, -Infinity);
    this.dtype = options.dtype ?? "int32";
    if (this.targetClassIds.length === 0 || this.targetClassIds.some((id) => id >= numClasses)) {
      refuse(owner, "targetClassIds", `classes from 0 to ${numClasses - 1}`, targetClassIds);
    }
  }

  /** The class that each place is predicted to be. */
  protected predictedClasses(prediction: Value): Value {
    return this.sparseYPred ? prediction : this.greatest(prediction);
  }

  private greatest(x: Value): Value {
    return argMax(x, { axis: normalizeAxis(this.axis, x.rank, this.name), keepdims: 0 });
  }

  /** The class that each place is labelled as. */
  private actualClasses(labels: Value, output: Value, predicted: Value): Value {
    if (!this.sparseYTrue) return this.greatest(align(labels, output, this.name).truth);
    const perSample = (shape: Shape): Dim => dimProduct(shape.slice(1));
    const [given, expected] = [perSample(labels.shape), perSample(predicted.shape)];
    if (given === expected || typeof given === "string" || typeof expected === "string") return labels;
    throw new ShapeError(`${this.name}: there is not a label for each prediction.`, {
      subject: this.name,
      expected: `class numbers of the shape ${formatShape(predicted.shape)}`,
      received: formatShape(labels.shape),
      advice:
        "Say sparseYPred: false for an output with a figure for each class, sparseYTrue: false for one-hot labels.",
    });
  }

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const predicted = this.predictedClasses(toChannelsLast(output));
    const actual = this.actualClasses(labels, output, predicted);
    const all: Shape = [dimProduct(predicted.shape)];
    const whole = (x: Value): Value => cast(cast(x, "int64"), "float32");
    const [truth, prediction] = [whole(reshapeTo(actual, all)), whole(reshapeTo(predicted, all))];
    const number = (value: number): Value => scalarLike(truth, value);
    const isClass = (x: Value): Value => and(greaterOrEqual(x, number(0)), less(x, number(this.numClasses)));
    const both = and(isClass(truth), isClass(prediction));
    const counts = this.ignoreClass === undefined ? both : and(both, not(equal(truth, number(this.ignoreClass))));
    const [batch = 1, ...others] = predicted.shape;
    const given = this.dtype.startsWith("float") ? sampleWeight : whole(sampleWeight);
    const spread = expandTo(reshapeTo(given, [batch, ...others.map(() => 1)]), predicted);
    const weight = where(counts, reshapeTo(spread, all), number(0));
    const cell = where(counts, add(mul(truth, number(this.numClasses)), prediction), number(0));
    const empty = constant(float32(new Float32Array(this.numClasses ** 2), [this.numClasses ** 2]));
    return { confusion: scatterElements(empty, cast(cell, "int64"), weight, { axis: 0, reduction: "add" }) };
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const cells = state["confusion"] ?? new Float64Array(this.numClasses ** 2);
    const classes = Array.from({ length: this.numClasses }, (_, index) => index);
    const sum = (place: (other: number) => number): number =>
      classes.reduce((total, other) => total + (cells[place(other)] ?? 0), 0);
    const overlaps = this.targetClassIds.flatMap((id) => {
      const right = cells[id * this.numClasses + id] ?? 0;
      const all = sum((other) => id * this.numClasses + other) + sum((other) => other * this.numClasses + id) - right;
      return all > 1e-9 ? [right / (all + 1e-7)] : [];
    });
    return overlaps.reduce((total, overlap) => total + overlap, 0) / (overlaps.length + 1e-7);
  }

  override labelRule(): LabelRule | undefined {
    const { sparseYTrue, numClasses: classes, ignoreClass: ignored } = this;
    return sparseYTrue ? { kind: "classes", classes, ignored, cut: true } : undefined;
  }

  override getConfig(): Config {
    return {
      name: this.name,
      dtype: this.dtype,
      num_classes: this.numClasses,
      target_class_ids: this.targetClassIds,
      ignore_class: this.ignoreClass ?? null,
      sparse_y_true: this.sparseYTrue,
      sparse_y_pred: this.sparseYPred,
      axis: this.axis,
    };
  }

  /** {@link getConfig} without some entries. */
  protected configWithout(...names: readonly string[]): Config {
    return Object.fromEntries(
      Object.entries(IoU.prototype.getConfig.call(this)).filter(([name]) => !names.includes(name)),
    );
  }
}
