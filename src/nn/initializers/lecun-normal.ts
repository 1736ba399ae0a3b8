import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed", "inputAxes", "outputAxes"] as const;

/**
 * Random values, truncated normal with variance 1 / fanIn: for layers with SELU.
 *
 * @see https://arxiv.org/abs/1706.02515
 */
export class LecunNormal extends VarianceScaling {
  static override readonly className: string = "LecunNormal";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">, typeof following>
  );
  constructor(options?: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">>(LecunNormal, given);
    checkOwnOptions(LecunNormal, options);
    super({ ...options, scale: 1, mode: "fan_in", distribution: "truncated_normal" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
