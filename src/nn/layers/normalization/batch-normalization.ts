import { type Shape, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { relu } from "../../../ops/activations.js";
import { cast, stopGradient, unsqueeze } from "../../../ops/layout.js";
import { add, clip, div, max, mul, sqrt, square, sub } from "../../../ops/elementwise.js";
import { batchNormalization, moments, standardize } from "../../../ops/normalization.js";
import { reduceSum } from "../../../ops/reduction.js";
import { expandTo } from "../../../ops/shape-of.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsFirst, graphAxis, toChannelsFirst } from "../../channels.js";
import { numberWithin, refuse } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import { Initializer } from "../../initializers/initializer.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { notMasked } from "../../mask.js";
import { WeightSpec } from "../weight-spec.js";
import { type ByPosition, byName } from "../../named.js";

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
  /** Whether moving statistics are used in training, too, corrected to those of the batch; default `false`. */
  readonly renorm?: boolean;
  /** With `renorm`: bounds of the corrections `r` (a factor) and `d` (a shift); default none. */
  readonly renormClipping?: RenormClipping | undefined;
  /** With `renorm`: how much of its moving statistics each step keeps; default 0.99. */
  readonly renormMomentum?: number;
}

/** Bounds of the corrections of batch renormalization. */
export interface RenormClipping {
  /** Upper bound of `r`. */
  readonly rmax?: number | null;
  /** Lower bound of `r`. */
  readonly rmin?: number | null;
  /** Bound of the size of `d`. */
  readonly dmax?: number | null;
}

/** Statistics of batch renormalization, `[C]` each. */
type Renormed = Readonly<Record<"movingStddev" | "renormMean" | "renormStddev", Variable>>;

/** A moving statistic after a batch. */
function moved(old: Value, batch: Value, momentum: number): Value {
  return add(mul(old, scalarLike(old, momentum)), mul(reshapeTo(batch, old.shape), scalarLike(old, 1 - momentum)));
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "axis",
  "momentum",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "movingMeanInitializer",
  "movingVarianceInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
  "renorm",
  "renormClipping",
  "renormMomentum",
  "synchronized",
] as const;

/**
 * Gives every channel mean 0 and variance 1, then `gamma · x + beta`.
 *
 * Training: mean and (biased) variance of the batch, through which the gradient flows; the moving statistics become
 * `momentum · moving + (1 − momentum) · batch`. Inference, and training while the layer is frozen: the moving statistics,
 * which do not move.
 *
 * With `renorm`, training computes `gamma · (r · x̂ + d) + beta` with `r = σ / σ'` and `d = (μ − μ') / σ'`, where μ' and σ' are
 * moving statistics; no gradient flows through r and d.
 *
 * Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, with `renorm` also `moving_stddev`, `renorm_mean`,
 * `renorm_stddev`, each `[C]`.
 *
 * @see https://arxiv.org/abs/1502.03167
 * @see https://arxiv.org/abs/1702.03275 batch renormalization
 * @see https://keras.io/api/layers/normalization_layers/batch_normalization/ – with `apply(x, { mask })`, places where the mask is 0 do not count in statistics
 *
 * @example
 * ```ts
 * import { layers } from "graft-ml";
 *
 * const norm = new layers.BatchNormalization({ momentum: 0.9 });
 * norm.apply(layers.Input({ shape: [32, 32, 16] }));
 * console.log(norm.trainableWeights.map(({ name }) => name)); // → [ 'gamma', 'beta' ]
 * // Frozen, it uses its moving statistics in training too.
 * norm.trainable = false;
 * console.log(norm.trainableWeights.length); // → 0
 * ```
 */
