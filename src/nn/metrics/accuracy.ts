import type { Value } from "../../graph/value.js";
import { equal } from "../../ops/comparison.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/**
 * How often the prediction equals the label. The name `"accuracy"` in `compile` means another: the one that fits the output.
 *
 * @see https://keras.io/api/metrics/accuracy_metrics/
 */
export class Accuracy extends MeanMetric {
  static readonly className: string = "Accuracy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];
  override readonly direction = "up";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<{ readonly name?: string }, typeof following>);
  /** @param options `name` is the key in logs; default `"accuracy"` */
  constructor(options?: { readonly name?: string });
  constructor(...given: readonly unknown[]) {
    const options = byName<{ readonly name?: string }>(Accuracy, given);
    super("accuracy", options);
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    return asNumber(equal(truth, prediction));
  }
}
