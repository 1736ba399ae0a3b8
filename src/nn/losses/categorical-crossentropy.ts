import { normalizeAxis, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, log, mul, neg } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { logSoftmax } from "../../ops/softmax.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import type { CrossentropyOptions } from "./binary-crossentropy.js";
import { logitsOf } from "./logits-of.js";
import { Loss } from "./loss.js";
import { warnOfOneUnit } from "./one-unit.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["fromLogits", "labelSmoothing", "axis", "reduction", "name"] as const;

/**
 * `−Σ t log p` over the classes, with p scaled to sum 1 and clipped to [1e-7, 1 − 1e-7]; of logits: `−Σ t logSoftmax(z)`.
 *
 * Labels are distributions over the classes, usually one-hot. Where the prediction comes out of a softmax, the logits
 * before it are used, as Keras does on TensorFlow. Smoothing makes labels `t · (1 − s) + s / classes`.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
 */
export class CategoricalCrossentropy extends Loss {
  static readonly className: string = "CategoricalCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "fromLogits",
    "labelSmoothing",
    "axis",
  ] satisfies readonly (keyof CrossentropyOptions)[];
  private readonly fromLogits: boolean;
  private readonly labelSmoothing: number;
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CrossentropyOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CrossentropyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CrossentropyOptions>(CategoricalCrossentropy, given);
    super("categorical_crossentropy", options);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = numberWithin("CategoricalCrossentropy", "labelSmoothing", options.labelSmoothing ?? 0, 0, 1);
    this.axis = options.axis ?? -1;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const logits = logitsOf(output, "Softmax", { owner: this, fromLogits: this.fromLogits });
    const { truth, prediction } = align(labels, logits ?? output, this.name);
    const axis = normalizeAxis(this.axis, prediction.rank, this.name);
    warnOfOneUnit(this, prediction);
    const logarithms =
      logits === undefined
        ? log(clip(div(prediction, reduceSum(prediction, [axis], { keepdims: 1 })), 1e-7, 1 - 1e-7))
        : logSoftmax(prediction, { axis });
    return neg(reduceSum(mul(this.smooth(truth, prediction), logarithms), [axis], { keepdims: 0 }));
  }

  private smooth(truth: Value, prediction: Value): Value {
    const s = this.labelSmoothing;
    if (s === 0) return truth;
    const classes = staticDim(prediction.shape, prediction.rank - 1, this.name);
    return add(mul(truth, scalarLike(truth, 1 - s)), scalarLike(truth, s / classes));
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: this.axis,
    };
  }
}
