import { type Confusion, ConfusionMetric, type ConfusionOptions } from "./confusion-metric.js";

/** How much of what is predicted is true: `TP / (TP + FP)`; 0 where there is none. @see https://keras.io/api/metrics/classification_metrics/ */
export class Precision extends ConfusionMetric {
  static readonly className: string = "Precision";
  override readonly direction = "up";

  /** @throws UsageError when an option is not usable */
  constructor(options: ConfusionOptions = {}) {
    super("precision", options);
  }

  protected of({ truePositives, falsePositives }: Confusion): number {
    const all = truePositives + falsePositives;
    return all === 0 ? 0 : truePositives / all;
  }
}
