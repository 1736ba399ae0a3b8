import type { Compiled, Logs } from "../models/training-types.js";
import { fromTensor, type NamedTensors } from "../runtime/runtime.js";
import { names } from "./programs.js";
import { numberOf } from "./step-runner.js";

/** Loss and metrics over the batches of an epoch: the loss is the mean over samples, states of metrics add up. */
export class RunningMeans {
  private lossSum = 0;
  private samples = 0;
  private readonly sums = new Map<string, Float64Array>();

  constructor(private readonly compiled: Compiled) {}

  /** Takes in what a step or an evaluation of a batch of `size` samples returned. */
  add(results: NamedTensors, size: number): void {
    this.lossSum += numberOf(results[names.loss]) * size;
    this.samples += size;
    for (const [name, tensor] of Object.entries(results)) {
      if (!name.startsWith("metric/")) continue;
      const values = fromTensor(tensor).data as Float32Array;
      const sum = this.sums.get(name) ?? new Float64Array(values.length);
      values.forEach((value, index) => {
        sum[index] = (sum[index] ?? 0) + value;
      });
      this.sums.set(name, sum);
    }
  }

  /** Loss and metrics so far. */
  logs(): Logs {
    const logs: Logs = { loss: this.lossSum / this.samples };
    for (const metric of this.compiled.metrics) {
      const prefix = names.metric(metric.name, "");
      const state = [...this.sums].flatMap(([name, sum]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), sum] as const] : [],
      );
      logs[metric.name] = metric.result(Object.fromEntries(state));
    }
    return logs;
  }
}
