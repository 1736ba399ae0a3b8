import type { Value } from "../../graph/value.js";
import { argMax } from "../../ops/reduction.js";
import { equal } from "../../ops/comparison.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** How often the greatest prediction is that of the labelled class; labels are one-hot. @see https://keras.io/api/metrics/accuracy_metrics/ */
export class CategoricalAccuracy extends MeanMetric {
  static readonly className: string = "CategoricalAccuracy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];
  override readonly direction = "up";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<{ readonly name?: string }, typeof following>);
  /** @param options `name` is the key in logs; default `"categorical_accuracy"` */
  constructor(options?: { readonly name?: string });
  constructor(...given: readonly unknown[]) {
    const options = byName<{ readonly name?: string }>(CategoricalAccuracy, given);
    super("categorical_accuracy", options);
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const classOf = (x: Value): Value => argMax(x, { axis: x.rank - 1, keepdims: 0 });
    return asNumber(equal(classOf(truth), classOf(prediction)));
  }
}
