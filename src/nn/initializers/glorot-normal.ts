import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, truncated normal with variance 2 / (fanIn + fanOut).
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotNormal extends VarianceScaling {
  static override readonly className: string = "GlorotNormal";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(GlorotNormal, options);
    super({ ...options, scale: 1, mode: "fan_avg", distribution: "truncated_normal" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
