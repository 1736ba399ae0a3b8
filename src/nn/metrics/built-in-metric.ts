import { Metric, type MetricData } from "./metric.js";

/** A metric of the package: its figure follows from sums alone, so it is known without the engine. */
export abstract class BuiltInMetric extends Metric {
  override updateState(yTrue: MetricData, yPred?: MetricData, sampleWeight?: MetricData | null): Promise<void> {
    return super.updateState(yTrue, yPred, sampleWeight) as Promise<void>;
  }

  override result(): number {
    return super.result() as number;
  }

  static {
    BuiltInMetric.builtIn(BuiltInMetric);
  }
}