export class BatchNormalization extends UnaryLayer {
  static readonly className: string = "BatchNormalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "axis",
    "momentum",
    "epsilon",
    "center",
    "scale",
    "betaInitializer",
    "gammaInitializer",
    "movingMeanInitializer",
    "movingVarianceInitializer",
    "betaRegularizer",
    "gammaRegularizer",
    "betaConstraint",
    "gammaConstraint",
    "synchronized",
    "renorm",
    "renormClipping",
    "renormMomentum",
  ] satisfies readonly (keyof BatchNormalizationOptions)[];
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
  private readonly renorm: boolean;
  private readonly renormClipping: RenormClipping | undefined;
  private readonly renormMomentum: number;
  private renormed: Renormed | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<BatchNormalizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: BatchNormalizationOptions);
  constructor(...parts: readonly unknown[]) {
    const options = byName<BatchNormalizationOptions>(BatchNormalization, parts);
    super(options);
    const owner = "BatchNormalization";
    this.axis = options.axis ?? -1;
    this.momentum = numberWithin(owner, "momentum", options.momentum ?? 0.99, 0, 1);
    this.epsilon = numberWithin(owner, "epsilon", options.epsilon ?? 0.001, 0);
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    this.synchronized = options.synchronized ?? false;
    this.renorm = options.renorm ?? false;
    this.renormMomentum = numberWithin(owner, "renormMomentum", options.renormMomentum ?? 0.99);
    // Keras keeps what it was given where there is no renorm, and {} for nothing where there is.
    this.renormClipping = this.renorm ? checkClipping(options.renormClipping ?? {}) : options.renormClipping;
    this.specs = {
      gamma: new WeightSpec(options.gammaInitializer ?? "ones", options.gammaRegularizer, options.gammaConstraint),
      beta: new WeightSpec(options.betaInitializer ?? "zeros", options.betaRegularizer, options.betaConstraint),
      moving_mean: new WeightSpec(options.movingMeanInitializer ?? "zeros"),
      moving_variance: new WeightSpec(options.movingVarianceInitializer ?? "ones"),
    };
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    const channels = staticDim(channelsFirst(shape), graphAxis(this.axis, shape.length, "BatchNormalization"), "axis");
    const add = (name: keyof typeof this.specs, learnable: boolean): Variable => {
      const { initializer, regularizer, constraint } = this.specs[name];
      return this.createWeight(name, [channels], initializer, { regularizer, constraint, learnable });
    };
    if (this.scale) this.gamma = add("gamma", true);
    if (this.center) this.beta = add("beta", true);
    this.movingMean = add("moving_mean", false);
    this.movingVariance = add("moving_variance", false);
    if (!this.renorm) return;
    const { moving_mean: mean, moving_variance: variance } = this.specs;
    const stddev = new SquareRoots(variance.initializer);
    const statistic = (name: string, initializer: Initializer): Variable =>
      this.createWeight(name, [channels], initializer, { learnable: false });
    this.renormed = {
      movingStddev: statistic("moving_stddev", stddev),
      renormMean: statistic("renorm_mean", mean.initializer),
      renormStddev: statistic("renorm_stddev", stddev),
    };
  }

  protected override get callArguments(): readonly string[] {
    return ["mask"];
  }

  protected forward(x: Value, context: CallContext, mask?: Value): Value {
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
      if (axis !== 1) return this.normalize(sub(x, alongAxis(oldMean)), oldVariance, gamma, beta, alongAxis);
      const filled = (value: number): Value =>
        constant(float32(new Float32Array(movingMean?.size ?? 0).fill(value), oldMean.shape.map(Number)));
      const { epsilon } = this;
      return batchNormalization(x, gamma ?? filled(1), beta ?? filled(0), oldMean, oldVariance, { epsilon });
    }
    const axes = x.shape.flatMap((_, other) => (other === axis ? [] : [other]));
    const { mean, variance } = mask === undefined ? moments(x, axes) : maskedMoments(x, axes, mask);
    const centered = sub(x, mean);
    context.update(movingMean, moved(oldMean, mean, this.momentum));
    if (this.renormed === undefined) {
      context.update(movingVariance, moved(oldVariance, variance, this.momentum));
      if (mask === undefined) {
        const given = (values: Value | undefined, otherwise: number): Value =>
          alongAxis(values ?? expandTo(scalarLike(x, otherwise), oldMean));
        return standardize(x, given(gamma, 1), given(beta, 0), { axes, epsilon: this.epsilon });
      }
      return this.normalize(centered, variance, gamma, beta, alongAxis);
    }
    const correct = this.correct(
      this.renormed,
      context,
      reshapeTo(mean, oldMean.shape),
      reshapeTo(variance, oldVariance.shape),
    );
    context.update(movingVariance, correct.movingVariance);
    const scaled = gamma === undefined ? correct.d : mul(correct.d, gamma);
    return this.normalize(
      centered,
      variance,
      gamma === undefined ? correct.r : mul(correct.r, gamma),
      beta === undefined ? scaled : add(scaled, beta),
      alongAxis,
    );
  }

  /** The corrections r and d of batch renormalization, `[C]`; its statistics move on. */
  private correct(
    { movingStddev, renormMean, renormStddev }: Renormed,
    context: CallContext,
    mean: Value,
    variance: Value,
  ): { readonly r: Value; readonly d: Value; readonly movingVariance: Value } {
    const [oldStddev, oldMean, oldRenormStddev] = [movingStddev, renormMean, renormStddev].map((variable) =>
      context.weight(variable),
    ) as [Value, Value, Value];
    const epsilon = scalarLike(variance, this.epsilon);
    const stddev = sqrt(add(variance, epsilon));
    const least = max([oldRenormStddev, sqrt(epsilon)]);
    const { rmin, rmax, dmax } = this.renormClipping ?? {};
    const r = stopGradient(clip(div(stddev, least), rmin ?? undefined, rmax ?? undefined));
    const shift = div(sub(mean, oldMean), least);
    const d = stopGradient(typeof dmax === "number" ? clip(shift, -dmax, dmax) : shift);
    const stddevNow = moved(oldStddev, stddev, this.momentum);
    context.update(movingStddev, stddevNow);
    context.update(renormMean, moved(oldMean, mean, this.renormMomentum));
    context.update(renormStddev, moved(oldRenormStddev, stddev, this.renormMomentum));
    return { r, d, movingVariance: relu(sub(square(stddevNow), epsilon)) };
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
      renorm: this.renorm,
      renorm_clipping: this.renormClipping ?? null,
      renorm_momentum: this.renormMomentum,
    };
  }
}

