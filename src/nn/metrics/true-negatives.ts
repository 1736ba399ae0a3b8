import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { type Confusion, ConfusionMetric, type ConfusionOptions } from "./confusion-metric.js";

/** Options that may follow by position, in Keras's order. */
const following = ["thresholds", "name"] as const;

/** The weighted number of labels of class 0 that are predicted so. @see https://keras.io/api/metrics/classification_metrics/ */
export class TrueNegatives extends ConfusionMetric {
  static readonly className: string = "TrueNegatives";
  static readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["topK", "classId"];
  override readonly direction = undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Pick<ConfusionOptions, "thresholds" | "name">, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: Pick<ConfusionOptions, "thresholds" | "name">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Pick<ConfusionOptions, "thresholds" | "name">>(TrueNegatives, given);
    checkOwnOptions(TrueNegatives, options);
    super("true_negatives", options);
  }

  protected of({ trueNegatives }: Confusion): number {
    return trueNegatives;
  }

  override getConfig(): Config {
    const { name, thresholds } = super.getConfig();
    return { name, thresholds };
  }
}
