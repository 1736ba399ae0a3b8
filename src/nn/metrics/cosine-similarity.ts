import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { unitVectors } from "../unit-vectors.js";
import { MeanMetric } from "./mean-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Axis of the vectors in Keras's order; default -1. */
  readonly axis?: number;
  /** Key in logs; default `"cosine_similarity"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "axis"] as const;

/** The cosine of the angle between truth and prediction, 1 where they point the same way. @see https://keras.io/api/metrics/regression_metrics/ */
export class CosineSimilarity extends MeanMetric {
  static readonly className: string = "CosineSimilarity";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "axis",
    "name",
  ] satisfies readonly (keyof CosineSimilarityOptions)[];
  override readonly direction = "up";
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CosineSimilarityOptions, typeof following>);
  constructor(options?: CosineSimilarityOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CosineSimilarityOptions>(CosineSimilarity, given);
    super("cosine_similarity", options);
    const { axis = -1 } = options;
    this.axis = axis;
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const axes = [normalizeAxis(this.axis, prediction.rank, this.name)];
    return reduceSum(mul(unitVectors(truth, axes), unitVectors(prediction, axes)), axes, { keepdims: 0 });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
