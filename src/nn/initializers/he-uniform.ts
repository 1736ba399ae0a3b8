import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, uniform within ±√(6 / fanIn): for layers with ReLU.
 *
 * @see https://arxiv.org/abs/1502.01852
 */
export class HeUniform extends VarianceScaling {
  static override readonly className: string = "HeUniform";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(HeUniform, options);
    super({ ...options, scale: 2, mode: "fan_in", distribution: "uniform" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
