import { ShapeError } from "../../errors/errors.js";
import { formatShape, staticDim, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { equal, not, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { clip, log, neg } from "../../ops/elementwise.js";
import { squeeze } from "../../ops/layout.js";
import { reduceSum } from "../../ops/reduction.js";
import { logSoftmax } from "../../ops/softmax.js";
import { toChannelsLast } from "../channels.js";
import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { classesOf, type LabelRule } from "../label-rule.js";
import { classColumns } from "./class-columns.js";
import { logitsOf } from "./logits-of.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link SparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities; default `false`. */
  readonly fromLogits?: boolean;
  /** A class whose samples have no loss; default none. */
  readonly ignoreClass?: number | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["fromLogits", "ignoreClass", "reduction"] as const;

/**
 * `−log p` of the class that the label numbers, with p clipped to [1e-7, 1 − 1e-7] and then scaled to sum 1; of logits:
 * `−logSoftmax(z)`.
 *
 * Labels are class numbers from 0, `[N]` or `[N, 1]`, fed as float32. Where the prediction comes out of a softmax, the
 * logits before it are used, as Keras does on TensorFlow.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class – a label that is no class
 * is refused by `fit` and its sisters, also 1.5, which Keras cuts to 1
 */
export class SparseCategoricalCrossentropy extends Loss {
  static readonly className: string = "SparseCategoricalCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "fromLogits",
    "ignoreClass",
  ] satisfies readonly (keyof SparseCategoricalCrossentropyOptions)[];
  private readonly fromLogits: boolean;
  private readonly ignoreClass: number | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SparseCategoricalCrossentropyOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: SparseCategoricalCrossentropyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<SparseCategoricalCrossentropyOptions>(SparseCategoricalCrossentropy, given);
    super("sparse_categorical_crossentropy", options);
    this.fromLogits = options.fromLogits ?? false;
    this.ignoreClass =
      options.ignoreClass === undefined
        ? undefined
        : wholeNumber("SparseCategoricalCrossentropy", "ignoreClass", options.ignoreClass, -Infinity);
  }

  protected override perElement(labels: Value, output: Value): Value {
    const logits = logitsOf(output, "Softmax", { owner: this, fromLogits: this.fromLogits });
    const prediction = toChannelsLast(logits ?? output);
    const axis = prediction.rank - 1;
    const numbers = labels.rank === prediction.rank && labels.shape.at(-1) === 1 ? squeeze(labels, [axis]) : labels;
    if (numbers.rank !== axis) {
      throw new ShapeError(`${this.name}: the labels are not class numbers.`, {
        subject: this.name,
        expected: `one number for each prediction, ${formatShape(prediction.shape.slice(0, -1))}`,
        received: formatShape(labels.shape),
        advice: `Use "categorical_crossentropy" for one-hot labels.`,
      });
    }
    // As on TensorFlow, clipped probabilities pass for logits: their softmax scales them to sum 1.
    const logarithms = logSoftmax(logits === undefined ? log(clip(prediction, 1e-7, 1 - 1e-7)) : prediction, { axis });
    const chosen = classColumns(numbers, staticDim(prediction.shape, axis, this.name));
    return neg(reduceSum(where(chosen, logarithms, scalarLike(logarithms, 0)), [axis], { keepdims: 0 }));
  }

  protected override counted(labels: Value, losses: Value): Value | undefined {
    if (this.ignoreClass === undefined) return undefined;
    const numbers = labels.rank > losses.rank ? squeeze(labels, [losses.rank]) : labels;
    return not(equal(numbers, scalarLike(numbers, this.ignoreClass)));
  }

  override labelRule(output: Shape): LabelRule {
    return classesOf(output, this.ignoreClass);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), from_logits: this.fromLogits, ignore_class: this.ignoreClass ?? null };
  }
}
