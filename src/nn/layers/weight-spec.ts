import type { Config } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import type { Constraint } from "../constraints/constraint.js";
import { type ConstraintLike, resolveConstraint } from "../constraints/resolve-constraint.js";
import type { Initializer } from "../initializers/initializer.js";
import { type InitializerLike, resolveInitializer } from "../initializers/resolve-initializer.js";
import type { Regularizer } from "../regularizers/regularizer.js";
import { type RegularizerLike, resolveRegularizer } from "../regularizers/resolve-regularizer.js";

/** How a weight starts, what penalty is on it, and what condition it keeps. */
export class WeightSpec {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
  readonly constraint: Constraint | undefined;

  /** @throws UsageError for a name that Keras does not know */
  constructor(initializer: InitializerLike, regularizer?: RegularizerLike, constraint?: ConstraintLike) {
    this.initializer = resolveInitializer(initializer);
    this.regularizer = resolveRegularizer(regularizer);
    this.constraint = resolveConstraint(constraint);
  }

  /**
   * Keras's options for the weight.
   *
   * @param weight what Keras calls it in options: `"kernel"`
   */
  toConfig(weight: string): Config {
    return {
      [`${weight}_initializer`]: serializeObject("keras.initializers", this.initializer),
      [`${weight}_regularizer`]: serializeObject("keras.regularizers", this.regularizer),
      [`${weight}_constraint`]: serializeObject("keras.constraints", this.constraint),
    };
  }
}
