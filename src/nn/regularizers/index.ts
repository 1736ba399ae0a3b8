export * from "./catalogue.js";
export type { Regularizer } from "./regularizer.js";
export { type RegularizerLike, resolveRegularizer } from "./resolve-regularizer.js";
