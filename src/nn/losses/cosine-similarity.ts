import type { Value } from "../../graph/value.js";
import { mul, neg } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";

import type { Config } from "../config.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { normalizeAxis } from "../../graph/shape.js";
import { unitVectors } from "../unit-vectors.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions extends LossOptions {
  /** Axis of the vectors in Keras's order; default -1. */
  readonly axis?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["axis", "reduction", "name"] as const;

/**
 * `−Σ t̂ p̂` over an axis, of the vectors scaled to length 1: −1 where they point the same way.
 *
 * @see https://keras.io/api/losses/regression_losses/#cosinesimilarity-class
 */
export class CosineSimilarity extends Loss {
  static readonly className: string = "CosineSimilarity";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["axis"] satisfies readonly (keyof CosineSimilarityOptions)[];
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CosineSimilarityOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CosineSimilarityOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CosineSimilarityOptions>(CosineSimilarity, given);
    super("cosine_similarity", options);
    this.axis = options.axis ?? -1;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const axis = normalizeAxis(this.axis, prediction.rank, this.name);
    return neg(reduceSum(mul(unitVectors(truth, [axis]), unitVectors(prediction, [axis])), [axis], { keepdims: 0 }));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
