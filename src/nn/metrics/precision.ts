import { type Confusion, ConfusionMetric, type ConfusionOptions } from "./confusion-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["thresholds", "topK", "classId", "name"] as const;

/** How much of what is predicted is true: `TP / (TP + FP)`; 0 where there is none. @see https://keras.io/api/metrics/classification_metrics/ */
export class Precision extends ConfusionMetric {
  static readonly className: string = "Precision";
  static readonly following: readonly string[] = following;
  override readonly direction = "up";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ConfusionOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: ConfusionOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<ConfusionOptions>(Precision, given);
    super("precision", options);
  }

  protected of({ truePositives, falsePositives }: Confusion): number {
    const all = truePositives + falsePositives;
    return all === 0 ? 0 : truePositives / all;
  }
}
