import { UsageError } from "../../../errors/errors.js";
import { type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsFirst, graphAxis } from "../../channels.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { BaseSampleNormalization, type SampleNormalizationOptions } from "./base-sample-normalization.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link GroupNormalization}. */
export interface GroupNormalizationOptions extends SampleNormalizationOptions {
  /** Into how many groups the channels fall; -1: each is one; default 32. */
  readonly groups?: number;
  /** Axis of the channels in Keras's order; default -1. */
  readonly axis?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "groups",
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
 * Gives each group of channels of each sample mean 0 and variance 1, then `gamma · x + beta`.
 *
 * Weights: `gamma` and `beta`, each `[C]`.
 *
 * @see https://arxiv.org/abs/1803.08494
 * @see https://keras.io/api/layers/normalization_layers/group_normalization/
 */
export class GroupNormalization extends BaseSampleNormalization {
  static readonly className: string = "GroupNormalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "groups",
    "axis",
  ] satisfies readonly (keyof GroupNormalizationOptions)[];
  private groups: number;
  private readonly axis: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<GroupNormalizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: GroupNormalizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<GroupNormalizationOptions>(GroupNormalization, given);
    super(options);
    const { groups = 32, axis = -1 } = options;
    this.groups = groups === -1 ? -1 : wholeNumber("GroupNormalization", "groups", groups);
    this.axis = axis;
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    const channels = staticDim(
      channelsFirst(shape),
      graphAxis(this.axis, shape.length, this.className),
      this.className,
    );
    if (this.groups === -1) this.groups = channels;
    if (channels % this.groups !== 0) {
      throw new UsageError(`GroupNormalization "${this.name}": the groups do not divide the channels.`, {
        subject: "groups",
        expected: `a divisor of ${channels}, or -1`,
        received: String(this.groups),
      });
    }
    this.addGammaAndBeta([channels]);
  }

  protected forward(x: Value, context: CallContext): Value {
    const axis = graphAxis(this.axis, x.rank, this.className);
    const inGroup = staticDim(x.shape, axis, this.className) / this.groups;
    const shape = x.shape.flatMap((dim, other) => (other === axis ? [this.groups, inGroup] : [dim]));
    const spread = (weight: Value | undefined): Value | undefined =>
      weight &&
      reshapeTo(
        weight,
        shape.map((dim, other) => (other === axis || other === axis + 1 ? dim : 1)),
      );
    const axes = shape.map((_, other) => other).filter((other) => other !== 0 && other !== axis);
    const { gamma, beta } = this.gammaAndBeta(context);
    return reshapeTo(this.normalized(reshapeTo(x, shape), axes, spread(gamma), spread(beta)), x.shape);
  }

  getConfig(): Config {
    return { ...this.normalizationConfig(), groups: this.groups, axis: this.axis };
  }
}
