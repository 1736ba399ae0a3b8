import { refuse } from "../../errors/check.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { Layer } from "../layer.js";
import { CustomObjectScope, type CustomObjects } from "../saving/custom-objects.js";
import { deserializeLayer } from "./deserialize-layer.js";
import { serializeLayer } from "./serialize-layer.js";

/** What files say of a layer: its class, and what its constructor takes, in Keras's snake_case; no weights. */
export function serialize(layer: Layer): SerializedObject {
  const given: unknown = layer;
  if (!(given instanceof Layer)) refuse("layers.serialize", "layer", "a layer", given);
  return serializeLayer(given);
}

/**
 * Makes a layer of what {@link serialize} gives; it has no weights yet.
 *
 * @param customObjects classes of one's own that it names
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject, customObjects: CustomObjects = {}): Layer {
  const given: unknown = config;
  if (!isSerializedObject(given)) refuse("layers.deserialize", "config", "{ class_name, config }", given);
  return new CustomObjectScope(customObjects).runNow(() => deserializeLayer(given));
}
