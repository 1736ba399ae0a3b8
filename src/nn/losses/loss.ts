import { type Word } from "../../errors/check.js";
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
import { channelsLast } from "../channels.js";
import type { Config } from "../config.js";
import { checkGivenLabels, type LabelRule } from "../label-rule.js";
import { meetLabels, weighLabels } from "../met-labels.js";
import { Named } from "../named.js";
import { snakeCase } from "../names.js";
import { inGraphOrder, type Operand } from "../operations/operand.js";
import { computeOf, writeFigures } from "../own-figures.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";

/**
 * Which losses of elements count, by the value that holds them. A function or a `call` of one's own that gives back what a loss of
 * the package computed is reduced as that is, as in Keras, where such losses carry a mask.
 */
const countedIn = new WeakMap<Value, Value>();

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
  readonly reduction?: Word<Reduction> | undefined;
  /** Name; default Keras's. */
  readonly name?: string | undefined;
}

/**
 * How far predictions are from the truth. A loss of one's own extends it, and says in `call` what it is of labels and
 * predictions, with functions of `ops`; or it is a function that is given to `compile`.
 *
 * @see https://keras.io/api/losses/#base-loss-api
 *
 * @example
 * ```ts
 * import { losses, ops, Tensor, type SymbolicTensor } from "graft-ml";
 *
 * class Distance extends losses.Loss {
 *   override call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
 *     return ops.sqrt(ops.sum(ops.square(ops.subtract(yTrue, yPred)), -1));
 *   }
 * }
 * const [yTrue, yPred] = [new Tensor("float32", [0, 0], [1, 2]), new Tensor("float32", [3, 4], [1, 2])];
 * console.log((await new Distance().apply(yTrue, yPred)).data); // → Float32Array(1) [ 5 ]
 * ```
 */
export class Loss extends Named {
  declare static fromConfig: (config: Config) => Loss;

  static readonly options: readonly string[] = ["reduction", "name"] satisfies readonly (keyof LossOptions)[];
  /** Keras's function name, such as `"binary_crossentropy"`. */
  readonly name: string;
  readonly reduction: Reduction;

