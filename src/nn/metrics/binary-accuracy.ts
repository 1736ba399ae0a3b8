import type { Value } from "../../graph/value.js";
import { equal, greater } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { numberInside } from "../../errors/check.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link BinaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Above it a prediction means 1; in (0, 1); default 0.5. */
  readonly threshold?: number;
  /** Key in logs; default `"binary_accuracy"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "threshold"] as const;

/** How often the prediction is on the side of the threshold that the label says. @see https://keras.io/api/metrics/accuracy_metrics/ */
export class BinaryAccuracy extends MeanMetric {
  static readonly className: string = "BinaryAccuracy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "threshold",
    "name",
  ] satisfies readonly (keyof BinaryAccuracyOptions)[];
  override readonly direction = "up";
  private readonly threshold: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<BinaryAccuracyOptions, typeof following>);
  /** @throws UsageError when the threshold is outside (0, 1) */
  constructor(options?: BinaryAccuracyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<BinaryAccuracyOptions>(BinaryAccuracy, given);
    super("binary_accuracy", options);
    const { threshold = 0.5 } = options;
    this.threshold = numberInside("BinaryAccuracy", "threshold", threshold, { above: 0, below: 1 });
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    return asNumber(equal(truth, asNumber(greater(prediction, scalarLike(prediction, this.threshold)))));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}
