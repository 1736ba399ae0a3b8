export { L1, type L1Options } from "./l1.js";
export { L2, type L2Options } from "./l2.js";
export { L1L2, type L1L2Options } from "./l1-l2.js";
export { OrthogonalRegularizer, type OrthogonalRegularizerOptions } from "./orthogonal-regularizer.js";
