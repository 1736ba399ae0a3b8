export { Adam, type AdamOptions } from "./adam.js";
export { AdamW, type AdamWOptions } from "./adam-w.js";
export { RMSprop, type RMSpropOptions } from "./rmsprop.js";
export { SGD, type SGDOptions } from "./sgd.js";
export { Optimizer, type OptimizerOptions, type Update, type UpdateArguments } from "./optimizer.js";
export { type OptimizerLike, resolveOptimizer } from "./resolve-optimizer.js";
export { updateAll, type WeightUpdate } from "./update-all.js";
