import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { type Confusion, ConfusionMetric, type ConfusionOptions } from "./confusion-metric.js";

/** The weighted number of labels of class 0 that are predicted so. @see https://keras.io/api/metrics/classification_metrics/ */
export class TrueNegatives extends ConfusionMetric {
  static readonly className: string = "TrueNegatives";
  static readonly fixedOptions: readonly string[] = ["topK", "classId"];
  override readonly direction = undefined;

  /** @throws UsageError when an option is not usable */
  constructor(options: Pick<ConfusionOptions, "thresholds" | "name"> = {}) {
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
