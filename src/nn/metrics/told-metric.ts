import { refuse } from "../../errors/check.js";
import type { Value } from "../../graph/value.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { evaluate } from "../eager/evaluate.js";
import { convertToTensor, type NestedNumbers } from "../operations/creation.js";
import { asFloat, describeOperand, inKerasOrder, toValue } from "../operations/operand.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { presentRecording } from "./metric.js";
import { samplewiseSums } from "./samplewise.js";

/** What a metric can be told: a number, numbers in lists, an array, or a tensor of a computation. */
export type ToldNumbers = NestedNumbers | Tensor | SymbolicTensor | Variable;

/** A metric of numbers that it is told, rather than of labels and predictions. */
export abstract class ToldMetric extends BuiltInMetric {
  /** How numbers of one sample are put together. */
  protected abstract readonly reduction: "mean" | "sum";

  /**
   * Takes numbers in.
   *
   * @param values a number, lists of numbers, an array, or a tensor; the first axis is that of samples
   * @param sampleWeight a weight for each sample, for each number, or one for all; default 1
   * @throws UsageError for something else
   */
  override updateState(values: ToldNumbers, sampleWeight?: ToldNumbers | null): Promise<void> {
    const weights = sampleWeight ?? undefined;
    const recording = presentRecording([values, weights]);
    if (recording !== undefined) {
      const [numbers, counts] = [values, weights].map((one) =>
        one === undefined ? undefined : asFloat(toValue(this.operand(one), recording)),
      );
      return numbers === undefined ? Promise.resolve() : this.take(recording, this.sumsOf(numbers, counts));
    }
    const [numbers, counts] = [listed(values), weights === undefined ? undefined : listed(weights)];
    // What is known without the engine counts at once.
    if (numbers !== undefined && (weights === undefined || counts?.length === numbers.length)) {
      const total = numbers.reduce((sum, number, index) => sum + number * (counts?.[index] ?? 1), 0);
      this.addSums({ total: [total], count: [counts?.reduce((sum, weight) => sum + weight, 0) ?? numbers.length] });
      return Promise.resolve();
    }
    return this.takeTold(weights === undefined ? [values] : [values, weights]);
  }

  private async takeTold(given: readonly ToldNumbers[]): Promise<void> {
    const arrays = given.map((one) => {
      const operand = this.operand(one);
      return operand instanceof SymbolicTensor ? this.refuse(operand) : convertToTensor(operand);
    });
    await this.add(
      ["total", "count"],
      evaluate(arrays, false, ([numbers, counts]) => {
        if (numbers === undefined) return [];
        const { total, count } = this.sumsOf(asFloat(numbers), counts && asFloat(counts));
        return [total, count];
      }),
    );
  }

  private sumsOf(numbers: Value, counts: Value | undefined): Readonly<Record<"total" | "count", Value>> {
    return { ...samplewiseSums(inKerasOrder(numbers), counts && inKerasOrder(counts), this.reduction) };
  }

  /** What it is told, with lists as arrays. */
  private operand(given: ToldNumbers): SymbolicTensor | Variable | Tensor | number | boolean {
    if (typeof given === "number" || typeof given === "boolean" || isTensor(given)) return given;
    if (given instanceof SymbolicTensor || given instanceof Variable) return given;
    if (Array.isArray(given)) return convertToTensor(given as NestedNumbers, "float32");
    return this.refuse(given);
  }

  private refuse(given: unknown): never {
    const received = describeOperand(given);
    return refuse(this.className, "values", "a number, numbers in lists, an array (Tensor), or a tensor", received);
  }

  static {
    ToldMetric.builtIn(ToldMetric);
  }
}

/** A number or a flat list or array as a list; `undefined` for others. */
function listed(given: unknown): readonly number[] | undefined {
  if (typeof given === "number") return [given];
  if (isTensor(given)) return given.dims.length > 1 ? undefined : Array.from(given.data as Float32Array, Number);
  return Array.isArray(given) && given.every((one): one is number => typeof one === "number") ? given : undefined;
}
