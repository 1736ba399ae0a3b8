export * from "./catalogue.js";
/* Keras has schedules under its optimizers. */
export * as schedules from "../schedules/index.js";
export { type LearningRate, Optimizer, type OptimizerOptions } from "./optimizer.js";
export type { OptimizerState } from "./optimizer-state.js";
export type { Update, UpdateArguments } from "./update-rule.js";
export { deserialize, get, serialize } from "./identifiers.js";
export { type OptimizerLike, resolveOptimizer } from "./resolve-optimizer.js";
export { updateAll, type WeightUpdate } from "./update-all.js";
