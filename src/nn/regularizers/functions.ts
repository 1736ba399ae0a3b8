import { functionOf } from "../named.js";
import { L1 } from "./l1.js";
import { L1L2 } from "./l1-l2.js";
import { L2 } from "./l2.js";
import { OrthogonalRegularizer } from "./orthogonal-regularizer.js";

/* Keras's other names, which make a regularizer without `new`. */

/** {@link L1}: `l1(0.01)`. */
export const l1 = functionOf(L1);

/** {@link L2}: `l2(0.01)`. */
export const l2 = functionOf(L2);

/** {@link L1L2}: `l1L2(0.01, 0.01)`, or `l1L2({ l1: 0.01, l2: 0.01 })`. */
export const l1L2 = functionOf(L1L2);

/** {@link l1L2} as TensorFlow.js spells it. */
export const l1l2 = l1L2;

/** {@link OrthogonalRegularizer}. */
export const orthogonalRegularizer = functionOf(OrthogonalRegularizer);
