import { type Confusion, ConfusionMetric, type ConfusionOptions } from "./confusion-metric.js";

/** How much of what is true is predicted: `TP / (TP + FN)`; 0 where there is none. @see https://keras.io/api/metrics/classification_metrics/ */
export class Recall extends ConfusionMetric {
  static readonly className: string = "Recall";
  override readonly direction = "up";

  /** @throws UsageError when an option is not usable */
  constructor(options: ConfusionOptions = {}) {
    super("recall", options);
  }

  protected of({ truePositives, falseNegatives }: Confusion): number {
    const all = truePositives + falseNegatives;
    return all === 0 ? 0 : truePositives / all;
  }
}
