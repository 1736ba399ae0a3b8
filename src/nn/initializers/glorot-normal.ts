import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed", "inputAxes", "outputAxes"] as const;

/**
 * Random values, truncated normal with variance 2 / (fanIn + fanOut).
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotNormal extends VarianceScaling {
  static override readonly className: string = "GlorotNormal";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">, typeof following>
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
