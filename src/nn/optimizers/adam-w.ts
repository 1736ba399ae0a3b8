import { refuse } from "../../errors/check.js";
import { Adam, type AdamOptions } from "./adam.js";
import type { LearningRate } from "./optimizer.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link AdamW}. */
export interface AdamWOptions extends AdamOptions {
  /** Share of each weight, times the learning rate, that is taken away before each step; default 0.004. */
  readonly weightDecay?: number | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "weightDecay",
  "beta1",
  "beta2",
  "epsilon",
  "amsgrad",
  "clipnorm",
  "clipvalue",
  "globalClipnorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
] as const;

/**
 * Adam with weight decay beside the gradient: `w ← w − η λ w` before each step.
 *
 * @see https://arxiv.org/abs/1711.05101
 */
export class AdamW extends Adam {
  static override readonly className: string = "AdamW";
  static override readonly positional: readonly string[] = ["learningRate"];
  static override readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<AdamWOptions, typeof following, ["learningRate"]>);
  /**
   * @param learningRate the step size, or all options; default 0.001
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | AdamWOptions, options?: AdamWOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, weightDecay: number, options?: AdamWOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<AdamWOptions>(AdamW, given);
    const { weightDecay = 0.004 } = options;
    // Adam takes it for none; Keras's AdamW has no such thing either.
    if ((weightDecay as unknown) === null) refuse("AdamW", "weightDecay", "a number of at least 0", weightDecay);
    super({ ...options, weightDecay });
  }
}
