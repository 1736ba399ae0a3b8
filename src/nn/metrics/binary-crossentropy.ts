import {
  BinaryCrossentropy as BinaryCrossentropyLoss,
  type CrossentropyOptions,
} from "../losses/binary-crossentropy.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class BinaryCrossentropy extends LossMetric {
  static override readonly className: string = "BinaryCrossentropy";
  static override readonly options: readonly string[] = ["fromLogits", "labelSmoothing", "axis", "name"];

  /** @param options those of the loss; `name` is the key in logs, default `"binary_crossentropy"` */
  constructor(options: Omit<CrossentropyOptions, "reduction"> = {}) {
    super("binary_crossentropy", options, BinaryCrossentropyLoss);
  }
}
