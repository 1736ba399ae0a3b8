import type { CrossentropyOptions } from "../losses/binary-crossentropy.js";
import { CategoricalCrossentropy as CategoricalCrossentropyLoss } from "../losses/categorical-crossentropy.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class CategoricalCrossentropy extends LossMetric {
  static override readonly className: string = "CategoricalCrossentropy";
  static override readonly options: readonly string[] = ["fromLogits", "labelSmoothing", "axis", "name"];

  /** @param options those of the loss; `name` is the key in logs, default `"categorical_crossentropy"` */
  constructor(options: Omit<CrossentropyOptions, "reduction"> = {}) {
    super("categorical_crossentropy", options, CategoricalCrossentropyLoss);
  }
}
