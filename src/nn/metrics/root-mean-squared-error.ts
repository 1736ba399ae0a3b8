import type { Value } from "../../graph/value.js";
import { square, sub } from "../../ops/elementwise.js";
import { align } from "../losses/align.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** `√ mean (t − p)²`, the mean taken over all samples first. @see https://keras.io/api/metrics/regression_metrics/ */
export class RootMeanSquaredError extends MeanMetric {
  static readonly className: string = "RootMeanSquaredError";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];
  override readonly direction = "down";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<{ readonly name?: string }, typeof following>);
  /** @param options `name` is the key in logs; default `"root_mean_squared_error"` */
  constructor(options?: { readonly name?: string });
  constructor(...given: readonly unknown[]) {
    const options = byName<{ readonly name?: string }>(RootMeanSquaredError, given);
    super("root_mean_squared_error", options);
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    return square(sub(truth, prediction));
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    return Math.sqrt(super.figure(state));
  }
}
