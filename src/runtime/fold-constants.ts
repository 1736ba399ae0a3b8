import { nodesInOrder } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { constant, constantData, type Value } from "../graph/value.js";
import { fromTensor, type Runtime } from "./runtime.js";
import { createSession } from "./session.js";

/**
 * Computes what depends on constants alone, once, so that passes find weights as plain constants.
 *
 * @param values the graph's outputs
 * @returns the same values over fewer nodes
 */
export async function foldConstants(runtime: Runtime, values: readonly Value[]): Promise<Value[]> {
  const order = nodesInOrder(values);
  const fixed = new Set<Value>();
  const isFixed = (value: Value): boolean => constantData(value) !== undefined || fixed.has(value);
  const used = new Set<Value>();
  for (const { inputs, outputs } of order) {
    const present = inputs.filter((value) => value !== undefined);
    if (present.length > 0 && present.every(isFixed)) {
      for (const output of outputs) fixed.add(output);
    } else {
      for (const value of present) if (fixed.has(value)) used.add(value);
    }
  }
  for (const value of values) if (fixed.has(value)) used.add(value);
  if (used.size === 0) return [...values];
  const wanted = [...used];
  const session = await createSession(runtime, Object.fromEntries(wanted.map((value, index) => [`c${index}`, value])));
  try {
    const results = await session.run({});
    const substitutes = new Map<Value, Value>();
    wanted.forEach((value, index) => {
      const result = results[`c${index}`];
      if (result !== undefined) substitutes.set(value, constant(fromTensor(result)));
    });
    const renew = rebuild(values, substitutes);
    return values.map((value) => substitutes.get(value) ?? renew(value));
  } finally {
    await session.release();
  }
}
