export * from "./catalogue.js";
export { LearningRateSchedule } from "./learning-rate-schedule.js";
export { resolveSchedule } from "./resolve-schedule.js";
