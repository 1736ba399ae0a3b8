export * from "./catalogue.js";
export { type LearningRate, Optimizer, type OptimizerOptions, type Update, type UpdateArguments } from "./optimizer.js";
export { type OptimizerLike, resolveOptimizer } from "./resolve-optimizer.js";
export { updateAll, type WeightUpdate } from "./update-all.js";
