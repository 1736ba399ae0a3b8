import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { softplus } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, log, mul, neg, sub } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import { logitsOf } from "./logits-of.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options of crossentropies. */
export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities; default `false`. */
  readonly fromLogits?: boolean;
  /** How far labels are pulled together, in [0, 1]; default 0. */
  readonly labelSmoothing?: number;
  /** Axis of the classes in Keras's order; default -1. */
  readonly axis?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["fromLogits", "labelSmoothing", "axis", "reduction", "name"] as const;

/**
 * `−t log p − (1 − t) log(1 − p)`, with p clipped to [1e-7, 1 − 1e-7]; of logits z: `softplus(z) − t z`.
 *
 * Labels are 0 or 1, `[N]` or of the prediction's shape. Where the prediction comes out of a sigmoid, the logits before it
 * are used, as Keras does on TensorFlow. Smoothing makes labels `t · (1 − s) + s / 2`.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
 */
export class BinaryCrossentropy extends Loss {
  static readonly className: string = "BinaryCrossentropy";
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
    const options = byName<CrossentropyOptions>(BinaryCrossentropy, given);
    super("binary_crossentropy", options);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = numberWithin("BinaryCrossentropy", "labelSmoothing", options.labelSmoothing ?? 0, 0, 1);
    this.axis = options.axis ?? -1;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const logits = logitsOf(output, "Sigmoid", { owner: this, fromLogits: this.fromLogits });
    const { truth, prediction } = align(labels, logits ?? output, this.name);
    const losses = crossentropy(this.smooth(truth), prediction, logits !== undefined);
    return reduceMean(losses, [normalizeAxis(this.axis, losses.rank, this.name)], { keepdims: 0 });
  }

  private smooth(truth: Value): Value {
    const s = this.labelSmoothing;
    return s === 0 ? truth : add(mul(truth, scalarLike(truth, 1 - s)), scalarLike(truth, s / 2));
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

function crossentropy(truth: Value, prediction: Value, fromLogits: boolean): Value {
  if (fromLogits) return sub(softplus(prediction), mul(prediction, truth));
  const one = scalarLike(prediction, 1);
  const p = clip(prediction, 1e-7, 1 - 1e-7);
  return neg(add(mul(truth, log(p)), mul(sub(one, truth), log(sub(one, p)))));
}
