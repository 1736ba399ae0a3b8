import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";
import type { LabelRule } from "../label-rule.js";
import type { Loss, LossOptions } from "../losses/loss.js";
import { MeanMetric } from "./mean-metric.js";

/** A loss that is followed without being trained on, such as `"mae"`. @see https://keras.io/api/metrics/regression_metrics/ */
export class LossMetric extends MeanMetric {
  static readonly className: string = "LossMetric";
  override readonly direction = "down";

  private readonly loss: Loss;

  /**
   * @param name key in logs, unless the options say another
   * @param options all options of the metric, which are those of the loss
   * @param loss what is followed, or its class
   */
  constructor(name: string, options: LossOptions, loss: Loss | (new (options: LossOptions) => Loss)) {
    super(name, options);
    this.loss = typeof loss === "function" ? new loss(options) : loss;
  }

  protected perElement(truth: Value, prediction: Value): Value {
    return this.loss.perSample(truth, prediction);
  }

  override labelRule(output: Shape): LabelRule | undefined {
    return this.loss.hasOwnCall ? undefined : this.loss.labelRule?.(output);
  }

  override getConfig(): Config {
    // A metric is always a mean.
    const options = Object.entries(this.loss.getConfig()).filter(([key]) => key !== "reduction");
    return { ...Object.fromEntries(options), name: this.name };
  }
}
