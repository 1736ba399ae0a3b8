import { wholeOrList } from "../../../errors/check.js";
import type { Value } from "../../../graph/value.js";
import { graphAxis } from "../../channels.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { unitVectors } from "../../unit-vectors.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link UnitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** Axis or axes of the vectors in Keras's order; default -1, the channels. */
  readonly axis?: number | readonly number[];
}

/** Options that may follow by position, in Keras's order. */
const following = ["axis"] as const;

/**
 * Scales vectors to Euclidean length 1.
 *
 * @see https://keras.io/api/layers/normalization_layers/unit_normalization/
 */
export class UnitNormalization extends UnaryLayer {
  static readonly className: string = "UnitNormalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["axis"] satisfies readonly (keyof UnitNormalizationOptions)[];
  private readonly axis: number | readonly number[];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<UnitNormalizationOptions, typeof following>);
  constructor(options?: UnitNormalizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<UnitNormalizationOptions>(UnitNormalization, given);
    super(options);
    this.axis = options.axis ?? -1;
    wholeOrList("UnitNormalization", "axis", this.axis);
  }

  protected forward(x: Value): Value {
    const axes = typeof this.axis === "number" ? [this.axis] : this.axis;
    return unitVectors(
      x,
      axes.map((axis) => graphAxis(axis, x.rank, "UnitNormalization")),
      1e-12,
    );
  }

  getConfig(): Config {
    return { ...this.baseConfig(), axis: this.axis };
  }
}
