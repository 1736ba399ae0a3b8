import { checkOwnOptions, type ByPosition, byName } from "../../named.js";
import type { Value } from "../../../graph/value.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { L1L2 } from "../../regularizers/l1-l2.js";

/** Options of {@link ActivityRegularization}. */
export interface ActivityRegularizationOptions extends Omit<LayerOptions, "activityRegularizer"> {
  /** Factor of the sum of the sizes of the inputs; default 0. */
  readonly l1?: number;
  /** Factor of the sum of their squares; default 0. */
  readonly l2?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["l1", "l2"] as const;

/**
 * The input, unchanged, with a penalty on it that is added to the loss.
 *
 * @see https://keras.io/api/layers/regularization_layers/activity_regularization/
 */
export class ActivityRegularization extends UnaryLayer {
  static readonly className: string = "ActivityRegularization";
  static readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["activityRegularizer"];
  static override readonly options: readonly string[] = [
    "l1",
    "l2",
  ] satisfies readonly (keyof ActivityRegularizationOptions)[];
  private readonly l1: number;
  private readonly l2: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ActivityRegularizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(given?: ActivityRegularizationOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<ActivityRegularizationOptions>(ActivityRegularization, parts);
    checkOwnOptions(ActivityRegularization, given);
    const { l1 = 0, l2 = 0, ...options } = given;
    super({ ...options, activityRegularizer: new L1L2({ l1, l2 }) });
    this.l1 = numberWithin("ActivityRegularization", "l1", l1, 0);
    this.l2 = numberWithin("ActivityRegularization", "l2", l2, 0);
  }

  protected forward(x: Value): Value {
    return x;
  }

  getConfig(): Config {
    // The penalty is said by its factors.
    const entries = Object.entries(this.baseConfig()).filter(([name]) => name !== "activity_regularizer");
    return { ...Object.fromEntries(entries), l1: this.l1, l2: this.l2 };
  }
}
