import type { SerializedObject } from "../nn/config.js";
import type { Layer } from "../nn/layer.js";
import { Operation } from "../nn/operations/operation.js";

/** Where Keras keeps classes that are not in `keras.layers`. */
const modules: Readonly<Record<string, readonly [module: string, registered: string | null]>> = {
  Functional: ["keras.src.models.functional", "Functional"],
  Sequential: ["keras", null],
  LayerScale: ["keras.src.applications.convnext", "LayerScale"],
  StochasticDepth: ["keras.src.applications.convnext", "StochasticDepth"],
};

/** A layer or a model as Keras 3 writes it into files, without weights and compile state. */
export function serializeLayer(layer: Layer): SerializedObject {
  if (layer instanceof Operation) {
    const { className, module } = layer.row;
    const config = layer.getConfig();
    return { module: `keras.src.ops.${module}`, class_name: className, config, registered_name: className };
  }
  const [module, registered] = modules[layer.className] ?? ["keras.layers", null];
  return { module, class_name: layer.className, config: layer.getConfig(), registered_name: registered };
}
