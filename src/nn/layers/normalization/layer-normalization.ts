import { wholeOrList } from "../../../errors/check.js";
import { dimAt, normalizeAxis, type Shape, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { transpose } from "../../../ops/layout.js";
import { layerNormalization } from "../../../ops/normalization.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { graphAxis, toChannelsFirst, toChannelsLast } from "../../channels.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { BaseSampleNormalization, type SampleNormalizationOptions } from "./base-sample-normalization.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends SampleNormalizationOptions {
  /** Axis or axes that are normalized together, in Keras's order; default -1, the channels. */
  readonly axis?: number | readonly number[];
  /** Divides by the deviation without taking the mean away, and leaves `beta` out; Keras's old way, default `false`. */
  readonly rmsScaling?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "axis",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
] as const;

/**
 * Gives the values along some axes of each sample mean 0 and variance 1, then `gamma · x + beta`.
 *
 * Weights: `gamma` and `beta`, with the extents of the axes.
 *
 * @see https://arxiv.org/abs/1607.06450
 * @see https://keras.io/api/layers/normalization_layers/layer_normalization/
 */
export class LayerNormalization extends BaseSampleNormalization {
  static readonly className: string = "LayerNormalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "axis",
    "rmsScaling",
  ] satisfies readonly (keyof LayerNormalizationOptions)[];
  private readonly axis: readonly number[];
  private readonly rmsScaling: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LayerNormalizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: LayerNormalizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LayerNormalizationOptions>(LayerNormalization, given);
    super(options);
    const { axis = -1 } = options;
    this.axis = [...wholeOrList(this.className, "axis", axis)].sort((a, b) => a - b);
    this.rmsScaling = options.rmsScaling ?? false;
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    const extent = (axis: number): number =>
      staticDim(shape, normalizeAxis(axis, shape.length, this.className), this.className);
    this.addGammaAndBeta(this.axis.map(extent), this.rmsScaling ? { scale: true, center: false } : {});
  }

  protected forward(x: Value, context: CallContext): Value {
    const { gamma, beta } = this.gammaAndBeta(context);
    const axes = this.axis.map((axis) => normalizeAxis(axis, x.rank, this.className));
    if (!this.rmsScaling && axes.length === 1 && axes[0] === x.rank - 1) return this.overChannels(x, gamma, beta);
    // gamma and beta have the axes in Keras's order, with extent 1 along all others; then the graph's order.
    const spread = (weight: Value | undefined): Value | undefined => {
      if (weight === undefined) return undefined;
      const keras = toChannelsLast(x).shape;
      const wide = reshapeTo(
        weight,
        keras.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
      );
      return toChannelsFirst(wide);
    };
    const inGraph = axes.map((axis) => graphAxis(axis, x.rank, this.className));
    if (this.rmsScaling) return this.scaledByDeviation(x, inGraph, spread(gamma));
    return this.normalized(x, inGraph, spread(gamma), spread(beta));
  }

  /** One operator of the runtime, over the last axis. */
  private overChannels(x: Value, gamma: Value | undefined, beta: Value | undefined): Value {
    const last = x.rank === 4 ? transpose(x, { perm: [0, 2, 3, 1] }) : x;
    const channels = Number(dimAt(last.shape, last.rank - 1));
    const scale = gamma ?? constant(float32(new Float32Array(channels).fill(1), [channels]));
    return toChannelsFirst(layerNormalization(last, scale, beta, { axis: -1, epsilon: this.epsilon }));
  }

  getConfig(): Config {
    return { ...this.normalizationConfig(), axis: this.axis, rms_scaling: this.rmsScaling };
  }
}
