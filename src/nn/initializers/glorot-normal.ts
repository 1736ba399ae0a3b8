import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/**
 * Random values, truncated normal with variance 2 / (fanIn + fanOut).
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotNormal extends VarianceScaling {
  static override readonly className: string = "GlorotNormal";
  static override readonly following: readonly string[] = ["seed", "inputAxes", "outputAxes"];
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">,
      ["seed", "inputAxes", "outputAxes"]
    >
  );
  constructor(options?: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">>(GlorotNormal, given);
    checkOwnOptions(GlorotNormal, options);
    super({ ...options, scale: 1, mode: "fan_avg", distribution: "truncated_normal" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
