export * from "./catalogue.js";
// Keras's other names.
export * from "./functions.js";
export { deserialize, get, serialize } from "./identifiers.js";
export { Regularizer } from "./regularizer.js";
export { type OwnRegularizer, type RegularizerLike, resolveRegularizer } from "./resolve-regularizer.js";
