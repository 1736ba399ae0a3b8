import {
  SparseCategoricalCrossentropy as SparseCategoricalCrossentropyLoss,
  type SparseCategoricalCrossentropyOptions,
} from "../losses/sparse-categorical-crossentropy.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "fromLogits", "ignoreClass"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class SparseCategoricalCrossentropy extends LossMetric {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["fromLogits", "name", "ignoreClass"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<SparseCategoricalCrossentropyOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"sparse_categorical_crossentropy"` */
  constructor(options?: Omit<SparseCategoricalCrossentropyOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<SparseCategoricalCrossentropyOptions, "reduction">>(
      SparseCategoricalCrossentropy,
      given,
    );
    super("sparse_categorical_crossentropy", options, SparseCategoricalCrossentropyLoss);
  }
}
