import { staticDim, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { div, pow, sub } from "../../ops/elementwise.js";
import { squeeze } from "../../ops/layout.js";
import { reduceSum } from "../../ops/reduction.js";
import { toChannelsLast } from "../channels.js";
import { numberInside } from "../../errors/check.js";
import type { Config } from "../config.js";
import { classesOf, type LabelRule } from "../label-rule.js";
import { classColumns } from "./class-columns.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link CategoricalGeneralizedCrossEntropy}. */
export interface CategoricalGeneralizedCrossEntropyOptions extends LossOptions {
  /** In (0, 1): near 0 as crossentropy, near 1 as the mean absolute error; default 0.5. */
  readonly q?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["q", "reduction", "name"] as const;

/**
 * `(1 − p^q) / q` with p the probability of the class that the label numbers: a crossentropy for noisy labels.
 *
 * @see https://arxiv.org/abs/1805.07836
 */
export class CategoricalGeneralizedCrossEntropy extends Loss {
  static readonly className: string = "CategoricalGeneralizedCrossEntropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "q",
  ] satisfies readonly (keyof CategoricalGeneralizedCrossEntropyOptions)[];
  private readonly q: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CategoricalGeneralizedCrossEntropyOptions, typeof following>);
  /** @throws UsageError when q is outside (0, 1) */
  constructor(options?: CategoricalGeneralizedCrossEntropyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CategoricalGeneralizedCrossEntropyOptions>(CategoricalGeneralizedCrossEntropy, given);
    super("categorical_generalized_cross_entropy", options);
    const { q = 0.5 } = options;
    this.q = numberInside("CategoricalGeneralizedCrossEntropy", "q", q, { above: 0, below: 1 });
  }

  protected override perElement(labels: Value, output: Value): Value {
    const prediction = toChannelsLast(output);
    const axis = prediction.rank - 1;
    const numbers = labels.rank === prediction.rank && labels.shape.at(-1) === 1 ? squeeze(labels, [axis]) : labels;
    const chosen = classColumns(numbers, staticDim(prediction.shape, axis, this.name));
    const p = reduceSum(where(chosen, prediction, scalarLike(prediction, 0)), [axis], { keepdims: 0 });
    return div(sub(scalarLike(p, 1), pow(p, scalarLike(p, this.q))), scalarLike(p, this.q));
  }

  override labelRule(output: Shape): LabelRule {
    return classesOf(output);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), q: this.q };
  }
}
