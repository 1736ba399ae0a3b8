import { refuse } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { resolveSchedule } from "./resolve-schedule.js";

/** What files say of a schedule: its class, and what its constructor takes, in Keras's snake_case. */
export function serialize(schedule: LearningRateSchedule): SerializedObject {
  const given: unknown = schedule;
  if (!(given instanceof LearningRateSchedule)) refuse("schedules.serialize", "schedule", "a schedule", given);
  return serializeObject("keras.optimizers.schedules", given);
}

/**
 * Makes a schedule of what {@link serialize} gives.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject): LearningRateSchedule {
  return resolveSchedule(config);
}
