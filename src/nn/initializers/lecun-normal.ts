import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, truncated normal with variance 1 / fanIn: for layers with SELU.
 *
 * @see https://arxiv.org/abs/1706.02515
 */
export class LecunNormal extends VarianceScaling {
  static override readonly className: string = "LecunNormal";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(LecunNormal, options);
    super({ ...options, scale: 1, mode: "fan_in", distribution: "truncated_normal" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
