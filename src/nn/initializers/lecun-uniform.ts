import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, uniform within ±√(3 / fanIn).
 *
 * @see https://arxiv.org/abs/1706.02515
 */
export class LecunUniform extends VarianceScaling {
  static override readonly className: string = "LecunUniform";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(LecunUniform, options);
    super({ ...options, scale: 1, mode: "fan_in", distribution: "uniform" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
