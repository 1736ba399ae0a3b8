import { ShapeError, UsageError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { sigmoid } from "../../ops/activations.js";
import { numberWithin, oneOf, refuse, wholeNumber, numbers } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "../losses/align.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { countAtThresholds, ratio, type ThresholdCounts } from "./threshold-counts.js";
import { type ByPosition, byName } from "../named.js";

const curves = ["ROC", "PR", "PRGAIN"] as const;
const methods = ["interpolation", "minoring", "majoring"] as const;

/** Options of {@link AUC}. */
export interface AUCOptions {
  /** At how many thresholds the curve is known, 2 or more; default 200. */
  readonly numThresholds?: number;
  /** `"ROC"` (default): recall over the share of false alarms; `"PR"`: precision over recall; `"PRGAIN"`: the gains of both. */
  readonly curve?: (typeof curves)[number];
  /** How the area between two thresholds is taken; default `"interpolation"`. */
  readonly summationMethod?: (typeof methods)[number];
  /** The thresholds between 0 and 1, in place of `numThresholds`; default: at equal distances. */
  readonly thresholds?: readonly number[] | undefined;
  /** Whether each column has a curve of its own, and the areas are averaged; default `false`: one curve for all. */
  readonly multiLabel?: boolean;
  /** With `multiLabel`: how many columns there are; default: as many as the output has. */
  readonly numLabels?: number | undefined;
  /** Weights of the columns: of their areas with `multiLabel`, otherwise of their predictions; default 1. */
  readonly labelWeights?: readonly number[] | undefined;
  /** Whether predictions are logits rather than probabilities; default `false`. */
  readonly fromLogits?: boolean;
  /** Key in logs; default `"auc"`. */
  readonly name?: string;
}

/** Area under precision over recall, with precision interpolated between thresholds as Davis and Goadrich do. */
function interpolatedPrecisionArea({ tp, fp, fn }: ThresholdCounts): number {
  let area = 0;
  for (let i = 0; i + 1 < tp.length; i++) {
    const [here = 0, next = 0] = tp.slice(i, i + 2);
    const p = here + (fp[i] ?? 0);
    const pNext = next + (fp[i + 1] ?? 0);
    const slope = ratio(here - next, Math.max(p - pNext, 0));
    const intercept = next - slope * pNext;
    const quotient = p > 0 && pNext > 0 ? p / pNext : 1;
    area += ratio(slope * (here - next + intercept * Math.log(quotient)), Math.max(next + (fn[i + 1] ?? 0), 0));
  }
  return area;
}

/** How much better recall and precision are than those of a prediction that says always yes. */
function gains({ tp, fp, tn, fn }: ThresholdCounts): readonly [recall: number[], precision: number[]] {
  const gain = (wrong: number, i: number, none: number): number => {
    const right = tp[i] ?? 0;
    const factor = ratio(right + (fn[i] ?? 0), (tn[i] ?? 0) + (fp[i] ?? 0));
    return right === 0 ? none : 1 - factor * ratio(wrong, right);
  };
  return [fn.map((wrong, i) => Math.max(gain(wrong, i, 0), 0)), fp.map((wrong, i) => gain(wrong, i, 1))];
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "numThresholds",
  "curve",
  "summationMethod",
  "name",
  "dtype",
  "thresholds",
  "multiLabel",
  "numLabels",
  "labelWeights",
  "fromLogits",
] as const;

/**
 * The area under the curve that the threshold draws: how well the predictions are ordered.
 *
 * @see https://keras.io/api/metrics/classification_metrics/
 */
export class AUC extends BuiltInMetric {
  static readonly className: string = "AUC";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "numThresholds",
    "curve",
    "summationMethod",
    "thresholds",
    "multiLabel",
    "numLabels",
    "labelWeights",
    "fromLogits",
    "name",
  ] satisfies readonly (keyof AUCOptions)[];
  override readonly direction = "up";
  override readonly name: string;
  private readonly numThresholds: number;
  private readonly curve: (typeof curves)[number];
  private readonly summationMethod: (typeof methods)[number];
  private readonly multiLabel: boolean;
  private readonly fromLogits: boolean;
  private readonly thresholds: readonly number[] | undefined;
  private readonly numLabels: number | undefined;
  private readonly labelWeights: readonly number[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<AUCOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: AUCOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<AUCOptions>(AUC, given);
    super(options);
    this.name = options.name ?? "auc";
    const { thresholds, numLabels, labelWeights } = options;
    this.thresholds =
      thresholds === undefined ? undefined : [...numbers("AUC", "thresholds", thresholds)].sort((a, b) => a - b);
    this.numThresholds =
      this.thresholds === undefined
        ? wholeNumber("AUC", "numThresholds", options.numThresholds ?? 200, 2)
        : this.thresholds.length + 2;
    this.numLabels = numLabels === undefined ? undefined : wholeNumber("AUC", "numLabels", numLabels);
    this.labelWeights =
      labelWeights &&
      numbers("AUC", "labelWeights", labelWeights).map((weight) => numberWithin("AUC", "labelWeights", weight, 0));
    if (this.numLabels !== undefined && options.multiLabel !== true) {
      throw new UsageError("AUC: numLabels goes with multiLabel.", {
        subject: "numLabels",
        expected: "multiLabel: true",
        received: "one curve for all labels",
      });
    }
    const { curve = "ROC" } = options;
    if (!curves.includes(curve)) {
      refuse("AUC", "curve", curves.map((one) => `"${one}"`).join(" or "), curve);
    }
    this.curve = curve;
    const { summationMethod = "interpolation" } = options;
    this.summationMethod = oneOf("AUC", "summationMethod", summationMethod, methods);
    this.multiLabel = options.multiLabel ?? false;
    this.fromLogits = options.fromLogits ?? false;
  }

  override state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    const columns = prediction.shape.at(-1);
    const wanted = this.numLabels ?? this.labelWeights?.length;
    if ((this.multiLabel && prediction.rank !== 2) || (wanted !== undefined && columns !== wanted)) {
      throw new ShapeError(`${this.name}: the predictions have the wrong shape.`, {
        subject: this.name,
        expected: `[batch, ${wanted ?? "labels"}]`,
        received: formatShape(prediction.shape),
      });
    }
    return countAtThresholds(truth, this.fromLogits ? sigmoid(prediction) : prediction, sampleWeight, {
      // In Keras the outer ones lie just outside, so that 0 passes the first one and 1 not the last one.
      thresholds: this.thresholds === undefined ? this.numThresholds : [-1e-7, ...this.thresholds, 1 + 1e-7],
      perColumn: this.multiLabel,
      columnWeights: this.multiLabel ? undefined : this.labelWeights,
    });
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const places = this.numThresholds;
    const columns = (state["tp"]?.length ?? 0) / places;
    const areas = Array.from({ length: columns }, (_, column) => {
      const counts = (name: keyof ThresholdCounts): number[] => [
        ...(state[name]?.slice(column * places, (column + 1) * places) ?? []),
      ];
      return this.area({ tp: counts("tp"), fp: counts("fp"), tn: counts("tn"), fn: counts("fn") });
    });
    const weights = this.multiLabel && this.labelWeights !== undefined ? this.labelWeights : areas.map(() => 1);
    const sum = areas.reduce((total, area, index) => total + area * (weights[index] ?? 0), 0);
    return ratio(
      sum,
      weights.reduce((total, weight) => total + weight, 0),
    );
  }

  private area(counts: ThresholdCounts): number {
    const { tp, fp, tn, fn } = counts;
    if (this.curve === "PR" && this.summationMethod === "interpolation") return interpolatedPrecisionArea(counts);
    const recall = tp.map((count, i) => ratio(count, count + (fn[i] ?? 0)));
    const alarms = fp.map((count, i) => ratio(count, count + (tn[i] ?? 0)));
    const precision = tp.map((count, i) => ratio(count, count + (fp[i] ?? 0)));
    const [x, y] = this.curve === "PR" ? [recall, precision] : this.curve === "ROC" ? [alarms, recall] : gains(counts);
    const height = {
      interpolation: (a: number, b: number) => (a + b) / 2,
      minoring: Math.min,
      majoring: Math.max,
    }[this.summationMethod];
    return x.slice(1).reduce((sum, next, i) => sum + ((x[i] ?? 0) - next) * height(y[i] ?? 0, y[i + 1] ?? 0), 0);
  }

  override getConfig(): Config {
    return {
      name: this.name,
      num_thresholds: this.numThresholds,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: this.numLabels ?? null,
      label_weights: this.labelWeights ?? null,
      from_logits: this.fromLogits,
      thresholds: this.thresholds ?? null,
    };
  }
}
