import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { cast } from "../../ops/layout.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";
import { sizeOf } from "../../ops/shape-of.js";
import type { Config } from "../config.js";

/** What is done with the losses of the elements: their mean, or their sum. */
export type Reduction = "sum_over_batch_size" | "mean" | "sum";

/** Options that every loss has. */
export interface LossOptions {
  /** Default `"sum_over_batch_size"`: the mean over all elements; `"mean"` is the same. */
  readonly reduction?: Reduction | undefined;
  /** Name; default Keras's. */
  readonly name?: string | undefined;
}

/** How far predictions are from the truth. */
export abstract class Loss {
  /** Keras's function name, such as `"binary_crossentropy"`. */
  readonly name: string;
  readonly reduction: Reduction;

  /** @throws UsageError for another reduction */
  constructor(name: string, { reduction = "sum_over_batch_size", name: given }: LossOptions = {}) {
    this.name = given ?? name;
    if (!["sum_over_batch_size", "mean", "sum"].includes(reduction)) {
      throw new UsageError(`The loss "${this.name}" cannot be reduced in this way.`, {
        subject: "reduction",
        expected: `"sum_over_batch_size", "mean" or "sum"`,
        received: `"${reduction}"`,
      });
    }
    this.reduction = reduction;
  }

  /** Keras's class name, such as `"BinaryCrossentropy"`. */
  get className(): string {
    return this.constructor.name;
  }

  /**
   * Writes the loss of each sample as a graph.
   *
   * @param truth labels as they are fed: float32 of the shape that `flowFromDirectory` or the caller gives
   * @param prediction the model's output: rank 4 is `[N, C, H, W]`
   * @returns `[N]` float32: the mean over all other axes. The step takes the mean of `perSample · sampleWeight` over N.
   * @throws ShapeError when truth and prediction do not fit together
   */
  perSample(truth: Value, prediction: Value): Value {
    const losses = this.perElement(truth, prediction);
    const axes = losses.shape.map((_, axis) => axis).slice(1);
    if (this.reduction !== "sum") return axes.length === 0 ? losses : reduceMean(losses, axes, { keepdims: 0 });
    const sums = axes.length === 0 ? losses : reduceSum(losses, axes, { keepdims: 0 });
    // The mean over N of N · sum is the sum of all.
    return mul(sums, cast(sizeOf(sums, [0]), "float32"));
  }

  /** Writes the loss of each element, `[N]` or `[N, …]`, in Keras's order. */
  protected abstract perElement(truth: Value, prediction: Value): Value;

  /** Keras's configuration, in snake_case. */
  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}
