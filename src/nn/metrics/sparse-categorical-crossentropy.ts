import {
  SparseCategoricalCrossentropy as SparseCategoricalCrossentropyLoss,
  type SparseCategoricalCrossentropyOptions,
} from "../losses/sparse-categorical-crossentropy.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class SparseCategoricalCrossentropy extends LossMetric {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  static override readonly options: readonly string[] = ["fromLogits", "name", "ignoreClass"];

  /** @param options those of the loss; `name` is the key in logs, default `"sparse_categorical_crossentropy"` */
  constructor(options: Omit<SparseCategoricalCrossentropyOptions, "reduction"> = {}) {
    super("sparse_categorical_crossentropy", options, SparseCategoricalCrossentropyLoss);
  }
}
