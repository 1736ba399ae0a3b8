import { UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { greater, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, div, mul } from "../../ops/elementwise.js";
import { cast } from "../../ops/layout.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";
import { expandTo, sizeOf } from "../../ops/shape-of.js";
import { reshapeTo } from "../../ops/reshape.js";
import type { Config } from "../config.js";
import type { LabelRule } from "../label-rule.js";
import { Named } from "../named.js";

const reductions = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"] as const;

/**
 * What is done with the losses of the elements.
 *
 * - `"sum_over_batch_size"`, `"mean"`: their mean
 * - `"sum"`: their sum
 * - `"mean_with_sample_weight"`: the sum of loss times weight, divided by the sum of the weights
 * - `"none"`: as in Keras, training goes down the sum, and logs show the mean
 */
export type Reduction = (typeof reductions)[number];

/** Options that every loss has. */
export interface LossOptions {
  /** Default `"sum_over_batch_size"`: the mean over all elements. */
  readonly reduction?: Reduction | undefined;
  /** Name; default Keras's. */
  readonly name?: string | undefined;
}

/** How far predictions are from the truth. */
export abstract class Loss extends Named {
  /** Keras's function name, such as `"binary_crossentropy"`. */
  readonly name: string;
  readonly reduction: Reduction;

  /** @throws UsageError for another reduction */
  constructor(name: string, { reduction = "sum_over_batch_size", name: given }: LossOptions = {}) {
    super();
    this.name = given ?? name;
    if (!reductions.includes(reduction)) {
      throw new UsageError(`The loss "${this.name}" cannot be reduced in this way.`, {
        subject: "reduction",
        expected: reductions.map((word) => `"${word}"`).join(" or "),
        received: `"${reduction}"`,
      });
    }
    this.reduction = reduction;
  }

  /**
   * Writes the loss of each sample as a graph.
   *
   * @param truth labels as they are fed: float32 of the shape that `flowFromDirectory` or the caller gives
   * @param prediction the model's output: rank 4 is `[N, C, H, W]`
   * @param sampleWeight `[N]`: the weights that the step will multiply by; only `"mean_with_sample_weight"` needs them, and
   * takes 1 where there are none
   * @returns `[N]` float32: the mean over all other axes. The step takes the mean of `perSample · sampleWeight` over N.
   * @throws ShapeError when truth and prediction do not fit together
   */
  perSample(truth: Value, prediction: Value, sampleWeight?: Value): Value {
    const elements = this.perElement(truth, prediction);
    const counted = this.counted?.(truth, elements);
    const losses = counted === undefined ? elements : where(counted, elements, scalarLike(elements, 0));
    const axes = losses.shape.map((_, axis) => axis).slice(1);
    const means = axes.length === 0 ? losses : reduceMean(losses, axes, { keepdims: 0 });
    const one = scalarLike(losses, 1);
    switch (this.reduction) {
      case "sum_over_batch_size":
      case "mean":
        return counted === undefined ? means : this.spread(means, where(counted, one, scalarLike(losses, 0)));
      case "sum": {
        const sums = axes.length === 0 ? losses : reduceSum(losses, axes, { keepdims: 0 });
        // The mean over N of N · sum is the sum of all.
        return mul(sums, cast(sizeOf(sums, [0]), "float32"));
      }
      case "mean_with_sample_weight": {
        const flags = counted === undefined ? expandTo(one, losses) : where(counted, one, scalarLike(losses, 0));
        const [batch = 1] = losses.shape;
        const weight = sampleWeight && reshapeTo(sampleWeight, [batch, ...axes.map(() => 1)]);
        return this.spread(means, weight === undefined ? flags : mul(flags, weight));
      }
      case "none":
        return means;
    }
  }

  /** Means over all elements as means over those that count: times the number of all, divided by the weight of those. */
  private spread(means: Value, weights: Value): Value {
    const total = reduceSum(weights, undefined, { keepdims: 0 });
    const some = greater(abs(total), scalarLike(total, 0));
    const factor = div(this.numberOf(weights), where(some, total, scalarLike(total, 1)));
    return mul(means, where(some, factor, scalarLike(total, 0)));
  }

  private numberOf(elements: Value): Value {
    const axes = elements.shape.map((_, axis) => axis);
    return cast(sizeOf(elements, axes), "float32");
  }

  /**
   * By what the loss that logs show must be multiplied to get what training goes down: for `"none"`, as in Keras, the number
   * of elements; otherwise `undefined`, for nothing.
   */
  objectiveFactor(truth: Value, prediction: Value): Value | undefined {
    return this.reduction === "none" ? this.numberOf(this.perElement(truth, prediction)) : undefined;
  }

  /**
   * What labels must be; `undefined` where any number is one. `fit` and its sisters refuse others.
   *
   * @param output shape of the model's output in Keras's order
   */
  labelRule?(output: Shape): LabelRule;

  /**
   * Which elements count, as truth values of the shape of the losses; those that do not are left out of means. Default all.
   *
   * @param truth the labels
   * @param losses of all elements
   */
  protected counted?(truth: Value, losses: Value): Value | undefined;

  /** Writes the loss of each element, `[N]` or `[N, …]`, in Keras's order. */
  protected abstract perElement(truth: Value, prediction: Value): Value;

  /** Keras's configuration, in snake_case. */
  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}
