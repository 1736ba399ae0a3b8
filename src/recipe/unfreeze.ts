import type { BaseModel } from "../models/base-model.js";
import type { Layer } from "../nn/layer.js";

/**
 * The layers of a network from a given one on.
 *
 * @param from a layer's name, `"all"` or `"none"`
 * @throws UsageError when the network has no such layer; the message offers the nearest names
 */
export function unfreezeFrom(network: BaseModel, from: string): readonly Layer[] {
  if (from === "none") return [];
  if (from === "all") return network.layers;
  return network.layers.slice(network.layers.indexOf(network.getLayer(from)));
}
