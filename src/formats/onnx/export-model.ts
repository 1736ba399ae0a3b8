import { version } from "../../errors/version.js";
import { input } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { graphBytes } from "../../runtime/session.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";

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
 */
export function exportModel(model: BaseModel): Uint8Array {
  const inputName = numbered("input", model.inputs.length);
  const outputName = numbered("output", model.outputs.length);
  const inputs = model.inputs.map(({ shape, type }, index) => input(inputName(index), type, shape));
  const { outputs, names } = inferenceGraph(model, inputs.map(toChannelsFirst));
  const named = outputs.map((value, index) => [outputName(index), toChannelsLast(value)] as const);
  return graphBytes(Object.fromEntries(named), { name: model.name, inputs, names, metadata: { version } });
}
