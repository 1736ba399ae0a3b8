import type { models } from "graft-ml";

type AnyModel = InstanceType<typeof models.Model>;

/** What a convolution multiplies for one image, and whether it learns. */
export interface Product {
  readonly operations: number;
  readonly learns: boolean;
}

/**
 * Floating-point operations of the convolutions and dense layers of a chain of layers, for one image: two a product of
 * numbers.
 *
 * @param layers layers in their order, each taking what the one before gives
 * @param shape of one image
 */
export function products(layers: AnyModel["layers"], shape: readonly number[]): Product[] {
  let current: readonly (number | string)[] = ["N", ...shape];
  return layers.flatMap((layer) => {
    const [next] = layer.computeOutputShapes([current]);
    if (next === undefined) return [];
    current = next;
    const kernel = layer.weights.find(({ shape: { length } }) => length === 4 || length === 2);
    if (kernel === undefined) return [];
    const size = kernel.shape.reduce((product, extent) => product * extent, 1);
    const positions = kernel.shape.length === 4 ? Number(next[1]) * Number(next[2]) : 1;
    return [{ operations: 2 * size * positions, learns: layer.trainable }];
  });
}

/**
 * Operations of a training step for one image: each product forward; once more for the gradient of each weight that learns;
 * and once more for the cotangent of each input that something that learns lies before.
 */
export function stepOperations(list: readonly Product[]): number {
  const first = list.findIndex(({ learns }) => learns);
  return list.reduce(
    (sum, { operations, learns }, index) => sum + operations * (1 + Number(learns) + Number(index > first)),
    0,
  );
}
