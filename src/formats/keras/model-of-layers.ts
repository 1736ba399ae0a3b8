import { assignWeights } from "../../models/assign-weights.js";
import type { BaseModel } from "../../models/base-model.js";
import type { LayerGraph } from "../layers/layer-spec.js";
import { modelFromConfig } from "./from-config.js";

/**
 * Makes a model of layers with their weights.
 *
 * @param graph layers of Keras's
 * @param name of the model
 */
export function modelOfLayers(graph: LayerGraph, name: string): BaseModel {
  const [first, last] = [graph[0]?.name, graph.at(-1)?.name];
  const layers = graph.map(({ name: own, className, config, inputs }) => ({
    module: "keras.layers",
    class_name: className,
    name: own,
    config: { name: own, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  }));
  const config = { name, layers, input_layers: [[first, 0, 0]], output_layers: [[last, 0, 0]] };
  const model = modelFromConfig({ class_name: "Functional", config }, name, 3);
  const weights = graph.map(({ name: own, weights: given }) => ({
    name: own,
    weights: given.map((weight) => ({ name: `${own}/${weight.name}`, tensor: weight.tensor })),
  }));
  // The model orders its layers by their depth.
  assignWeights(model.layers, { file: name, layers: weights }, { byName: true });
  return model;
}
