import type { Config } from "../config.js";

/** A learning rate that depends on the number of steps done. */
export interface LearningRateSchedule {
  /** Keras's class name, such as `"CosineDecay"`. */
  readonly className: string;
  /**
   * The rate of a step.
   *
   * @param step how many steps were done before; 0 for the first
   */
  at(step: number): number;
  /** Keras's configuration, in snake_case. */
  getConfig(): Config;
}
