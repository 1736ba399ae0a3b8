import {
  BinaryCrossentropy as BinaryCrossentropyLoss,
  type CrossentropyOptions,
} from "../losses/binary-crossentropy.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "fromLogits", "labelSmoothing"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class BinaryCrossentropy extends LossMetric {
  static override readonly className: string = "BinaryCrossentropy";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["fromLogits", "labelSmoothing", "axis", "name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<CrossentropyOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"binary_crossentropy"` */
  constructor(options?: Omit<CrossentropyOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<CrossentropyOptions, "reduction">>(BinaryCrossentropy, given);
    super("binary_crossentropy", options, BinaryCrossentropyLoss);
  }
}
