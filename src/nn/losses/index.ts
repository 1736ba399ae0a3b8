export { BinaryCrossentropy, type CrossentropyOptions } from "./binary-crossentropy.js";
export { CategoricalCrossentropy } from "./categorical-crossentropy.js";
export { MeanAbsoluteError } from "./mean-absolute-error.js";
export { MeanSquaredError } from "./mean-squared-error.js";
export {
  SparseCategoricalCrossentropy,
  type SparseCategoricalCrossentropyOptions,
} from "./sparse-categorical-crossentropy.js";
export { Loss, type LossOptions, type Reduction } from "./loss.js";
export { type LossLike, resolveLoss } from "./resolve-loss.js";
