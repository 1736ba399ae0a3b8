import type { SerializedObject } from "../config.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { LearningRateSchedule } from "./learning-rate-schedule.js";

const registry = new Registry("learning-rate schedule", factories<LearningRateSchedule>(catalogue));

/**
 * The schedule that Keras wrote into a file.
 *
 * @throws UsageError when Graft has none of that name
 */
export function resolveSchedule(serialized: SerializedObject): LearningRateSchedule {
  return registry.create(serialized);
}
