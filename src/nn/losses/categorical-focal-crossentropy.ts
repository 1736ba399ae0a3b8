import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, log, mul, neg, pow, sub } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { softmax } from "../../ops/softmax.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { warnOfOneUnit } from "./one-unit.js";
import { normalizeAxis, staticDim } from "../../graph/shape.js";
import { constant } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link CategoricalFocalCrossentropy}. */
export interface CategoricalFocalCrossentropyOptions extends LossOptions {
  /** Factor of all classes, or one for each; default 0.25. */
  readonly alpha?: number | readonly number[];
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
const following = ["alpha", "gamma", "fromLogits", "labelSmoothing", "axis", "reduction", "name"] as const;

/**
 * `−Σ alpha (1 − p)^gamma t log p` over the classes, with p scaled to sum 1 and clipped to [1e-7, 1 − 1e-7].
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class
 */
export class CategoricalFocalCrossentropy extends Loss {
  static readonly className: string = "CategoricalFocalCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "alpha",
    "gamma",
    "fromLogits",
    "labelSmoothing",
    "axis",
  ] satisfies readonly (keyof CategoricalFocalCrossentropyOptions)[];
  private readonly alpha: number | readonly number[];
  private readonly gamma: number;
  private readonly fromLogits: boolean;
  private readonly labelSmoothing: number;
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CategoricalFocalCrossentropyOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CategoricalFocalCrossentropyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CategoricalFocalCrossentropyOptions>(CategoricalFocalCrossentropy, given);
    super("categorical_focal_crossentropy", options);
    this.alpha = options.alpha ?? 0.25;
    this.gamma = numberWithin("CategoricalFocalCrossentropy", "gamma", options.gamma ?? 2, 0);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = numberWithin(
      "CategoricalFocalCrossentropy",
      "labelSmoothing",
      options.labelSmoothing ?? 0,
      0,
      1,
    );
    this.axis = options.axis ?? -1;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    warnOfOneUnit(this, prediction);
    const axis = normalizeAxis(this.axis, prediction.rank, this.name);
    const number = (value: number): Value => scalarLike(prediction, value);
    const probabilities = this.fromLogits ? softmax(prediction, { axis }) : prediction;
    const p = clip(div(probabilities, reduceSum(probabilities, [axis], { keepdims: 1 })), 1e-7, 1 - 1e-7);
    const s = this.labelSmoothing;
    const classes = staticDim(prediction.shape, prediction.rank - 1, this.name);
    const t = s === 0 ? truth : add(mul(truth, number(1 - s)), number(s / classes));
    const alpha =
      typeof this.alpha === "number" ? number(this.alpha) : constant(float32(this.alpha, [this.alpha.length]));
    const factor = mul(pow(sub(number(1), p), number(this.gamma)), alpha);
    return neg(reduceSum(mul(factor, mul(t, log(p))), [axis], { keepdims: 0 }));
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      alpha: this.alpha,
      gamma: this.gamma,
      from_logits: this.fromLogits,
      label_smoothing: this.labelSmoothing,
      axis: this.axis,
    };
  }
}
