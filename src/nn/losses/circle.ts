import { ShapeError } from "../../errors/errors.js";
import { dimAt, formatShape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { softplus } from "../../ops/activations.js";
import { and, equal, greater, not, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, max, mul, sub } from "../../ops/elementwise.js";
import { eyeLike } from "../../ops/indexing.js";
import { cast, transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { reduceLogSumExp } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Circle}. */
export interface CircleOptions extends LossOptions {
  /** Scale of the similarities; default 80. */
  readonly gamma?: number;
  /** How far apart classes are to be; default 0.4. */
  readonly margin?: number;
  /** Whether a sample is no partner of itself; default `true`. */
  readonly removeDiagonal?: boolean;
}

/** Stands for the logarithm of 0. */
const nothing = -1e9;

/** Options that may follow by position, in Keras's order. */
const following = ["gamma", "margin", "removeDiagonal", "reduction", "name"] as const;

/**
 * For vectors of length 1, `[N, E]`, and class numbers: how much nearer those of other classes in the batch are than those
 * of the same class.
 *
 * As in Keras, samples without any loss do not count in the mean.
 *
 * @see https://arxiv.org/abs/2002.10857
 * @see https://keras.io/api/losses/
 */
export class Circle extends Loss {
  static readonly className: string = "Circle";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "gamma",
    "margin",
    "removeDiagonal",
  ] satisfies readonly (keyof CircleOptions)[];
  private readonly gamma: number;
  private readonly margin: number;
  private readonly removeDiagonal: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CircleOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CircleOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CircleOptions>(Circle, given);
    super("circle", options);
    this.gamma = numberWithin("Circle", "gamma", options.gamma ?? 80);
    this.margin = numberWithin("Circle", "margin", options.margin ?? 0.4);
    this.removeDiagonal = options.removeDiagonal ?? true;
  }

  protected override perElement(labels: Value, prediction: Value): Value {
    const isColumn = labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === 1);
    if (prediction.rank !== 2 || !isColumn) {
      throw new ShapeError(`${this.name}: labels and predictions have the wrong shapes.`, {
        subject: this.name,
        expected: "class numbers [N] and vectors [N, E]",
        received: `${formatShape(labels.shape)} and ${formatShape(prediction.shape)}`,
      });
    }
    const number = (value: number): Value => scalarLike(prediction, value);
    const similarities = matmul(prediction, transpose(prediction, { perm: [1, 0] }));
    const distances = max([sub(number(1), similarities), number(0)]);
    const column = reshapeTo(labels, [dimAt(labels.shape, 0), 1]);
    const alike = equal(column, transpose(column, { perm: [1, 0] }));
    const partners = this.removeDiagonal ? and(alike, not(cast(eyeLike(similarities), "bool"))) : alike;
    const part = (chosen: Value, weights: Value, margin: number, sign: number): Value => {
      const weight = max([where(chosen, weights, number(0)), number(0)]);
      const weighted = mul(mul(weight, sub(number(margin), distances)), number(sign * this.gamma));
      return reduceLogSumExp(where(chosen, weighted, number(nothing)), [1], { keepdims: 0 });
    };
    const near = part(partners, add(distances, number(this.margin)), this.margin, -1);
    const far = part(not(alike), sub(number(1 + this.margin), distances), 1 - this.margin, 1);
    return softplus(add(near, far));
  }

  protected override counted(_truth: Value, losses: Value): Value {
    return greater(losses, scalarLike(losses, 0));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      gamma: this.gamma,
      margin: this.margin,
      remove_diagonal: this.removeDiagonal,
    };
  }
}
