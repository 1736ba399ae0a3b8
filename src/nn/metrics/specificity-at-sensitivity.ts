import { type AtThresholdOptions, BaseAtThreshold, type ThresholdFigures } from "./base-at-threshold.js";
import { byName, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["numThresholds", "classId", "name"] as const;

/**
 * The greatest specificity, `TN / (TN + FP)`, at a threshold with at least the given sensitivity, `TP / (TP + FN)`.
 *
 * @see https://keras.io/api/metrics/classification_metrics/
 */
export class SpecificityAtSensitivity extends BaseAtThreshold {
  static readonly className: string = "SpecificityAtSensitivity";
  static readonly positional: readonly string[] = ["sensitivity"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<AtThresholdOptions & { readonly sensitivity: number }, typeof following, ["sensitivity"]>
  );
  /**
   * @param sensitivity the bound, in [0, 1]
   * @throws UsageError when an option is not usable
   */
  constructor(sensitivity: number, options?: AtThresholdOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: AtThresholdOptions & { readonly sensitivity: number });
  constructor(...given: readonly unknown[]) {
    const { sensitivity, ...options } = byName<AtThresholdOptions & { readonly sensitivity: number }>(
      SpecificityAtSensitivity,
      given,
    );
    super("specificity_at_sensitivity", "sensitivity", sensitivity, options);
  }

  protected figures({ specificity, sensitivity }: ThresholdFigures): readonly [number, number] {
    return [sensitivity, specificity];
  }
}
