import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed", "inputAxes", "outputAxes"] as const;

/**
 * Random values, uniform within ±√(6 / fanIn): for layers with ReLU.
 *
 * @see https://arxiv.org/abs/1502.01852
 */
export class HeUniform extends VarianceScaling {
  static override readonly className: string = "HeUniform";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">, typeof following>
  );
  constructor(options?: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">>(HeUniform, given);
    checkOwnOptions(HeUniform, options);
    super({ ...options, scale: 2, mode: "fan_in", distribution: "uniform" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
