import { dimProduct } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { mul, square, sub } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { cast } from "../../ops/layout.js";
import { sizeOf } from "../../ops/shape-of.js";
import { reshapeTo } from "../../ops/reshape.js";
import { oneOf, wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { type ByPosition, byName } from "../named.js";

const aggregations = ["uniform_average", "variance_weighted_average"] as const;

/** Options of {@link R2Score}. */
export interface R2ScoreOptions {
  /** How the scores of columns become one: by equal weights (default), or by the variances of the labels. */
  readonly classAggregation?: (typeof aggregations)[number];
  /** Number of independent variables, for the adjusted score; default 0: no adjustment. */
  readonly numRegressors?: number;
  /** Key in logs; default `"r2_score"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["classAggregation", "numRegressors", "name"] as const;

/**
 * How much of the variance of the truth the prediction explains: `1 − Σ (t − p)² / Σ (t − mean)²`, averaged over columns.
 *
 * @see https://keras.io/api/metrics/regression_metrics/ – a metric is one number here, so columns are always averaged
 */
export class R2Score extends BuiltInMetric {
  static readonly className: string = "R2Score";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "classAggregation",
    "numRegressors",
    "name",
  ] satisfies readonly (keyof R2ScoreOptions)[];
  override readonly direction = "up";
  override readonly name: string;
  private readonly classAggregation: (typeof aggregations)[number];
  private readonly numRegressors: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<R2ScoreOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: R2ScoreOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<R2ScoreOptions>(R2Score, given);
    super(options);
    this.name = options.name ?? "r2_score";
    const { classAggregation = "uniform_average", numRegressors = 0 } = options;
    this.classAggregation = oneOf("R2Score", "classAggregation", classAggregation, aggregations);
    this.numRegressors = wholeNumber("R2Score", "numRegressors", numRegressors, 0);
  }

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
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
      // As in Keras, of all columns.
      samples: cast(sizeOf(flat(truth), [0, 1]), "float32"),
    };
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const count = state["count"]?.[0] ?? 0;
    const sums = [...(state["sum"] ?? [])];
    if (count === 0 || sums.length === 0) return 0;
    const totals = sums.map((sum, i) => (state["squares"]?.[i] ?? 0) - (sum * sum) / count);
    const scores = totals.map((total, i) => (total === 0 ? 0 : 1 - (state["residuals"]?.[i] ?? 0) / total));
    const weights = this.classAggregation === "uniform_average" ? totals.map(() => 1) : totals;
    const weighted = scores.reduce((sum, score, i) => sum + score * (weights[i] ?? 0), 0);
    const score = weighted / weights.reduce((sum, weight) => sum + weight, 0);
    // With as many variables as samples there is nothing to adjust, as Keras warns.
    const left = (state["samples"]?.[0] ?? 0) - this.numRegressors - 1;
    return this.numRegressors === 0 || left <= 0 ? score : 1 - ((1 - score) * (left + this.numRegressors)) / left;
  }

  override getConfig(): Config {
    return { name: this.name, class_aggregation: this.classAggregation, num_regressors: this.numRegressors };
  }
}
