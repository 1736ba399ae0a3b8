import { CosineDecay } from "./cosine-decay.js";
import { CosineDecayRestarts } from "./cosine-decay-restarts.js";
import { ExponentialDecay } from "./exponential-decay.js";
import { InverseTimeDecay } from "./inverse-time-decay.js";
import { PiecewiseConstantDecay } from "./piecewise-constant-decay.js";
import { PolynomialDecay } from "./polynomial-decay.js";
import type { SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { LearningRateSchedule } from "./learning-rate-schedule.js";

const registry = new Registry<LearningRateSchedule>("learning-rate schedule", {
  CosineDecay: factory(CosineDecay, ["initial_learning_rate", "decay_steps"]),
  CosineDecayRestarts: factory(CosineDecayRestarts, ["initial_learning_rate", "first_decay_steps"]),
  ExponentialDecay: factory(ExponentialDecay, ["initial_learning_rate", "decay_steps", "decay_rate"]),
  InverseTimeDecay: factory(InverseTimeDecay, ["initial_learning_rate", "decay_steps", "decay_rate"]),
  PiecewiseConstantDecay: factory(PiecewiseConstantDecay, ["boundaries", "values"]),
  PolynomialDecay: factory(PolynomialDecay, ["initial_learning_rate", "decay_steps"]),
});

/**
 * The schedule that Keras wrote into a file.
 *
 * @throws UsageError when Graft has none of that name
 */
export function resolveSchedule(serialized: SerializedObject): LearningRateSchedule {
  return registry.create(serialized);
}