/** Refuses clipping that leaves nothing, or that nobody knows. */
function checkClipping(clipping: RenormClipping): RenormClipping {
  const { rmax, rmin, dmax } = clipping;
  const unknown = Object.keys(clipping).find((key) => !["rmax", "rmin", "dmax"].includes(key));
  const wrong =
    unknown !== undefined ||
    (typeof rmax === "number" && typeof rmin === "number" && rmax < rmin) ||
    (typeof dmax === "number" && dmax < 0);
  if (!wrong) return clipping;
  refuse("BatchNormalization", "renormClipping", "rmax not below rmin, dmax not negative, and nothing else", clipping);
}

/** First values of a deviation: the roots of those of the variance. */
class SquareRoots extends Initializer {
  static readonly className: string = "SquareRoots";

  constructor(private readonly variance: Initializer) {
    super();
  }

  override values(...args: Parameters<Initializer["values"]>): Float32Array {
    return this.variance.values(...args).map(Math.sqrt);
  }

  override getConfig(): Config {
    return { variance: this.variance.getConfig() };
  }
}

/** The moments of the places that a mask lets through. */
function maskedMoments(x: Value, axes: readonly number[], mask: Value): { mean: Value; variance: Value } {
  // The mask has one axis less, that of the channels.
  const counted = expandTo(toChannelsFirst(unsqueeze(cast(notMasked(mask), "float32"), [-1])), x);
  const count = reduceSum(counted, axes, { keepdims: 1 });
  const number = add(count, scalarLike(x, 1e-7));
  const average = (values: Value): Value => div(reduceSum(mul(values, counted), axes, { keepdims: 1 }), number);
  const mean = average(x);
  return { mean, variance: average(square(sub(x, mean))) };
}
