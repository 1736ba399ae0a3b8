import { GraftError, UsageError } from "../../errors/errors.js";
import { version } from "../../errors/version.js";
import { input, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { graphBytes } from "../../runtime/session.js";
import { type InferenceGraph, inferenceGraph } from "../../training/programs/inference-graph.js";

/** `input` for the only one, `input_0`, `input_1`, … for several. */
function numbered(name: string, count: number): (index: number) => string {
  return (index) => (count === 1 ? name : `${name}_${index}`);
}

/**
 * A model's inference as an ONNX file. Inputs are called `input` (`input_0`, … when there are several), outputs `output`;
 * shapes are Keras's, `[N, height, width, channels]`, float32, and nothing is done to pixels that the model itself does
 * not do.
 *
 * @returns the file's bytes
 * @throws UsageError when inputs have open sizes on which the computation depends
 */
export function exportModel(model: BaseModel): Uint8Array {
  const inputName = numbered("input", model.inputs.length);
  const outputName = numbered("output", model.outputs.length);
  const inputs = model.inputs.map(({ shape, type }, index) => input(inputName(index), type, shape));
  const { outputs, names } = graphOf(model, inputs);
  const named = outputs.map((value, index) => [outputName(index), toChannelsLast(value)] as const);
  return graphBytes(Object.fromEntries(named), { name: model.name, inputs, names, metadata: { version } });
}

function graphOf(model: BaseModel, inputs: readonly Value[]): InferenceGraph {
  try {
    return inferenceGraph(model, inputs.map(toChannelsFirst));
  } catch (error) {
    const open = model.inputs.find(({ shape }) => shape.slice(1).some((extent) => typeof extent === "string"));
    if (!(error instanceof GraftError) || open === undefined) throw error;
    throw new UsageError(`The model "${model.name}" cannot be exported with open sizes.`, {
      subject: model.name,
      expected: "inputs of a fixed size, since what the file computes depends on it",
      received: `an input of shape (${open.shape.map((extent) => (typeof extent === "number" ? extent : "None")).join(", ")})`,
      advice:
        "Export it behind an input of the size that is wanted: const inputs = layers.Input({ shape: [224, 224, 3] }); " +
        "new models.Model({ inputs, outputs: model.apply(inputs) }).",
      cause: error,
    });
  }
}
