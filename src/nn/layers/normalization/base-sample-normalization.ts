import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, div, mul, sqrt, square, sub } from "../../../ops/elementwise.js";
import { reduceMean } from "../../../ops/reduction.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { WeightSpec } from "../weight-spec.js";

/** Options of layers that normalize each sample by itself. */
export interface SampleNormalizationOptions extends LayerOptions {
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
  /** Penalty on `beta`; default none. */
  readonly betaRegularizer?: RegularizerLike;
  /** Penalty on `gamma`; default none. */
  readonly gammaRegularizer?: RegularizerLike;
  /** What `beta` is kept to; default nothing. */
  readonly betaConstraint?: ConstraintLike;
  /** What `gamma` is kept to; default nothing. */
  readonly gammaConstraint?: ConstraintLike;
}

/** What layers have in common that normalize each sample by itself: the same in training and inference. */
export abstract class BaseSampleNormalization extends UnaryLayer {
  protected readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;
  private readonly gammaSpec: WeightSpec;
  private readonly betaSpec: WeightSpec;
  private gamma: Variable | undefined;
  private beta: Variable | undefined;

  constructor(options: SampleNormalizationOptions) {
    super(options);
    this.epsilon = numberWithin(this.className, "epsilon", options.epsilon ?? 0.001, 0);
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    this.gammaSpec = new WeightSpec(
      options.gammaInitializer ?? "ones",
      options.gammaRegularizer,
      options.gammaConstraint,
    );
    this.betaSpec = new WeightSpec(options.betaInitializer ?? "zeros", options.betaRegularizer, options.betaConstraint);
  }

  /** Creates `gamma` and `beta`, as far as there are any. */
  protected addGammaAndBeta(
    shape: readonly number[],
    { scale = this.scale, center = this.center }: { readonly scale?: boolean; readonly center?: boolean } = {},
  ): void {
    if (scale) this.gamma = this.createWeight("gamma", shape, this.gammaSpec.initializer, this.gammaSpec);
    if (center) this.beta = this.createWeight("beta", shape, this.betaSpec.initializer, this.betaSpec);
  }

  /** `gamma` and `beta` in the graph, as far as there are any. */
  protected gammaAndBeta(context: CallContext): { gamma: Value | undefined; beta: Value | undefined } {
    return {
      gamma: this.gamma && context.weight(this.gamma),
      beta: this.beta && context.weight(this.beta),
    };
  }

  /** `gamma · (x − mean) / √(variance + epsilon) + beta`, mean and variance over the axes, all of them of the graph. */
  protected normalized(x: Value, axes: readonly number[], gamma: Value | undefined, beta: Value | undefined): Value {
    const centered = sub(x, reduceMean(x, axes, { keepdims: 1 }));
    const variance = reduceMean(square(centered), axes, { keepdims: 1 });
    const unit = div(centered, sqrt(add(variance, scalarLike(x, this.epsilon))));
    const scaled = gamma === undefined ? unit : mul(unit, gamma);
    return beta === undefined ? scaled : add(scaled, beta);
  }

  /** `gamma · x / √(variance + epsilon)`, the variance over the axes. */
  protected scaledByDeviation(x: Value, axes: readonly number[], gamma: Value | undefined): Value {
    const variance = reduceMean(square(sub(x, reduceMean(x, axes, { keepdims: 1 }))), axes, { keepdims: 1 });
    const unit = div(x, sqrt(add(variance, scalarLike(x, this.epsilon))));
    return gamma === undefined ? unit : mul(unit, gamma);
  }

  /** The options that these layers have in common. */
  protected normalizationConfig(): Config {
    return {
      ...this.baseConfig(),
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      ...this.betaSpec.toConfig("beta"),
      ...this.gammaSpec.toConfig("gamma"),
    };
  }
}
