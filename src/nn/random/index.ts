/*
 * Keras's random numbers as functions, `random` at the surface: names in camelCase, shapes in Keras's order of axes.
 */
export type { Drawn, DrawnShape, Seed } from "./draw.js";
export {
  beta,
  binomial,
  type DistributionOptions,
  gamma,
  normal,
  type NormalOptions,
  randint,
  truncatedNormal,
  uniform,
  type UniformOptions,
} from "./distributions.js";
export { categorical, dropout, type DropoutCallOptions, shuffle, type ShuffleCallOptions } from "./of-tensors.js";
export { SeedGenerator, type SeedGeneratorOptions } from "./seed-generator.js";
