import { UsageError } from "../../../errors/errors.js";
import type { Value } from "../../../graph/value.js";
import { concat } from "../../../ops/joining.js";
import { graphAxis } from "../../channels.js";
import { withFirst } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { Layer, type LayerOptions } from "../../layer.js";

/** Options of {@link Concatenate}. */
export interface ConcatenateOptions extends LayerOptions {
  /** Axis in Keras's order; default -1, the channels. */
  readonly axis?: number;
}

/** The inputs one behind the other along an axis. @see https://keras.io/api/layers/merging_layers/concatenate/ */
export class Concatenate extends Layer {
  static readonly className: string = "Concatenate";
  private readonly axis: number;

  /** @param axis the axis, or all options; default -1 */
  constructor(axis?: number | ConcatenateOptions, options?: ConcatenateOptions) {
    const all = withFirst<ConcatenateOptions>(axis, options, "axis");
    super(all);
    this.axis = all.axis ?? -1;
  }

  protected override compute(inputs: readonly Value[]): readonly Value[] {
    const [first] = inputs;
    if (first === undefined) {
      throw new UsageError(`The layer "${this.name}" (Concatenate) has no inputs.`, {
        subject: this.name,
        expected: "one or more",
        received: "none",
        advice: "Give apply() a list.",
      });
    }
    return [concat(inputs, { axis: graphAxis(this.axis, first.rank, "Concatenate") })];
  }

  override getConfig(): Config {
    return { ...this.baseConfig(), axis: this.axis };
  }
}