  /**
   * @param nameOrOptions name, or all options
   * @throws UsageError for another reduction
   */
  constructor(nameOrOptions: string | LossOptions = {}, options: LossOptions = {}) {
    super(typeof nameOrOptions === "string" ? options : nameOrOptions);
    const { reduction = "sum_over_batch_size", name: given } =
      typeof nameOrOptions === "string" ? options : nameOrOptions;
    this.name = given ?? (typeof nameOrOptions === "string" ? nameOrOptions : snakeCase(this.className));
    const known = reductions.find((word) => word === reduction);
    if (known === undefined) {
      throw new UsageError(`The loss "${this.name}" cannot be reduced in this way.`, {
        subject: "reduction",
        expected: reductions.map((word) => `"${word}"`).join(" or "),
        received: `"${reduction}"`,
      });
    }
    this.reduction = known;
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
    const elements = this.figures(truth, prediction);
    const losses = this.hasOwnCall ? elements : this.onlyCounted(truth, elements);
    const counted = countedIn.get(losses);
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
    return this.reduction === "none" ? this.numberOf(this.figures(truth, prediction)) : undefined;
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

  /** The loss of each element, in Keras's order, before any reduction; those that do not count are 0. */
  elements(truth: Value, prediction: Value): Value {
    const elements = this.figures(truth, prediction);
    return this.hasOwnCall ? elements : this.onlyCounted(truth, elements);
  }

  private onlyCounted(truth: Value, elements: Value): Value {
    const counted = this.counted?.(truth, elements);
    if (counted === undefined) return elements;
    const losses = where(counted, elements, scalarLike(elements, 0));
    countedIn.set(losses, counted);
    return losses;
  }

  /**
   * Writes the loss of each element as a class of the package computes it, `[N]` or `[N, …]`, in Keras's order. One that has none
   * says it in {@link call}.
   */
  protected perElement?(truth: Value, prediction: Value): Value;

  /** Whether a class says in `call` what its loss is; also one that extends a loss of the package. */
  get hasOwnCall(): boolean {
    return this.call !== Loss.prototype.call;
  }

  /** The loss of each element, or what stands for it in a `call` of one's own. */
  private figures(truth: Value, prediction: Value): Value {
    if (!this.hasOwnCall && this.perElement !== undefined) return this.perElement(truth, this.met(truth, prediction));
    return writeFigures(`The loss "${this.name}"`, truth, prediction, this.matchesRanks, (yTrue, yPred) =>
      this.call(yTrue, yPred),
    );
  }

  /** The predictions, once it is noted what the labels have to be for them. */
  private met(truth: Value, prediction: Value): Value {
    const shape = channelsLast(prediction.shape);
    const rule = this.labelRule?.(shape);
    meetLabels(truth, rule && { owner: this.name, rule, shape }, true);
    return prediction;
  }

  /** Whether an axis of extent 1 at the end of labels or predictions is matched first, as Keras does for functions. */
  protected readonly matchesRanks: boolean = false;

  /**
   * The loss before any reduction. One of one's own overrides it; in a class that extends a loss of the package, `super.call` gives
   * what that computes.
   *
   * @param yTrue labels, in Keras's order of axes
   * @param yPred the model's output, in Keras's order of axes
   * @returns one number for each sample, or several, whose mean counts, or one for all
   */
  call(yTrue: Operand, yPred: SymbolicTensor): SymbolicTensor {
    const own = this.perElement?.bind(this);
    if (own === undefined) {
      throw new UsageError(`The loss "${this.name}" (${this.className}) does not say what it is.`, {
        subject: this.className,
        expected: "a method call(yTrue, yPred)",
        received: "none",
      });
    }
    const owner = `The loss "${this.name}"`;
    return computeOf(owner, [yTrue, yPred], ([truth, prediction]) =>
      this.onlyCounted(truth, own(truth, this.met(truth, inGraphOrder(prediction)))),
    ) as SymbolicTensor;
  }

  /**
   * The loss of labels and predictions: of arrays a promise of it, inside of `call`, losses and training steps a tensor.
   *
   * @param sampleWeight `[N]`; default: all samples count alike
   * @returns a single number; with `reduction: "none"` one for each sample
   * @throws ShapeError when labels and predictions do not fit together
   */
  apply(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): Promise<Tensor>;
  apply(yTrue: Operand, yPred: SymbolicTensor, sampleWeight?: Operand): SymbolicTensor;
  apply(yTrue: Operand, yPred: Operand, sampleWeight?: Operand): SymbolicTensor | Promise<Tensor> {
    const given = sampleWeight === undefined ? [yTrue, yPred] : [yTrue, yPred, sampleWeight];
    return isTensor(yTrue) && isTensor(yPred) ? this.ofArrays(yTrue, yPred, given) : this.computed(given);
  }

  private async ofArrays(yTrue: Tensor, yPred: Tensor, given: readonly Operand[]): Promise<Tensor> {
    const [, , weights] = given;
    if (!this.hasOwnCall) checkGivenLabels(this, yTrue, yPred.dims, isTensor(weights) ? weights : undefined);
    return this.computed(given) as Promise<Tensor>;
  }

  private computed(given: readonly Operand[]): SymbolicTensor | Promise<Tensor> {
    return computeOf(`The loss "${this.name}"`, given, ([truth, prediction, weight]) => {
      weighLabels(truth, weight);
      const perSample = this.perSample(truth, inGraphOrder(prediction), weight);
      const weighted = weight === undefined ? perSample : mul(perSample, weight);
      return this.reduction === "none" ? weighted : reduceMean(weighted, undefined, { keepdims: 0 });
    });
  }

  /** Keras's configuration, in snake_case. */
  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }
}
