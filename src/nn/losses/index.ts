export * from "./catalogue.js";
export { Loss, type LossOptions, type Reduction } from "./loss.js";
export { type LossLike, resolveLoss } from "./resolve-loss.js";
