import { type AtThresholdOptions, BaseAtThreshold, type ThresholdFigures } from "./base-at-threshold.js";
import { byName, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["numThresholds", "classId", "name"] as const;

/**
 * The greatest precision, `TP / (TP + FP)`, at a threshold with at least the given recall, `TP / (TP + FN)`.
 *
 * @see https://keras.io/api/metrics/classification_metrics/
 */
export class PrecisionAtRecall extends BaseAtThreshold {
  static readonly className: string = "PrecisionAtRecall";
  static readonly positional: readonly string[] = ["recall"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<AtThresholdOptions & { readonly recall: number }, typeof following, ["recall"]>);
  /**
   * @param recall the bound, in [0, 1]
   * @throws UsageError when an option is not usable
   */
  constructor(recall: number, options?: AtThresholdOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: AtThresholdOptions & { readonly recall: number });
  constructor(...given: readonly unknown[]) {
    const { recall, ...options } = byName<AtThresholdOptions & { readonly recall: number }>(PrecisionAtRecall, given);
    super("precision_at_recall", "recall", recall, options);
  }

  protected figures({ precision, sensitivity }: ThresholdFigures): readonly [number, number] {
    return [sensitivity, precision];
  }
}
