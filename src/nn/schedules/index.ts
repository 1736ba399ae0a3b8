export * from "./catalogue.js";
export { LearningRateSchedule } from "./learning-rate-schedule.js";
export { deserialize, serialize } from "./identifiers.js";
export { resolveSchedule } from "./resolve-schedule.js";
