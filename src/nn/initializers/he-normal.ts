import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, truncated normal with variance 2 / fanIn: for layers with ReLU.
 *
 * @see https://arxiv.org/abs/1502.01852
 */
export class HeNormal extends VarianceScaling {
  static override readonly className: string = "HeNormal";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(HeNormal, options);
    super({ ...options, scale: 2, mode: "fan_in", distribution: "truncated_normal" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
