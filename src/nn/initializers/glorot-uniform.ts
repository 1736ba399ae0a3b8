import { checkOwnOptions } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, uniform within ±√(6 / (fanIn + fanOut)): the default of kernels.
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotUniform extends VarianceScaling {
  static override readonly className: string = "GlorotUniform";
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  constructor(options: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes"> = {}) {
    checkOwnOptions(GlorotUniform, options);
    super({ ...options, scale: 1, mode: "fan_avg", distribution: "uniform" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
