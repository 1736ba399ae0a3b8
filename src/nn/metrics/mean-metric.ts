import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";
import type { Config } from "../config.js";
import { BuiltInMetric } from "./built-in-metric.js";

/** A metric that is the weighted mean of a figure of each sample. */
export abstract class MeanMetric extends BuiltInMetric {
  override readonly name: string;

  /**
   * @param name key in logs, unless the options say another
   * @param options all options of the metric
   */
  constructor(name: string, options: { readonly name?: string | undefined } = {}) {
    super(options);
    this.name = options.name ?? name;
  }

  /** The figure of each element, `[N]` or `[N, …]`. */
  protected abstract perElement(truth: Value, prediction: Value): Value;

  override state(truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const figures = this.perElement(truth, prediction);
    const axes = figures.shape.map((_, axis) => axis).slice(1);
    const perSample = axes.length === 0 ? figures : reduceMean(figures, axes, { keepdims: 0 });
    return {
      total: reduceSum(mul(perSample, sampleWeight), undefined, { keepdims: 0 }),
      count: reduceSum(sampleWeight, undefined, { keepdims: 0 }),
    };
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    const total = state["total"]?.[0] ?? 0;
    const count = state["count"]?.[0] ?? 0;
    return count === 0 ? 0 : total / count;
  }

  override getConfig(): Config {
    return { name: this.name };
  }
}
