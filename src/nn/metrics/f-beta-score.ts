import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import { and, greater, greaterOrEqual } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, mul, sub } from "../../ops/elementwise.js";
import { reduceMax, reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { numberWithin, oneOf, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { type ByPosition, byName } from "../named.js";

const averages = ["micro", "macro", "weighted"] as const;

/** Options of F scores. */
export interface FBetaScoreOptions {
  /** `"macro"` (default): the mean over classes; `"weighted"` by their numbers; `"micro"`: all classes counted together. */
  readonly average?: (typeof averages)[number];
  /** How many times more recall counts than precision; default 1. */
  readonly beta?: number;
  /** Above it a prediction means 1; default: the greatest prediction of a sample does. */
  readonly threshold?: number | undefined;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["average", "beta", "threshold", "name"] as const;

/**
 * `(1 + β²) P R / (β² P + R)` of precision P and recall R; labels are one-hot or 0 and 1.
 *
 * @see https://keras.io/api/metrics/classification_metrics/ – a metric is one number here, so the default average is
 * `"macro"` in place of one score a class
 */
export class FBetaScore extends BuiltInMetric {
  static readonly className: string = "FBetaScore";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "average",
    "beta",
    "threshold",
    "name",
  ] satisfies readonly (keyof FBetaScoreOptions)[];
  override readonly direction = "up";
  override readonly name: string;
  private readonly average: (typeof averages)[number];
  private readonly beta: number;
  private readonly threshold: number | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<FBetaScoreOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: FBetaScoreOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<FBetaScoreOptions>(FBetaScore, given);
    super(options);
    const owner = this.className;
    this.name = options.name ?? "fbeta_score";
    this.average = oneOf(owner, "average", options.average ?? "macro", averages);
    this.beta = positiveNumber(owner, "beta", options.beta ?? 1);
    this.threshold =
      options.threshold === undefined ? undefined : numberWithin(owner, "threshold", options.threshold, 0, 1);
  }

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    if (prediction.rank !== 2) {
      throw new UsageError(`${this.name} is for outputs of rank 2.`, {
        subject: this.name,
        expected: "[batch, classes]",
        received: `rank ${prediction.rank}`,
      });
    }
    const chosen =
      this.threshold === undefined
        ? and(
            greaterOrEqual(prediction, reduceMax(prediction, [1], { keepdims: 1 })),
            greater(abs(prediction), scalarLike(prediction, 1e-12)),
          )
        : greater(prediction, scalarLike(prediction, this.threshold));
    const predicted = asNumber(chosen);
    const [batch = 1] = sampleWeight.shape;
    const weight = reshapeTo(sampleWeight, [batch, 1]);
    const sum = (x: Value): Value => reduceSum(mul(x, weight), [0], { keepdims: 0 });
    const one = scalarLike(prediction, 1);
    return {
      truePositives: sum(mul(predicted, truth)),
      falsePositives: sum(mul(predicted, sub(one, truth))),
      falseNegatives: sum(mul(sub(one, predicted), truth)),
      labels: sum(truth),
    };
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const numbers = (name: string): readonly number[] => {
      const all = [...(state[name] ?? [])];
      return this.average === "micro" ? [all.reduce((sum, value) => sum + value, 0)] : all;
    };
    const [tp, fp, fn, labels] = ["truePositives", "falsePositives", "falseNegatives", "labels"].map(numbers);
    const ratio = (a: number, b: number): number => a / (b + 1e-7);
    const scores = (tp ?? []).map((right, i) => {
      const precision = ratio(right, right + (fp?.[i] ?? 0));
      const recall = ratio(right, right + (fn?.[i] ?? 0));
      const squared = this.beta ** 2;
      return ((1 + squared) * precision * recall) / (squared * precision + recall + 1e-7);
    });
    const weights = scores.map((_, i) => (this.average === "weighted" ? (labels?.[i] ?? 0) : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return scores.reduce((sum, score, i) => sum + score * (weights[i] ?? 0), 0) / (total || 1);
  }

  override getConfig(): Config {
    return { name: this.name, average: this.average, beta: this.beta, threshold: this.threshold ?? null };
  }
}
