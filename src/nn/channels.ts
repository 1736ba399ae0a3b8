import { transpose } from "../ops/layout.js";
import { normalizeAxis, type Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";

/*
 * Keras's shapes end with the channels, ONNX's operators want them second. Inside graphs every value of rank 4 is
 * `[N, C, H, W]`; all other ranks are the same on both sides.
 */

/** The shape inside graphs of a value that Keras would give this shape. */
export function channelsFirst(shape: Shape): Shape {
  const [n, h, w, c] = shape;
  return shape.length === 4 && n !== undefined && h !== undefined && w !== undefined && c !== undefined
    ? [n, c, h, w]
    : shape;
}

/** The shape that Keras would give a value of this shape inside a graph. */
export function channelsLast(shape: Shape): Shape {
  const [n, c, h, w] = shape;
  return shape.length === 4 && n !== undefined && h !== undefined && w !== undefined && c !== undefined
    ? [n, h, w, c]
    : shape;
}

/** Puts the channels of a value of rank 4 second: Keras's order to the graph's. */
export function toChannelsFirst(x: Value): Value {
  return x.rank === 4 ? transpose(x, { perm: [0, 3, 1, 2] }) : x;
}

/** Puts the channels of a value of rank 4 last: the graph's order to Keras's. */
export function toChannelsLast(x: Value): Value {
  return x.rank === 4 ? transpose(x, { perm: [0, 2, 3, 1] }) : x;
}

/**
 * The axis inside graphs of an axis in Keras's order, which may count from the back.
 *
 * @param axis -1 is the last: the channels
 * @param rank number of axes
 * @param owner who asks, for messages
 * @throws ShapeError when there is no such axis
 */
export function graphAxis(axis: number, rank: number, owner: string): number {
  const inKeras = normalizeAxis(axis, rank, owner);
  return rank === 4 ? ([0, 2, 3, 1][inKeras] ?? inKeras) : inKeras;
}
