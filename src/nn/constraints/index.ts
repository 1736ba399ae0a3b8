export * from "./catalogue.js";
export type { Constraint } from "./constraint.js";
export { type ConstraintLike, resolveConstraint } from "./resolve-constraint.js";
