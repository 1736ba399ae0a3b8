import type { LayerGraph, LayerSpec } from "../layers/layer-spec.js";

/** Options that TensorFlow.js names otherwise than Keras 3, by class. */
const otherNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  InputLayer: { batch_shape: "batch_input_shape" },
  LeakyReLU: { negative_slope: "alpha" },
};

/** Files of a TensorFlow.js layers model, by name. */
export interface LayersModelFiles {
  readonly "model.json": string;
  readonly "weights.bin": Uint8Array;
}

/**
 * Writes layers as a TensorFlow.js layers model, which `tf.loadLayersModel` takes.
 *
 * @param graph layers of TensorFlow.js's
 * @param generatedBy which program writes it, and its version
 * @see https://www.tensorflow.org/js/guide/save_load
 */
export function writeLayersModel(graph: LayerGraph, generatedBy: string): LayersModelFiles {
  const weights = graph.flatMap(({ name, weights: own }) =>
    own.map((weight) => ({ name: `${name}/${weight.name}`, tensor: weight.tensor })),
  );
  const bytes = Buffer.concat(
    weights.map(({ tensor: { data } }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
  const model = {
    format: "layers-model",
    generatedBy,
    convertedBy: null,
    modelTopology: {
      class_name: "Model",
      config: configOf(graph),
      // What a layer means is what TensorFlow.js computes.
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
    },
    weightsManifest: [
      {
        paths: ["weights.bin"],
        weights: weights.map(({ name, tensor: { dims } }) => ({ name, shape: [...dims], dtype: "float32" })),
      },
    ],
  };
  return { "model.json": JSON.stringify(model), "weights.bin": new Uint8Array(bytes) };
}

function configOf(graph: LayerGraph): object {
  const [first, last] = [graph[0]?.name, graph.at(-1)?.name];
  return {
    name: "model",
    layers: graph.map((spec) => ({
      class_name: spec.className,
      name: spec.name,
      config: { name: spec.name, ...renamed(spec) },
      inbound_nodes: spec.inputs.length === 0 ? [] : [spec.inputs.map((input) => [input, 0, 0, {}])],
    })),
    input_layers: [[first, 0, 0]],
    output_layers: [[last, 0, 0]],
  };
}

function renamed({ className, config }: LayerSpec): object {
  const names = otherNames[className] ?? {};
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [names[name] ?? name, value]));
}
