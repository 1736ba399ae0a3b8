import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import { inPositions } from "../nn/positions.js";
import type { Config } from "../nn/config.js";
import type { Layer } from "../nn/layer.js";
import { InputLayer } from "../nn/layers/index.js";
import { Operation } from "../nn/operations/operation.js";
import type { Argument } from "../nn/operations/argument.js";
import type { LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import { serializeLayer } from "../nn/layers/serialize-layer.js";

/** What a functional model is made of. */
export interface CallGraph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  readonly layers: readonly Layer[];
  /** Each after those that it needs; entrances are left out. */
  readonly calls: readonly LayerCall[];
}

/** A shape in files: `null` for extents that vary. */
export function pythonShape(shape: Shape): (number | null)[] {
  return shape.map((extent) => (typeof extent === "number" ? extent : null));
}

type History = readonly [layer: string, call: number, output: number];

/**
 * The part of a functional model's configuration that says its layers and their calls, as Keras 3 writes it.
 *
 * @see https://keras.io/api/models/model/
 */
export function serializeCalls({ inputs, outputs, layers, calls }: CallGraph): Config {
  const { histories, entrances } = number(inputs, calls);
  const history = (tensor: SymbolicTensor): History => histories.get(tensor) ?? ["", 0, 0];
  const callsOf = new Map<Layer, LayerCall[]>();
  for (const call of calls) callsOf.set(call.layer, [...(callsOf.get(call.layer) ?? []), call]);
  return {
    layers: [...entrances, ...layers].map((layer) => ({
      ...serializeLayer(layer),
      name: layer.name,
      inbound_nodes: (callsOf.get(layer) ?? []).map((call) => serializeCall(call, history)),
    })),
    input_layers: oneOrAll(inputs.map((tensor) => history(tensor))),
    // Keras counts the call that a functional model makes of itself here, and only here.
    output_layers: oneOrAll(
      outputs.map((tensor): History => {
        const [name, call, output] = history(tensor);
        const isFunctional = tensor.call?.().layer.className === "Functional" && !inputs.includes(tensor);
        return [name, isFunctional ? call + 1 : call, output];
      }),
    ),
  };
}

/** A model of one output gives a tensor in Keras, not a list of one. */
function oneOrAll(histories: readonly History[]): History | readonly History[] {
  const [first] = histories;
  return histories.length === 1 && first !== undefined ? first : histories;
}

/** Says of each tensor which output of which call of which layer it is. */
function number(
  inputs: readonly SymbolicTensor[],
  calls: readonly LayerCall[],
): { histories: ReadonlyMap<SymbolicTensor, History>; entrances: readonly InputLayer[] } {
  const histories = new Map<SymbolicTensor, History>();
  const entrances: InputLayer[] = [];
  for (const tensor of inputs) {
    const layer = tensor.call?.().layer;
    if (layer instanceof InputLayer) {
      histories.set(tensor, [layer.name, 0, 0]);
      continue;
    }
    // The model begins in the middle of another one: a file needs an entrance there.
    const name = `${layer?.name ?? "graph"}_input_${entrances.length}`;
    entrances.push(new InputLayer({ batchShape: pythonShape(tensor.shape), dtype: tensor.type, name }));
    histories.set(tensor, [name, 0, 0]);
  }
  const counts = new Map<Layer, number>();
  for (const { layer, outputs } of calls) {
    const count = counts.get(layer) ?? 0;
    counts.set(layer, count + 1);
    outputs.forEach((tensor, output) => {
      if (!histories.has(tensor)) histories.set(tensor, [layer.name, count, output]);
    });
  }
  return { histories, entrances };
}

function serializeCall(
  { layer, inputs, training, arguments: told = {} }: LayerCall,
  history: (tensor: SymbolicTensor) => History,
): Config {
  const { masks = [], useCausalMask, returnAttentionScores, operands, positions } = told;
  const all = inputs.map((tensor) => ({
    class_name: "__keras_tensor__",
    config: { shape: pythonShape(tensor.shape), dtype: tensor.type, keras_history: history(tensor) },
  }));
  if (operands !== undefined) {
    const [first] = operands;
    const isSpread = layer instanceof Operation && layer.row.isVariadic === true && Array.isArray(first);
    const args = isSpread ? (first as readonly Argument[]) : operands;
    return {
      args: args.map((one) => serializeArgument(layer, one, all)),
      kwargs: layer instanceof Operation ? layer.callConfig : {},
    };
  }
  const tensors = all.slice(0, all.length - masks.length);
  // As in Keras a key is there only where it was said.
  const kwargs = {
    ...Object.fromEntries(masks.map((name, index) => [name, all[tensors.length + index]])),
    ...(useCausalMask === true ? { use_causal_mask: true } : {}),
    ...(returnAttentionScores === true ? { return_attention_scores: true } : {}),
    ...(training === false ? { training } : {}),
  };
  if (positions !== undefined) return { args: inPositions(tensors, positions), kwargs };
  // Attention takes its inputs one by one, all others a list.
  const isList = tensors.length > 1 && layer.className !== "MultiHeadAttention";
  return { args: isList ? [tensors] : tensors, kwargs };
}

/** An argument of the call of an operation, as Keras writes it. */
function serializeArgument(layer: Layer, argument: Argument, tensors: readonly Config[]): unknown {
  if (argument === null || typeof argument !== "object") return argument;
  if (!("kind" in argument)) return argument.map((one) => serializeArgument(layer, one, tensors));
  switch (argument.kind) {
    case "input":
      return tensors[argument.index];
    case "array": {
      const { type, dims, data } = argument.data;
      const numbers = type === "bool" ? Array.from(data, Boolean) : Array.from(data, Number);
      return { class_name: "__numpy__", config: { value: nested(numbers, dims), dtype: type } };
    }
    case "slice": {
      const { start, stop, step } = argument;
      return { class_name: "__slice__", config: { start, stop, step } };
    }
    case "ellipsis":
      return { class_name: "__ellipsis__", config: {} };
    case "weight":
      throw new UsageError(`The operation "${layer.name}" (${layer.className}) cannot be saved.`, {
        subject: layer.name,
        expected: "operations on tensors, arrays and numbers",
        received: `the weight "${argument.variable.path}"`,
        advice: "Compute with weights in the call of a layer of your own.",
      });
  }
}

/** Elements as nested lists. */
function nested(elements: readonly unknown[], [extent, ...inner]: readonly number[]): unknown {
  if (extent === undefined) return elements[0];
  const size = elements.length / extent;
  return Array.from({ length: extent }, (_, index) => nested(elements.slice(index * size, (index + 1) * size), inner));
}
