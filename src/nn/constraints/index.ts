export * from "./catalogue.js";
// Keras's other names.
export * from "./functions.js";
export { Constraint } from "./constraint.js";
export { deserialize, get, serialize } from "./identifiers.js";
export { type ConstraintLike, type OwnConstraint, resolveConstraint } from "./resolve-constraint.js";
