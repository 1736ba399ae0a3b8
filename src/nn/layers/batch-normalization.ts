import { type Shape, staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/elementwise.js";
import { batchNormalization } from "../../ops/normalization.js";
import { reduceMean } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/shape-of.js";
import { UsageError } from "../../errors/errors.js";
import { channelsFirst, graphAxis } from "../channels.js";
import { numberWithin } from "../check.js";
import type { Config } from "../config.js";
import type { ConstraintLike } from "../constraints/resolve-constraint.js";
import type { CallContext } from "../context.js";
import type { InitializerLike } from "../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../layer.js";
import type { RegularizerLike } from "../regularizers/resolve-regularizer.js";
import type { Variable } from "../variable.js";
import { WeightSpec } from "./weight-spec.js";

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** Axis of the channels, in Keras's order; default -1. */
  readonly axis?: number;
  /** How much of the moving statistics each step keeps, in [0, 1]; default 0.99. */
  readonly momentum?: number;
  /** Added to the variance; default 0.001. */
  readonly epsilon?: number;
  /** Whether `beta` is added; default `true`. */
  readonly center?: boolean;
  /** Whether the result is multiplied by `gamma`; default `true`. */
  readonly scale?: boolean;
  /** Default `"zeros"`. */
  readonly betaInitializer?: InitializerLike;
  /** Default `"ones"`. */
  readonly gammaInitializer?: InitializerLike;
  /** Default `"zeros"`. */
  readonly movingMeanInitializer?: InitializerLike;
  /** Default `"ones"`. */
  readonly movingVarianceInitializer?: InitializerLike;
  /** Penalty on `beta`; default none. */
  readonly betaRegularizer?: RegularizerLike;
  /** Penalty on `gamma`; default none. */
  readonly gammaRegularizer?: RegularizerLike;
  /** What `beta` is kept to; default nothing. */
  readonly betaConstraint?: ConstraintLike;
  /** What `gamma` is kept to; default nothing. */
  readonly gammaConstraint?: ConstraintLike;
  /** Statistics over several devices: without effect, there is one. */
  readonly synchronized?: boolean;
  /** Batch renormalization: Graft has only `false`. */
  readonly renorm?: false;
}

/**
 * Gives every channel mean 0 and variance 1, then `gamma · x + beta`.
 *
 * Training: mean and (biased) variance of the batch, through which the gradient flows; the moving statistics become
 * `momentum · moving + (1 − momentum) · batch`. Inference, and training while the layer is frozen: the moving statistics,
 * which do not move.
 *
 * Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, each `[C]`.
 *
 * @see https://arxiv.org/abs/1502.03167
 * @see https://keras.io/api/layers/normalization_layers/batch_normalization/ – without `renorm` and masks
 */
export class BatchNormalization extends UnaryLayer {
  private readonly axis: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly synchronized: boolean;
  private readonly specs: Readonly<Record<"beta" | "gamma" | "moving_mean" | "moving_variance", WeightSpec>>;
  private readonly center: boolean;
  private readonly scale: boolean;
  private gamma: Variable | undefined;
  private beta: Variable | undefined;
  private movingMean: Variable | undefined;
  private movingVariance: Variable | undefined;

