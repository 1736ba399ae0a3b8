import type { Value } from "../../../graph/value.js";
import { mul } from "../../../ops/elementwise.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { numberWithin, wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { Constant } from "../../initializers/constant.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { Variable } from "../../variable.js";

/**
 * Multiplies each channel by a learned number, as ConvNeXt does at the end of its blocks. Weight: `variable` (Keras does
 * not name it), `[C]`.
 *
 * @see https://arxiv.org/abs/2103.17239
 */
export class LayerScale extends UnaryLayer {
  static readonly className: string = "LayerScale";
  static readonly positional: readonly string[] = ["init_values", "projection_dim"];
  private readonly initValues: number;
  private readonly projectionDim: number;
  private gamma: Variable | undefined;

  /**
   * @param initValues what the numbers start with
   * @param projectionDim number of channels
   * @throws UsageError when an argument is not usable
   */
  constructor(initValues: number, projectionDim: number, options: LayerOptions = {}) {
    super(options);
    this.initValues = numberWithin("LayerScale", "initValues", initValues);
    this.projectionDim = wholeNumber("LayerScale", "projectionDim", projectionDim);
  }

  protected override createWeights(): void {
    this.gamma = this.createWeight("variable", [this.projectionDim], new Constant(this.initValues));
  }

  protected forward(x: Value, context: CallContext): Value {
    const gamma = this.weightValue(this.gamma, context);
    return mul(x, x.rank === 4 ? reshapeTo(gamma, [this.projectionDim, 1, 1]) : gamma);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), init_values: this.initValues, projection_dim: this.projectionDim };
  }
}
