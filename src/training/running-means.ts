import type { Compiled, Logs } from "../models/training-types.js";
import type { Metric } from "../nn/metrics/metric.js";
import { fromTensor, type NamedTensors } from "../runtime/runtime.js";
import { names } from "./programs.js";
import { numberOf } from "./step-runner.js";

/** Sums as plain JSON, which has no NaN and no infinities: numbers are texts. */
export interface SavedMeans {
  readonly loss: string;
  readonly samples: number;
  readonly sums: Readonly<Record<string, readonly string[]>>;
}

/** Loss and metrics over the batches of an epoch: the loss is the mean over samples, states of metrics add up. */
export class RunningMeans {
  private lossSum = 0;
  private samples = 0;
  private readonly sums = new Map<string, Float64Array>();

  /**
   * @param saved what another gave, to go on from; default: nothing yet
   */
  constructor(
    private readonly compiled: Compiled,
    saved?: SavedMeans,
  ) {
    if (saved === undefined) return;
    this.lossSum = Number(saved.loss);
    this.samples = saved.samples;
    for (const [name, sum] of Object.entries(saved.sums)) this.sums.set(name, Float64Array.from(sum, Number));
  }

  /** All that is needed to go on. */
  save(): SavedMeans {
    const sums = [...this.sums].map(([name, sum]) => [name, Array.from(sum, String)] as const);
    return { loss: String(this.lossSum), samples: this.samples, sums: Object.fromEntries(sums) };
  }

  /** Takes in what a step or an evaluation of a batch of `size` samples returned. */
  add(results: NamedTensors, size: number): void {
    this.lossSum += numberOf(results[names.loss]) * size;
    this.samples += size;
    for (const [name, tensor] of Object.entries(results)) {
      if (!name.startsWith("metric/") && !name.startsWith("weighted_metric/")) continue;
      const values = fromTensor(tensor).data as Float32Array;
      const sum = this.sums.get(name) ?? new Float64Array(values.length);
      values.forEach((value, index) => {
        sum[index] = (sum[index] ?? 0) + value;
      });
      this.sums.set(name, sum);
    }
  }

  private result(metric: Metric, prefix: string): number {
    const state = [...this.sums].flatMap(([name, sum]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), sum] as const] : [],
    );
    return metric.result(Object.fromEntries(state));
  }

  /** Loss and metrics so far. */
  logs(): Logs {
    const { metrics, weightedMetrics } = this.compiled;
    const logs: Logs = { loss: this.lossSum / this.samples };
    for (const metric of metrics) logs[metric.name] = this.result(metric, names.metric(metric.name, ""));
    for (const metric of weightedMetrics) {
      // As in Keras, a name that is taken is told apart.
      const key = metric.name in logs ? `weighted_${metric.name}` : metric.name;
      logs[key] = this.result(metric, names.weightedMetric(metric.name, ""));
    }
    return logs;
  }
}
