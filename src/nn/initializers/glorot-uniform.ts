import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { VarianceScaling, type VarianceScalingOptions } from "./variance-scaling.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed", "inputAxes", "outputAxes"] as const;

/**
 * Random values, uniform within ±√(6 / (fanIn + fanOut)): the default of kernels.
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotUniform extends VarianceScaling {
  static override readonly className: string = "GlorotUniform";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["scale", "mode", "distribution"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">, typeof following>
  );
  constructor(options?: Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Pick<VarianceScalingOptions, "seed" | "inputAxes" | "outputAxes">>(GlorotUniform, given);
    checkOwnOptions(GlorotUniform, options);
    super({ ...options, scale: 1, mode: "fan_avg", distribution: "uniform" });
  }

  override getConfig(): Config {
    return { seed: super.getConfig()["seed"], ...this.axesConfig };
  }
}
