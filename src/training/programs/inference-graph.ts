import { UsageError } from "../../errors/errors.js";
import { rebuild } from "../../graph/rebuild.js";
import { constant, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import { traceModel } from "./trace.js";

/** What a model computes in inference, with its weights inside. */
export interface InferenceGraph {
  readonly outputs: readonly Value[];
  /** The weights' names, for people who look into a file. */
  readonly names: ReadonlyMap<Value, string>;
}

/**
 * Writes a model's inference as a graph with its weights as constants.
 *
 * @param model a built model
 * @param inputs values to call it with; rank 4 is `[N, C, H, W]`
 * @throws UsageError for a model that draws random numbers in inference, too
 */
export function inferenceGraph(model: BaseModel, inputs: readonly Value[]): InferenceGraph {
  const { weights, inference } = traceModel(model, inputs);
  const [random] = inference.randoms;
  if (random !== undefined) {
    throw new UsageError(
      `The model "${model.name}" draws random numbers in inference, too, which a file of the graph cannot.`,
      {
        subject: model.name,
        expected: "a model whose outputs follow from its inputs",
        received: `random numbers of the stream "${random.stream}"`,
        advice: "Draw only where call is told training: true, or export the part of the model without the layer.",
      },
    );
  }
  const substitutes = new Map<Value, Value>();
  const names = new Map<Value, string>();
  for (const [variable, placeholder] of weights) {
    const value = constant(variable.value);
    substitutes.set(placeholder, value);
    names.set(value, variable.path);
  }
  return { outputs: inference.outputs.map(rebuild(inference.outputs, substitutes)), names };
}
