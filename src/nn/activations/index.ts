export * from "./functions.js";
export type {
  CeluOptions,
  EluOptions,
  GeluOptions,
  GluOptions,
  HardShrinkOptions,
  LeakyReluOptions,
  LogSoftmaxOptions,
  ReluOptions,
  SoftmaxOptions,
  SoftShrinkOptions,
  SparsemaxOptions,
  SquareplusOptions,
} from "./catalogue.js";
export {
  type Activation,
  type ActivationLike,
  type ActivationName,
  type OwnActivation,
  resolveActivation,
} from "./resolve-activation.js";
