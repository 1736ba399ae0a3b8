import { type AtThresholdOptions, BaseAtThreshold, type ThresholdFigures } from "./base-at-threshold.js";
import { byName, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["numThresholds", "classId", "name"] as const;

/**
 * The greatest sensitivity, `TP / (TP + FN)`, at a threshold with at least the given specificity, `TN / (TN + FP)`.
 *
 * @see https://keras.io/api/metrics/classification_metrics/
 */
export class SensitivityAtSpecificity extends BaseAtThreshold {
  static readonly className: string = "SensitivityAtSpecificity";
  static readonly positional: readonly string[] = ["specificity"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<AtThresholdOptions & { readonly specificity: number }, typeof following, ["specificity"]>
  );
  /**
   * @param specificity the bound, in [0, 1]
   * @throws UsageError when an option is not usable
   */
  constructor(specificity: number, options?: AtThresholdOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: AtThresholdOptions & { readonly specificity: number });
  constructor(...given: readonly unknown[]) {
    const { specificity, ...options } = byName<AtThresholdOptions & { readonly specificity: number }>(
      SensitivityAtSpecificity,
      given,
    );
    super("sensitivity_at_specificity", "specificity", specificity, options);
  }

  protected figures({ specificity, sensitivity }: ThresholdFigures): readonly [number, number] {
    return [specificity, sensitivity];
  }
}
