import type { SerializedObject } from "../config.js";
import type { Layer } from "../layer.js";
import * as catalogue from "./catalogue.js";
import { layerNames } from "./deserialize-layer.js";
import { type CustomObject, customModule, isRegistered } from "../saving/custom-objects.js";
import { Operation } from "../operations/operation.js";

/** Where Keras keeps classes that are not in `keras.layers`. */
const modules: Readonly<Record<string, readonly [module: string, registered: string | null]>> = {
  Functional: ["keras.src.models.functional", "Functional"],
  Sequential: ["keras", null],
  CustomScaleLayer: ["keras.src.applications.inception_resnet_v2", "CustomScaleLayer"],
  LayerScale: ["keras.src.applications.convnext", "LayerScale"],
  StochasticDepth: ["keras.src.applications.convnext", "StochasticDepth"],
};

const builtIn: ReadonlySet<unknown> = new Set<unknown>(Object.values(catalogue));

/** Whether a layer is of a class of a user's own, which files name in their own way. */
export function isCustom(layer: Layer): boolean {
  const known = builtIn.has(layer.constructor) || modules[layer.className] !== undefined;
  return !known && (layer.hasOwnCall || isRegistered(layer.constructor) || !layerNames().includes(layer.className));
}

/** A layer or a model as Keras 3 writes it into files, without weights and compile state. */
export function serializeLayer(layer: Layer): SerializedObject {
  if (layer instanceof Operation) {
    const { className, module } = layer.row;
    const config = layer.getConfig();
    const place = module.startsWith("keras.") ? module : `keras.src.ops.${module}`;
    return { module: place, class_name: className, config, registered_name: className };
  }
  const [module, registered] = modules[layer.className] ?? ["keras.layers", null];
  if (isCustom(layer)) {
    const names = customModule(layer.constructor as CustomObject);
    const shape = layer.buildShape;
    const build = shape === undefined ? {} : { build_config: { input_shape: shape } };
    return { ...names, class_name: layer.className, config: layer.getConfig(), ...build };
  }
  return { module, class_name: layer.className, config: layer.getConfig(), registered_name: registered };
}
