export * from "./catalogue.js";
export type { LearningRateSchedule } from "./learning-rate-schedule.js";
export { resolveSchedule } from "./resolve-schedule.js";
