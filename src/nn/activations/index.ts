export * from "./catalogue.js";
export { type Activation, type ActivationLike, type ActivationName, resolveActivation } from "./resolve-activation.js";
// It has no name in files: its options have no defaults.
export { threshold } from "./threshold.js";
