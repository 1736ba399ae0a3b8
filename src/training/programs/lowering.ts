import type { Value } from "../../graph/value.js";
import { cancelTransposes } from "../../passes/cancel-transposes.js";
import { lowerConvolutions } from "../../passes/lower-convolutions.js";

/**
 * The same values with convolutions written as what is faster here, and without the transposes that cancel then.
 *
 * @param elementWork what an element of tiles costs on this machine
 * @param learned whether weights are inputs of the graph, or constants
 */
export function lowered(values: readonly Value[], elementWork: number, learned: boolean): Value[] {
  const products = values.map(lowerConvolutions(values, { learned, elementWork }));
  return products.map(cancelTransposes(products, { reorderSums: true }));
}
