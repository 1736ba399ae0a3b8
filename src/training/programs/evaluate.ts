import type { Value } from "../../graph/value.js";
import type { Compiled } from "../../models/compile-types.js";
import { within } from "../../nn/scope.js";
import { weightContext } from "./weight-context.js";
import { figuresOf, type LabelShapes } from "./figures.js";
import { lowered } from "./lowering.js";
import { behindBoundary, type ModelSplit } from "./split.js";

/**
 * The evaluate program: boundary activations, labels, weights → loss, metrics, in inference.
 *
 * @param elementWork what an element of tiles costs on this machine
 * @returns outputs by name, as a graph
 * @throws UsageError when there is no loss
 */
export function evaluateGraph(
  split: ModelSplit,
  compiled: Compiled,
  labelShapes: LabelShapes,
  elementWork: number,
): Record<string, Value> {
  const { outputs, penalties } = split.inference;
  const values = lowered(behindBoundary(split, [...outputs, ...penalties]), elementWork, true);
  return within(weightContext(split), () =>
    figuresOf(compiled, labelShapes, values.slice(0, outputs.length), values.slice(outputs.length)),
  ).figures;
}
