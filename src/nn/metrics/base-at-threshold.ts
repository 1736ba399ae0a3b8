import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { slice } from "../../ops/slicing.js";
import { numberWithin, wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "../losses/align.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { countAtThresholds, ratio, type ThresholdCounts } from "./threshold-counts.js";

/** Options of metrics that choose the best threshold under a condition. */
export interface AtThresholdOptions {
  /** How many thresholds are tried, at equal distances from 0 to 1; one is 0.5. Default 200. */
  readonly numThresholds?: number;
  /** The only class that is counted; default: all. */
  readonly classId?: number | undefined;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** Figures at one threshold. */
export interface ThresholdFigures {
  readonly sensitivity: number;
  readonly specificity: number;
  readonly precision: number;
}

/** The best figure over all thresholds at which another one is not below a bound; 0 where there is none. */
export abstract class BaseAtThreshold extends BuiltInMetric {
  static override readonly options: readonly string[] = [
    "numThresholds",
    "classId",
    "name",
  ] satisfies readonly (keyof AtThresholdOptions)[];
  override readonly direction = "up";
  override readonly name: string;
  private readonly bound: number;
  private readonly numThresholds: number;
  private readonly classId: number | undefined;

  /**
   * @param condition name of the figure that has a bound, as Keras calls the argument
   * @param bound in [0, 1]
   */
  constructor(
    name: string,
    private readonly condition: string,
    bound: number,
    options: AtThresholdOptions,
  ) {
    super(options);
    const owner = this.className;
    this.name = options.name ?? name;
    this.bound = numberWithin(owner, condition, bound, 0, 1);
    this.numThresholds = wholeNumber(owner, "numThresholds", options.numThresholds ?? 200);
    this.classId = options.classId === undefined ? undefined : wholeNumber(owner, "classId", options.classId, 0);
  }

  /** The figure with the bound, and the figure that is to be great. */
  protected abstract figures(all: ThresholdFigures): readonly [bounded: number, wanted: number];

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    const { classId } = this;
    const chosen = (x: Value): Value =>
      classId === undefined
        ? x
        : slice(x, { starts: [classId], ends: [classId + 1], axes: [normalizeAxis(-1, x.rank, this.name)] });
    const thresholds = this.numThresholds === 1 ? [0.5] : this.numThresholds;
    return countAtThresholds(chosen(truth), chosen(prediction), sampleWeight, { thresholds });
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const count = (name: keyof ThresholdCounts, index: number): number => state[name]?.[index] ?? 0;
    const wanted = Array.from({ length: this.numThresholds }, (_, index) => {
      const tp = count("tp", index);
      const tn = count("tn", index);
      const [bounded, figure] = this.figures({
        sensitivity: ratio(tp, tp + count("fn", index)),
        specificity: ratio(tn, tn + count("fp", index)),
        precision: ratio(tp, tp + count("fp", index)),
      });
      // In float32, as Keras compares.
      return Math.fround(bounded) >= Math.fround(this.bound) ? figure : 0;
    });
    return Math.max(0, ...wanted);
  }

  override getConfig(): Config {
    return {
      name: this.name,
      num_thresholds: this.numThresholds,
      class_id: this.classId ?? null,
      [this.condition]: this.bound,
    };
  }
}
