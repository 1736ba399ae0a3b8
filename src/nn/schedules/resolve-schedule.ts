import type { SerializedObject } from "../config.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { LearningRateSchedule } from "./learning-rate-schedule.js";

const registry = new Registry("learning-rate schedule", factories<LearningRateSchedule>(catalogue));

/**
 * The schedule that an option stands for, which in a file is what Keras wrote.
 *
 * @throws UsageError when Graft has none of that name
 */
export function resolveSchedule(like: LearningRateSchedule | SerializedObject): LearningRateSchedule {
  return registry.resolve(like, "at");
}
