import type { Layer } from "./layer.js";

/** Whether something is a layer; told by what it can do, because the class itself asks. */
function isLayer(value: unknown): value is Layer {
  return typeof value === "object" && value !== null && "callNamed" in value;
}

/**
 * The layers in the fields of a layer of a user's own, in the order of the fields; those in lists, maps and plain objects too.
 * As in Keras, their weights are weights of the layer.
 */
export function layersIn(owner: object): readonly Layer[] {
  const found = new Set<Layer>();
  const look = (value: unknown): void => {
    if (isLayer(value)) found.add(value);
    else if (Array.isArray(value)) value.forEach(look);
    else if (value instanceof Map) for (const item of value.values()) look(item);
    else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      Object.values(value).forEach(look);
    }
  };
  for (const value of Object.values(owner)) look(value);
  return [...found];
}
