import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { argMax } from "../../ops/reduction.js";
import { equal } from "../../ops/comparison.js";
import { cast } from "../../ops/layout.js";
import { toChannelsLast } from "../channels.js";
import { classesOf, type LabelRule } from "../label-rule.js";
import { asNumber } from "./as-number.js";
import { classNumbers } from "./class-numbers.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** How often the greatest prediction is that of the class that the label numbers. @see https://keras.io/api/metrics/accuracy_metrics/ */
export class SparseCategoricalAccuracy extends MeanMetric {
  static readonly className: string = "SparseCategoricalAccuracy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];
  override readonly direction = "up";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<{ readonly name?: string }, typeof following>);
  /** @param options `name` is the key in logs; default `"sparse_categorical_accuracy"` */
  constructor(options?: { readonly name?: string });
  constructor(...given: readonly unknown[]) {
    const options = byName<{ readonly name?: string }>(SparseCategoricalAccuracy, given);
    super("sparse_categorical_accuracy", options);
  }

  protected perElement(labels: Value, output: Value): Value {
    const prediction = toChannelsLast(output);
    const numbers = classNumbers(labels, prediction, this.name);
    const chosen = argMax(prediction, { axis: prediction.rank - 1, keepdims: 0 });
    return asNumber(equal(numbers, cast(chosen, numbers.type)));
  }

  override labelRule(output: Shape): LabelRule {
    return classesOf(output);
  }
}
