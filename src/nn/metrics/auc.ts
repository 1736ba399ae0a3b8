import { UsageError } from "../../errors/errors.js";
import { dimProduct } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { relu } from "../../ops/activations.js";
import { greaterOrEqual } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { ceil, mul, sub } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/shape-of.js";
import { sigmoid } from "../../ops/activations.js";
import { oneOf, wholeNumber } from "../check.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { asNumber } from "./as-number.js";
import { Metric } from "./metric.js";

const curves = ["ROC", "PR"] as const;
const methods = ["interpolation", "minoring", "majoring"] as const;

/** Options of {@link AUC}. */
export interface AUCOptions {
  /** At how many thresholds the curve is known, 2 or more; default 200. */
  readonly numThresholds?: number;
  /** `"ROC"` (default): recall over the share of false alarms; `"PR"`: precision over recall. */
  readonly curve?: (typeof curves)[number];
  /** How the area between two thresholds is taken; default `"interpolation"`. */
  readonly summationMethod?: (typeof methods)[number];
  /** Whether each column has a curve of its own, and the areas are averaged; default `false`: one curve for all. */
  readonly multiLabel?: boolean;
  /** Whether predictions are logits rather than probabilities; default `false`. */
  readonly fromLogits?: boolean;
  /** Key in logs; default `"auc"`. */
  readonly name?: string;
}

type Counts = Readonly<Record<"tp" | "fp" | "tn" | "fn", readonly number[]>>;

function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

/** Area under precision over recall, with precision interpolated between thresholds as Davis and Goadrich do. */
function interpolatedPrecisionArea({ tp, fp, fn }: Counts): number {
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

/**
 * The area under the curve that the threshold draws: how well the predictions are ordered.
 *
 * @see https://keras.io/api/metrics/classification_metrics/ – without given thresholds and label weights
 */
export class AUC extends Metric {
  readonly name: string;
  private readonly numThresholds: number;
  private readonly curve: (typeof curves)[number];
  private readonly summationMethod: (typeof methods)[number];
  private readonly multiLabel: boolean;
  private readonly fromLogits: boolean;

  /** @throws UsageError when an option is not usable */
  constructor(options: AUCOptions = {}) {
    super();
    this.name = options.name ?? "auc";
    this.numThresholds = wholeNumber("AUC", "numThresholds", options.numThresholds ?? 200, 2);
    const { curve = "ROC" } = options;
    if (!curves.includes(curve)) {
      throw new UsageError("AUC: the option curve is not usable.", {
        subject: "curve",
        expected: `"ROC" or "PR"`,
        received: JSON.stringify(curve),
      });
    }
    this.curve = curve;
    const { summationMethod = "interpolation" } = options;
    this.summationMethod = oneOf("AUC", "summationMethod", summationMethod, methods);
    this.multiLabel = options.multiLabel ?? false;
    this.fromLogits = options.fromLogits ?? false;
  }

  state(labels: Value, output: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const { truth, prediction } = align(labels, output, this.name);
    const probability = this.fromLogits ? sigmoid(prediction) : prediction;
    const number = (value: number): Value => scalarLike(prediction, value);
    const places = this.numThresholds;
    // Threshold i lies at i / (places − 1); a prediction passes all up to its place.
    const place = relu(sub(ceil(mul(probability, number(places - 1))), number(1)));
    const all = constant(
      float32(
        Float32Array.from({ length: places }, (_, index) => index),
        [places],
      ),
    );
    const [batch = 1, ...others] = prediction.shape;
    const columns = this.multiLabel ? dimProduct(others) : 1;
    const rows = this.multiLabel ? batch : dimProduct(prediction.shape);
    const flat = (x: Value): Value => reshapeTo(x, [rows, columns, 1]);
    const passes = asNumber(greaterOrEqual(flat(place), all));
    const weight = reshapeTo(sampleWeight, [batch, ...others.map(() => 1)]);
    const ones = mul(truth, weight);
    const zeros = mul(sub(number(1), truth), weight);
    const sum = (x: Value, flags: Value): Value => reduceSum(mul(flat(x), flags), [0], { keepdims: 0 });
    const fails = sub(number(1), passes);
    return { tp: sum(ones, passes), fp: sum(zeros, passes), tn: sum(zeros, fails), fn: sum(ones, fails) };
  }

  result(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const places = this.numThresholds;
    const columns = (state["tp"]?.length ?? 0) / places;
    const areas = Array.from({ length: columns }, (_, column) => {
      const counts = (name: keyof Counts): number[] => [
        ...(state[name]?.slice(column * places, (column + 1) * places) ?? []),
      ];
      return this.area({ tp: counts("tp"), fp: counts("fp"), tn: counts("tn"), fn: counts("fn") });
    });
    return areas.reduce((sum, area) => sum + area, 0) / Math.max(1, columns);
  }

  private area(counts: Counts): number {
    const { tp, fp, tn, fn } = counts;
    if (this.curve === "PR" && this.summationMethod === "interpolation") return interpolatedPrecisionArea(counts);
    const recall = tp.map((count, i) => ratio(count, count + (fn[i] ?? 0)));
    const alarms = fp.map((count, i) => ratio(count, count + (tn[i] ?? 0)));
    const precision = tp.map((count, i) => ratio(count, count + (fp[i] ?? 0)));
    const [x, y] = this.curve === "PR" ? [recall, precision] : [alarms, recall];
    const height = {
      interpolation: (a: number, b: number) => (a + b) / 2,
      minoring: Math.min,
      majoring: Math.max,
    }[this.summationMethod];
    return x.slice(1).reduce((sum, next, i) => sum + ((x[i] ?? 0) - next) * height(y[i] ?? 0, y[i + 1] ?? 0), 0);
  }

  getConfig(): Config {
    return {
      name: this.name,
      num_thresholds: this.numThresholds,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: null,
      label_weights: null,
      from_logits: this.fromLogits,
      thresholds: null,
    };
  }
}
