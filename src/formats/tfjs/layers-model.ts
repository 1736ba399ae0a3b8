import { FileError } from "../../errors/errors.js";
import { assignWeights, type FileWeights } from "../../models/assign-weights.js";
import { BaseModel } from "../../models/base-model.js";
import { pathsInFiles } from "../../models/weight-names.js";
import { modelFromConfig } from "../keras/from-config.js";
import { generationOf } from "../keras/generation.js";
import type { Layer } from "../../nn/layer.js";
import { layerOfTfjs } from "./own-layers.js";
import type { TfjsLayersModel } from "./model-json.js";

type FileWeight = FileWeights["layers"][number]["weights"][number];

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The layers with weights of their own, those of inner models in place of the models. */
function leaves(layers: readonly Layer[]): Layer[] {
  return layers.flatMap((layer) => (layer instanceof BaseModel ? leaves(layer.layers) : [layer]));
}

/**
 * The weights whose names end as the layer's do, in any generation's way: an inner model's name may stand in front, and a
 * number behind where two models have layers of the same name.
 *
 * @param used names that other layers have taken
 */
function weightsOf(layer: Layer, weights: TfjsLayersModel["weights"], used: Set<string>): FileWeight[] {
  return layer.weights.flatMap(({ path }) => {
    const paths = pathsInFiles(path);
    const isOf = (name: string): boolean => paths.some((own) => name === own || name.endsWith(`/${own}`));
    const free = [...weights.keys()].filter((key) => !used.has(key));
    const name = free.find(isOf) ?? free.find((key) => isOf(key.replace(/_\d+$/, "")));
    const found = name === undefined ? undefined : weights.get(name);
    if (name === undefined || found === undefined) return [];
    used.add(name);
    const data = Float32Array.from(found.data as ArrayLike<number>);
    return [{ name, tensor: { type: "float32", dims: found.dims, data } }];
  });
}

/**
 * Makes a model of a TensorFlow.js layers model, whose configuration is Keras's.
 *
 * @param file the file's name, for messages
 * @throws FileError when the file holds weights only
 * @throws ShapeError when weights are missing or do not fit
 * @throws UsageError for a layer or an option that Graft does not have
 * @see https://www.tensorflow.org/js/guide/save_load
 */
export function layersModelOfTfjs({ topology, weights }: TfjsLayersModel, file: string): BaseModel {
  if (topology === null) {
    throw new FileError(`${file} holds weights without the model.`, {
      subject: file,
      expected: "a modelTopology",
      received: "none",
      advice: "Save the model with its topology.",
    });
  }
  const version = property(topology, "keras_version");
  const said = typeof version === "string" ? version : undefined;
  // What Keras has trained and a converter has written goes on to mean what Keras computes.
  const special = said?.startsWith("tfjs") === true ? layerOfTfjs : undefined;
  const model = modelFromConfig(property(topology, "model_config") ?? topology, file, generationOf(said, 2), {
    special,
  });
  const used = new Set<string>();
  const layers = leaves(model.layers).map((layer) => ({ name: layer.name, weights: weightsOf(layer, weights, used) }));
  assignWeights(leaves(model.layers), { file, layers });
  return model;
}
