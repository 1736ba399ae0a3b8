import { wholeOrList } from "../../../errors/check.js";
import { type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { prelu } from "../../../ops/activations.js";
import { transpose } from "../../../ops/layout.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { WeightSpec } from "../weight-spec.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link PReLU}. */
export interface PReLUOptions extends LayerOptions {
  /** Default `"zeros"`. */
  readonly alphaInitializer?: InitializerLike;
  /** Penalty on the slopes; default none. */
  readonly alphaRegularizer?: RegularizerLike;
  /** What the slopes are kept to; default nothing. */
  readonly alphaConstraint?: ConstraintLike;
  /** Axes in Keras's order, from 1, along which the slope is the same; `[1, 2]` gives one slope a channel. Default none. */
  readonly sharedAxes?: number | readonly number[] | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["alphaInitializer", "alphaRegularizer", "alphaConstraint", "sharedAxes"] as const;

/**
 * `x` above 0, `alpha · x` below, with learned slopes. Weight: `alpha`, of the input's shape without the batch, with
 * extent 1 along shared axes.
 *
 * @see https://arxiv.org/abs/1502.01852
 * @see https://keras.io/api/layers/activation_layers/prelu/
 */
export class PReLU extends UnaryLayer {
  static readonly className: string = "PReLU";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "alphaInitializer",
    "alphaRegularizer",
    "alphaConstraint",
    "sharedAxes",
  ] satisfies readonly (keyof PReLUOptions)[];
  private readonly spec: WeightSpec;
  private readonly sharedAxes: readonly number[] | undefined;
  private alpha: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<PReLUOptions, typeof following>);
  /** @throws UsageError for a name that Keras does not know */
  constructor(options?: PReLUOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<PReLUOptions>(PReLU, given);
    super(options);
    this.spec = new WeightSpec(options.alphaInitializer ?? "zeros", options.alphaRegularizer, options.alphaConstraint);
    const { sharedAxes } = options;
    this.sharedAxes = sharedAxes === undefined ? undefined : wholeOrList("PReLU", "sharedAxes", sharedAxes);
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    const extents = shape
      .map((_, axis) => (axis === 0 || this.sharedAxes?.includes(axis) ? 1 : staticDim(shape, axis, "PReLU")))
      .slice(1);
    this.alpha = this.createWeight("alpha", extents, this.spec.initializer, this.spec);
  }

  protected forward(x: Value, context: CallContext): Value {
    const alpha = this.weightValue(this.alpha, context);
    return prelu(x, x.rank === 4 ? transpose(alpha, { perm: [2, 0, 1] }) : alpha);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), ...this.spec.toConfig("alpha"), shared_axes: this.sharedAxes ?? null };
  }
}
