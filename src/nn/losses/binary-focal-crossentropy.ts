import type { Value } from "../../graph/value.js";
import { sigmoid } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, log, mul, neg, pow, sub } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { normalizeAxis } from "../../graph/shape.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link BinaryFocalCrossentropy}. */
export interface BinaryFocalCrossentropyOptions extends LossOptions {
  /** Whether `alpha` is used; default `false`. */
  readonly applyClassBalancing?: boolean;
  /** Factor of class 1, that of class 0 is 1 − alpha, in [0, 1]; default 0.25. */
  readonly alpha?: number;
  /** Exponent that lowers the weight of what is predicted well; default 2. */
  readonly gamma?: number;
  /** Whether predictions are logits rather than probabilities; default `false`. */
  readonly fromLogits?: boolean;
  /** How far labels are pulled together, in [0, 1]; default 0. */
  readonly labelSmoothing?: number;
  /** Axis of the classes in Keras's order; default -1. */
  readonly axis?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "applyClassBalancing",
  "alpha",
  "gamma",
  "fromLogits",
  "labelSmoothing",
  "axis",
  "reduction",
  "name",
] as const;

/**
 * `(1 − pₜ)^gamma` times the binary crossentropy, with pₜ the probability of what is true.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#binaryfocalcrossentropy-class
 */
export class BinaryFocalCrossentropy extends Loss {
  static readonly className: string = "BinaryFocalCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "applyClassBalancing",
    "alpha",
    "gamma",
    "fromLogits",
    "labelSmoothing",
    "axis",
  ] satisfies readonly (keyof BinaryFocalCrossentropyOptions)[];
  private readonly applyClassBalancing: boolean;
  private readonly alpha: number;
  private readonly gamma: number;
  private readonly fromLogits: boolean;
  private readonly labelSmoothing: number;
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<BinaryFocalCrossentropyOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: BinaryFocalCrossentropyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<BinaryFocalCrossentropyOptions>(BinaryFocalCrossentropy, given);
    super("binary_focal_crossentropy", options);
    this.applyClassBalancing = options.applyClassBalancing ?? false;
    this.alpha = numberWithin("BinaryFocalCrossentropy", "alpha", options.alpha ?? 0.25, 0, 1);
    this.gamma = numberWithin("BinaryFocalCrossentropy", "gamma", options.gamma ?? 2, 0);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = numberWithin("BinaryFocalCrossentropy", "labelSmoothing", options.labelSmoothing ?? 0, 0, 1);
    this.axis = options.axis ?? -1;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const number = (value: number): Value => scalarLike(prediction, value);
    const one = number(1);
    const s = this.labelSmoothing;
    const t = s === 0 ? truth : add(mul(truth, number(1 - s)), number(s / 2));
    const p = this.fromLogits ? sigmoid(prediction) : prediction;
    const q = clip(p, 1e-7, 1 - 1e-7);
    // What is true, of two numbers for class 1 and class 0.
    const ofTruth = (positive: Value, negative: Value): Value => add(mul(t, positive), mul(sub(one, t), negative));
    const crossentropy = neg(ofTruth(log(q), log(sub(one, q))));
    const focal = mul(pow(sub(one, ofTruth(p, sub(one, p))), number(this.gamma)), crossentropy);
    const balanced = this.applyClassBalancing ? mul(ofTruth(number(this.alpha), number(1 - this.alpha)), focal) : focal;
    return reduceMean(balanced, [normalizeAxis(this.axis, balanced.rank, this.name)], { keepdims: 0 });
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      apply_class_balancing: this.applyClassBalancing,
      alpha: this.alpha,
      gamma: this.gamma,
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: this.axis,
    };
  }
}
