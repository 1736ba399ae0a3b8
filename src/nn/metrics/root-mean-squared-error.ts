import type { Value } from "../../graph/value.js";
import { square, sub } from "../../ops/elementwise.js";
import { align } from "../losses/align.js";
import { MeanMetric } from "./mean-metric.js";

/** `√ mean (t − p)²`, the mean taken over all samples first. @see https://keras.io/api/metrics/regression_metrics/ */
export class RootMeanSquaredError extends MeanMetric {
  static readonly className: string = "RootMeanSquaredError";
  static override readonly options: readonly string[] = ["name"];
  override readonly direction = "down";

  /** @param options `name` is the key in logs; default `"root_mean_squared_error"` */
  constructor(options: { readonly name?: string } = {}) {
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
