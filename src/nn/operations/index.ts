/*
 * Keras's operations as functions, `ops` at the surface: names in camelCase, axes in Keras's order.
 */
export type { EllipsisArgument, SliceArgument } from "./argument.js";
export type { Answer, Operand } from "./operand.js";
export * from "./arithmetic.js";
export * from "./reductions.js";
export * from "./shapes.js";
export * from "./indexing.js";
export * from "./neural.js";
export * from "./products.js";
export * from "./creation.js";
export * from "./ordering.js";
export * from "./placing.js";
export * from "./crossentropies.js";
export * from "./blocks.js";
export * as image from "./images.js";
