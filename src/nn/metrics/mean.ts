import { refuse } from "../../errors/check.js";
import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { scalarLike } from "../../ops/constants.js";
import { reduceSum } from "../../ops/reduction.js";
import { expandTo } from "../../ops/shape-of.js";
import { isTensor } from "../../runtime/runtime.js";
import { asFloat, toValue } from "../operations/operand.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { presentRecording } from "./metric.js";

/** Options of {@link Mean}. */
export interface MeanOptions {
  /** Default `"mean"`. */
  readonly name?: string | undefined;
}

/**
 * The mean of numbers that it is told, such as the losses of the steps of a loop of one's own.
 *
 * @see https://keras.io/api/metrics/reduction_metrics/#mean-class
 *
 * @example
 * ```ts
 * import { metrics } from "graft-ml";
 *
 * const mean = new metrics.Mean({ name: "loss" });
 * await mean.updateState(1);
 * await mean.updateState([3, 5]);
 * console.log(mean.result()); // → 3
 * ```
 */
export class Mean extends BuiltInMetric {
  static readonly className: string = "Mean";

  /** @throws UsageError for an option that it does not have */
  constructor(options: MeanOptions = {}) {
    super(options);
  }

  /**
   * Takes numbers into the mean.
   *
   * @param values a number, a list of them, or an array
   * @param sampleWeight a weight for each; default 1
   */
  override updateState(values: unknown, sampleWeight?: unknown): Promise<void> {
    const recording = presentRecording([values]);
    if (recording !== undefined) {
      const numbers = asFloat(toValue(values as SymbolicTensor, recording));
      const weights =
        sampleWeight === undefined ? undefined : asFloat(toValue(sampleWeight as SymbolicTensor, recording));
      const counts = weights ?? expandTo(scalarLike(numbers, 1), numbers);
      const sum = (value: Value): Value => (value.rank === 0 ? value : reduceSum(value, undefined, { keepdims: 0 }));
      return this.take(recording, { total: sum(mul(numbers, counts)), count: sum(counts) });
    }
    const numbers = numbersOf(values);
    const weights = sampleWeight === undefined ? numbers.map(() => 1) : numbersOf(sampleWeight);
    if (weights.length !== numbers.length) refuse("Mean", "sampleWeight", "a weight for each number", sampleWeight);
    const total = numbers.reduce((sum, number, index) => sum + number * (weights[index] ?? 0), 0);
    this.addSums({ total: [total], count: [weights.reduce((sum, weight) => sum + weight, 0)] });
    return Promise.resolve();
  }

  /** Followed in `fit`, it is the mean of the model's outputs, as in Keras. */
  override state(_truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    return {
      total: reduceSum(mul(prediction, sampleWeight), undefined, { keepdims: 0 }),
      count: reduceSum(sampleWeight, undefined, { keepdims: 0 }),
    };
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const [total = 0, count = 0] = [state["total"]?.[0], state["count"]?.[0]];
    return count === 0 ? 0 : total / count;
  }

  static {
    Mean.builtIn(Mean);
  }
}

function numbersOf(values: unknown): readonly number[] {
  if (typeof values === "number") return [values];
  if (isTensor(values)) return Array.from(values.data as Float32Array, Number);
  if (Array.isArray(values) && values.every((one): one is number => typeof one === "number")) return values;
  return refuse("Mean", "values", "a number, a list of numbers, or an array", values);
}