  /** @throws UsageError when an option is not usable */
  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
    const owner = "BatchNormalization";
    this.axis = options.axis ?? -1;
    this.momentum = numberWithin(owner, "momentum", options.momentum ?? 0.99, 0, 1);
    this.epsilon = numberWithin(owner, "epsilon", options.epsilon ?? 0.001, 0);
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    this.synchronized = options.synchronized ?? false;
    // From a file it may be anything.
    if ((options.renorm as boolean | undefined) === true) {
      throw new UsageError("BatchNormalization: Graft has no batch renormalization.", {
        subject: "renorm",
        expected: "false",
        received: "true",
      });
    }
    this.specs = {
      gamma: new WeightSpec(options.gammaInitializer ?? "ones", options.gammaRegularizer, options.gammaConstraint),
      beta: new WeightSpec(options.betaInitializer ?? "zeros", options.betaRegularizer, options.betaConstraint),
      moving_mean: new WeightSpec(options.movingMeanInitializer ?? "zeros"),
      moving_variance: new WeightSpec(options.movingVarianceInitializer ?? "ones"),
    };
  }

  protected override build([shape = []]: readonly Shape[]): void {
    const channels = staticDim(channelsFirst(shape), graphAxis(this.axis, shape.length, "BatchNormalization"), "axis");
    const add = (name: keyof typeof this.specs, learnable: boolean): Variable => {
      const { initializer, regularizer, constraint } = this.specs[name];
      return this.addWeight(name, [channels], initializer, { regularizer, constraint, learnable });
    };
    if (this.scale) this.gamma = add("gamma", true);
    if (this.center) this.beta = add("beta", true);
    this.movingMean = add("moving_mean", false);
    this.movingVariance = add("moving_variance", false);
  }

  protected forward(x: Value, context: CallContext): Value {
    const { movingMean, movingVariance } = this;
    const axis = graphAxis(this.axis, x.rank, "BatchNormalization");
    const alongAxis = (values: Value): Value =>
      reshapeTo(
        values,
        x.shape.map((dim, other) => (other === axis ? dim : 1)),
      );
    const gamma = this.gamma === undefined ? undefined : context.weight(this.gamma);
    const beta = this.beta === undefined ? undefined : context.weight(this.beta);
    const oldMean = this.weightValue(movingMean, context);
    const oldVariance = this.weightValue(movingVariance, context);

    if (!context.training || !this.trainable || movingMean === undefined || movingVariance === undefined) {
      if (axis === 1) {
        const filled = (value: number): Value =>
          constant(float32(new Float32Array(movingMean?.size ?? 0).fill(value), oldMean.shape.map(Number)));
        const { epsilon } = this;
        return batchNormalization(x, gamma ?? filled(1), beta ?? filled(0), oldMean, oldVariance, { epsilon });
      }
      return this.normalize(sub(x, alongAxis(oldMean)), oldVariance, gamma, beta, alongAxis);
    }
    const axes = x.shape.flatMap((_, other) => (other === axis ? [] : [other]));
    const mean = reduceMean(x, axes, { keepdims: 1 });
    const centered = sub(x, mean);
    const variance = reduceMean(square(centered), axes, { keepdims: 1 });
    const moved = (old: Value, batch: Value): Value =>
      add(
        mul(old, scalarLike(old, this.momentum)),
        mul(reshapeTo(batch, old.shape), scalarLike(old, 1 - this.momentum)),
      );
    context.update(movingMean, moved(oldMean, mean));
    context.update(movingVariance, moved(oldVariance, variance));
    return this.normalize(centered, variance, gamma, beta, alongAxis);
  }

  /** `gamma · centered / √(variance + epsilon) + beta`. */
  private normalize(
    centered: Value,
    variance: Value,
    gamma: Value | undefined,
    beta: Value | undefined,
    alongAxis: (values: Value) => Value,
  ): Value {
    const deviation = sqrt(add(alongAxis(variance), scalarLike(centered, this.epsilon)));
    const scaled = gamma === undefined ? div(centered, deviation) : mul(centered, div(alongAxis(gamma), deviation));
    return beta === undefined ? scaled : add(scaled, alongAxis(beta));
  }

  getConfig(): Config {
    const { beta, gamma, moving_mean: mean, moving_variance: variance } = this.specs;
    const initializer = (name: string, spec: WeightSpec): Config => ({
      [`${name}_initializer`]: spec.toConfig(name)[`${name}_initializer`],
    });
    return {
      ...this.baseConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...beta.toConfig("beta"),
      ...gamma.toConfig("gamma"),
      ...initializer("moving_mean", mean),
      ...initializer("moving_variance", variance),
      synchronized: this.synchronized,
      renorm: false,
      renorm_clipping: null,
      renorm_momentum: 0.99,
    };
  }
}
