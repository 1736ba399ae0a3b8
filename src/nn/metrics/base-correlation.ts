import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { cast } from "../../ops/layout.js";
import { reduceSum } from "../../ops/reduction.js";
import { sizeOf } from "../../ops/shape-of.js";
import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { MeanMetric } from "./mean-metric.js";

/** Options of metrics of correlation. */
export interface CorrelationOptions {
  /** Axis along which numbers go together, in Keras's order; default -1. Along 0, weights of samples do not count. */
  readonly axis?: number;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** A mean over figures that say how labels and predictions go together along an axis. */
export abstract class BaseCorrelation extends MeanMetric {
  static override readonly options: readonly string[] = [
    "axis",
    "name",
  ] satisfies readonly (keyof CorrelationOptions)[];
  override readonly direction = "up";
  private readonly axis: number;

  constructor(name: string, options: CorrelationOptions) {
    super(name, options);
    this.axis = wholeNumber(this.className, "axis", options.axis ?? -1, -Infinity);
  }

  /** The figure along an axis, which goes away. */
  protected abstract correlation(truth: Value, prediction: Value, axis: number): Value;

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    return this.correlation(truth, prediction, normalizeAxis(this.axis, prediction.rank, this.name));
  }

  override state(truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    if (normalizeAxis(this.axis, prediction.rank, this.name) !== 0) return super.state(truth, prediction, sampleWeight);
    const figures = this.perElement(truth, prediction);
    const axes = figures.shape.map((_, axis) => axis);
    return { total: reduceSum(figures, undefined, { keepdims: 0 }), count: cast(sizeOf(figures, axes), "float32") };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
