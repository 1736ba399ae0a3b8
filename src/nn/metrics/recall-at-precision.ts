import { type AtThresholdOptions, BaseAtThreshold, type ThresholdFigures } from "./base-at-threshold.js";
import { byName, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["numThresholds", "classId", "name"] as const;

/**
 * The greatest recall, `TP / (TP + FN)`, at a threshold with at least the given precision, `TP / (TP + FP)`.
 *
 * @see https://keras.io/api/metrics/classification_metrics/
 */
export class RecallAtPrecision extends BaseAtThreshold {
  static readonly className: string = "RecallAtPrecision";
  static readonly positional: readonly string[] = ["precision"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<AtThresholdOptions & { readonly precision: number }, typeof following, ["precision"]>
  );
  /**
   * @param precision the bound, in [0, 1]
   * @throws UsageError when an option is not usable
   */
  constructor(precision: number, options?: AtThresholdOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: AtThresholdOptions & { readonly precision: number });
  constructor(...given: readonly unknown[]) {
    const { precision, ...options } = byName<AtThresholdOptions & { readonly precision: number }>(
      RecallAtPrecision,
      given,
    );
    super("recall_at_precision", "precision", precision, options);
  }

  protected figures({ precision, sensitivity }: ThresholdFigures): readonly [number, number] {
    return [precision, sensitivity];
  }
}
