import { rebuild } from "../../graph/rebuild.js";
import { constant, type Value } from "../../graph/value.js";
import { toChannelsLast } from "../../nn/channels.js";
import { lowered } from "./lowering.js";
import { names } from "./names.js";
import { behindBoundary, fedWeights, type ModelSplit } from "./split.js";

function byName(outputs: readonly Value[]): Record<string, Value> {
  return Object.fromEntries(outputs.map((value, index) => [names.output(index), toChannelsLast(value)]));
}

/**
 * The predict program: boundary activations, weights → outputs in inference, in Keras's order.
 *
 * @param elementWork what an element of tiles costs on this machine
 * @returns outputs by name, as a graph
 */
export function predictGraph(split: ModelSplit, elementWork: number): Record<string, Value> {
  return byName(lowered(behindBoundary(split, split.inference.outputs), elementWork, true));
}

/**
 * The predict program of weights as they are now: boundary activations → outputs.
 *
 * @param elementWork what an element of tiles costs on this machine
 * @returns `graph`: outputs by name; `values`: the same computation before convolutions are lowered
 */
export function fixedGraph(
  split: ModelSplit,
  elementWork: number,
): { readonly graph: Record<string, Value>; readonly values: readonly Value[] } {
  const weights = fedWeights(split).flatMap(({ variable }): [Value, Value][] => {
    const value = split.weights.get(variable);
    return value === undefined ? [] : [[value, constant(variable.value)]];
  });
  const { outputs } = split.inference;
  const values = outputs.map(rebuild(outputs, new Map([...split.substitutes, ...weights])));
  return { graph: byName(lowered(values, elementWork, false)), values };
}
