import { refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { type Config, isSerializedObject, type SerializedObject } from "../config.js";
import { makesFromConfig } from "../default-from-config.js";
import type { Layer } from "../layer.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";

const registry = new Registry("layer", {
  ...factories<Layer>(catalogue),
  // Its layers are made, too.
  Pipeline: (config) => catalogue.Pipeline.ofConfig(config, deserializeLayer),
});

makesFromConfig(catalogue.Pipeline, (config) => catalogue.Pipeline.ofConfig(config, deserializeLayer));

/** TensorFlow 1.14 to 2.3 left the type to the input, which is float32. */
const policies: readonly unknown[] = ["float32", "infer", "_infer", "mixed_float16", "mixed_bfloat16"];

/** The name of the policy that a layer's configuration says: `"mixed_float16"`, alone or as an object. */
export function policyOf({ dtype }: Config): unknown {
  return isSerializedObject(dtype) ? dtype.config["name"] : dtype;
}

/** Graft computes in float32; a mixed policy stores float32 too, so its weights fit unchanged. */
function checkPolicy({ class_name: className, config }: SerializedObject): void {
  if (className === "InputLayer") return;
  const policy = policyOf(config);
  if (policy === undefined || policy === null || policies.includes(policy)) return;
  throw new UsageError(`The layer ${className} is not computed in float32.`, {
    subject: "dtype",
    expected: "float32, mixed_float16 or mixed_bfloat16",
    received: JSON.stringify(policy),
  });
}

/** What a file says of an activation function, as a layer where it is one: `Dense(activation=LeakyReLU(0.1))`. */
function ofLayer(activation: unknown): unknown {
  const isLayer = isSerializedObject(activation) && typeof activation.config === "object" && !isFunction(activation);
  return isLayer ? deserializeLayer(activation) : activation;
}

/** Whether an object of a file is a function, whose name is registered. */
function isFunction({ class_name: className, registered_name: registered }: SerializedObject): boolean {
  return className === "function" || (typeof registered === "string" && !layerNames().includes(className));
}

/**
 * Makes a layer from Keras's configuration; it has no weights yet.
 *
 * @param serialized the class's name and the configuration, as Keras writes them
 * @throws UsageError for a layer or an option that Graft does not have
 */
export function deserializeLayer(serialized: SerializedObject): Layer {
  const given: unknown = serialized;
  if (!isSerializedObject(given)) refuse("deserializeLayer", "layer", "{ class_name, config }", given);
  checkPolicy(serialized);
  // The model reads Keras 2's input shape; the element type of all layers but inputs is float32.
  const left = serialized.class_name === "InputLayer" ? [] : ["batch_input_shape", "dtype"];
  const entries = Object.entries(serialized.config).filter(([key]) => !left.includes(key));
  const config = Object.fromEntries(
    entries.map(([key, value]) => [key, key === "activation" ? ofLayer(value) : value]),
  );
  return registry.create({ ...serialized, config });
}

/** Names of all classes of layers that {@link deserializeLayer} can make. */
export function layerNames(): string[] {
  return registry.classNames;
}
