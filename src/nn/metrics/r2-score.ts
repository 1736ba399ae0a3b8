import { dimProduct } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { mul, square, sub } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/shape-of.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { Metric } from "./metric.js";

/**
 * How much of the variance of the truth the prediction explains: `1 − Σ (t − p)² / Σ (t − mean)²`, averaged over columns.
 *
 * @see https://keras.io/api/metrics/regression_metrics/ – with the uniform average, without adjustment
 */
export class R2Score extends Metric {
  readonly name: string;

  /** @param options `name` is the key in logs; default `"r2_score"` */
  constructor({ name = "r2_score" }: { readonly name?: string } = {}) {
    super();
    this.name = name;
  }

  state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    const [batch = 1, ...others] = prediction.shape;
    const flat = (x: Value): Value => reshapeTo(x, [batch, dimProduct(others)]);
    const weight = reshapeTo(sampleWeight, [batch, 1]);
    const sum = (x: Value): Value => reduceSum(mul(x, weight), [0], { keepdims: 0 });
    return {
      sum: sum(flat(truth)),
      squares: sum(square(flat(truth))),
      residuals: sum(square(sub(flat(truth), flat(prediction)))),
      count: reduceSum(sampleWeight, undefined, { keepdims: 0 }),
    };
  }

  result(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const count = state["count"]?.[0] ?? 0;
    const sums = [...(state["sum"] ?? [])];
    if (count === 0 || sums.length === 0) return 0;
    const scores = sums.map((sum, i) => {
      const total = (state["squares"]?.[i] ?? 0) - (sum * sum) / count;
      return total === 0 ? 0 : 1 - (state["residuals"]?.[i] ?? 0) / total;
    });
    return scores.reduce((total, score) => total + score, 0) / scores.length;
  }

  getConfig(): Config {
    return { name: this.name, class_aggregation: "uniform_average", num_regressors: 0 };
  }
}
