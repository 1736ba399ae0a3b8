import { ShapeError } from "../../errors/errors.js";
import { formatShape, type Shape } from "../../graph/shape.js";

/**
 * Refuses inputs of another rank.
 *
 * @param shape in Keras's order
 * @throws ShapeError that says the shape the layer wants
 */
export function requireRank(shape: Shape, rank: number, owner: string): void {
  if (shape.length === rank) return;
  throw new ShapeError(`${owner} cannot take an input of rank ${shape.length}.`, {
    subject: owner,
    expected: rank === 4 ? "[batch, height, width, channels]" : `rank ${rank}`,
    received: formatShape(shape),
  });
}
