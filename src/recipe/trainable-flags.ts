import { BaseModel } from "../models/base-model.js";
import type { Layer } from "../nn/layer.js";

/** A layer and those in it, the outer ones first: a model's flag sets those of its layers. */
function withInner(layer: Layer): Layer[] {
  return [layer, ...(layer instanceof BaseModel ? layer.layers.flatMap(withInner) : [])];
}

/**
 * Does some work while certain layers of a network are trainable and the others are frozen, and puts the flags back that were
 * there before.
 *
 * @param trainable layers of the network
 */
export async function withTrainable<T>(
  network: BaseModel,
  trainable: ReadonlySet<Layer>,
  work: () => Promise<T>,
): Promise<T> {
  const before = withInner(network).map((layer) => ({ layer, flag: layer.trainable }));
  network.trainable = trainable.size > 0;
  for (const layer of network.layers) layer.trainable = trainable.has(layer);
  try {
    return await work();
  } finally {
    for (const { layer, flag } of before) layer.trainable = flag;
  }
}
