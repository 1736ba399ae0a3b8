export * from "./catalogue.js";
export * from "./functions.js";
export * from "./short-names.js";
export { deserialize, get, serialize } from "./identifiers.js";
export type { LabelRule } from "../label-rule.js";
export type { LossFunction } from "./function-loss.js";
export { Loss, type LossOptions, type Reduction } from "./loss.js";
export { type LossLike, resolveLoss } from "./resolve-loss.js";
