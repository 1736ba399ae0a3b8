import { UsageError } from "../../errors/errors.js";
import { normalizeAxis, staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { and, greater, greaterOrEqual, less, or } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { mul, sub } from "../../ops/elementwise.js";
import { slice } from "../../ops/slicing.js";
import { unsqueeze } from "../../ops/layout.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { numberWithin, wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { BuiltInMetric } from "./built-in-metric.js";

/** Options of metrics that count what is predicted rightly and wrongly. */
export interface ConfusionOptions {
  /** Above it a prediction means 1, in [0, 1]; default 0.5, or no threshold with `topK`. */
  readonly thresholds?: number | readonly [number] | undefined;
  /** How many of the greatest predictions of a sample count as 1; default: all above the threshold. */
  readonly topK?: number | undefined;
  /** The only class that is counted; default: all. */
  readonly classId?: number | undefined;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** Weighted numbers of right and wrong predictions. */
export interface Confusion {
  readonly truePositives: number;
  readonly trueNegatives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** A metric that follows from the numbers of right and wrong predictions. */
export abstract class ConfusionMetric extends BuiltInMetric {
  static override readonly options: readonly string[] = [
    "thresholds",
    "topK",
    "classId",
    "name",
  ] satisfies readonly (keyof ConfusionOptions)[];
  override readonly name: string;
  private readonly threshold: number | undefined;
  private readonly topK: number | undefined;
  private readonly classId: number | undefined;

  constructor(name: string, options: ConfusionOptions) {
    super(options);
    const owner = this.className;
    const { thresholds, topK, classId } = options;
    const list: readonly (number | undefined)[] = Array.isArray(thresholds)
      ? thresholds
      : [thresholds as number | undefined];
    if (list.length !== 1) {
      throw new UsageError(`${owner}: a metric is one number, for one threshold.`, {
        subject: "thresholds",
        expected: "one threshold",
        received: JSON.stringify(thresholds),
        advice: "Make a metric for each, with names of their own.",
      });
    }
    const [threshold] = list;
    this.name = options.name ?? name;
    this.threshold = threshold === undefined ? undefined : numberWithin(owner, "thresholds", threshold, 0, 1);
    this.topK = topK === undefined ? undefined : wholeNumber(owner, "topK", topK);
    this.classId = classId === undefined ? undefined : wholeNumber(owner, "classId", classId, 0);
  }

  /** Where predictions mean 1. */
  private positive(prediction: Value): Value {
    const { topK } = this;
    const above = greater(prediction, scalarLike(prediction, this.threshold ?? (topK === undefined ? 0.5 : -1e10)));
    if (topK === undefined) return above;
    // A prediction is among the k greatest when fewer than k are greater, or equal and before it.
    const axis = prediction.rank - 1;
    const classes = staticDim(prediction.shape, axis, this.name);
    const others = unsqueeze(prediction, [axis]);
    const own = unsqueeze(prediction, [axis + 1]);
    const before = or(greater(others, own), and(greaterOrEqual(others, own), earlier(prediction, classes)));
    const rank = reduceSum(asNumber(before), [axis + 1], { keepdims: 0 });
    return and(less(rank, scalarLike(rank, topK)), above);
  }

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    const chosen = (x: Value): Value => {
      if (this.classId === undefined) return x;
      const axis = normalizeAxis(-1, x.rank, this.name);
      return slice(x, { starts: [this.classId], ends: [this.classId + 1], axes: [axis] });
    };
    const predicted = chosen(asNumber(this.positive(prediction)));
    const actual = chosen(asNumber(greater(truth, scalarLike(truth, 0))));
    const [batch = 1] = sampleWeight.shape;
    const weight = reshapeTo(sampleWeight, [batch, ...predicted.shape.slice(1).map(() => 1)]);
    const not = (x: Value): Value => sub(scalarLike(x, 1), x);
    const sum = (a: Value, b: Value): Value => reduceSum(mul(mul(a, b), weight), undefined, { keepdims: 0 });
    return {
      truePositives: sum(actual, predicted),
      trueNegatives: sum(not(actual), not(predicted)),
      falsePositives: sum(not(actual), predicted),
      falseNegatives: sum(actual, not(predicted)),
    };
  }

  /** The figure for the numbers of predictions. */
  protected abstract of(counts: Confusion): number;

  override labelRule(): LabelRule {
    return shares;
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const count = (name: keyof Confusion): number => state[name]?.[0] ?? 0;
    return this.of({
      truePositives: count("truePositives"),
      trueNegatives: count("trueNegatives"),
      falsePositives: count("falsePositives"),
      falseNegatives: count("falseNegatives"),
    });
  }

  override getConfig(): Config {
    return {
      name: this.name,
      thresholds: this.threshold ?? null,
      top_k: this.topK ?? null,
      class_id: this.classId ?? null,
    };
  }
}

/** `[classes, classes]`: whether the column is before the row. */
function earlier(like: Value, classes: number): Value {
  const flags = Float32Array.from({ length: classes * classes }, (_, index) =>
    index % classes < Math.floor(index / classes) ? 1 : 0,
  );
  return greater(constant(float32(flags, [classes, classes])), scalarLike(like, 0));
}
