import { UsageError } from "../../errors/errors.js";
import type { Config } from "../config.js";
import { Named } from "../named.js";

/**
 * A learning rate that depends on the number of steps done. A class of your own says {@link at}, Keras's `__call__`.
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/learning_rate_schedule/
 *
 * @example
 * ```ts
 * import { optimizers } from "graft-ml";
 *
 * class WarmUp extends optimizers.schedules.LearningRateSchedule {
 *   override at(step: number): number {
 *     return 1e-3 * Math.min(1, (step + 1) / 100);
 *   }
 * }
 * const optimizer = new optimizers.SGD(new WarmUp());
 * console.log(optimizer.learningRate); // → 0.00001
 * ```
 */
export abstract class LearningRateSchedule extends Named {
  declare static fromConfig: (config: Config) => LearningRateSchedule;

  static readonly className: string = "LearningRateSchedule";

  /**
   * The rate of a step.
   *
   * @param step how many steps were done before; 0 for the first
   */
  abstract at(step: number): number;

  /**
   * Keras's configuration, in snake_case.
   *
   * @throws UsageError unless a class says it: files need it
   */
  getConfig(): Config {
    throw new UsageError(`The learning-rate schedule ${this.className} cannot be written to a file.`, {
      subject: this.className,
      expected: "a method getConfig, which gives what the constructor takes",
      received: "none",
    });
  }
}
