import { show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { Layer } from "../nn/layer.js";

/** Which layer of a model: one of the two. */
export interface LayerPlace {
  readonly name?: string | undefined;
  /** Place among the model's layers, from 0; -1 is the last. */
  readonly index?: number | undefined;
}

/**
 * Finds a layer of a model.
 *
 * @throws UsageError when there is none, or the question is none
 */
export function findLayer(model: string, layers: readonly Layer[], which: string | LayerPlace): Layer {
  // JavaScript lets anything through.
  const given: unknown = which;
  if (typeof given === "string") return named(model, layers, given);
  const { name, index }: LayerPlace = typeof given === "object" && given !== null ? given : {};
  if ((typeof name === "string") === (typeof index === "number")) {
    throw new UsageError("getLayer takes a name or a place.", {
      subject: "getLayer",
      expected: 'one of getLayer("conv2d"), getLayer({ name: "conv2d" }) and getLayer({ index: 3 })',
      received: show(given),
      advice: typeof given === "number" ? `Write getLayer({ index: ${given} }).` : undefined,
    });
  }
  if (name !== undefined) return named(model, layers, name);
  const layer = Number.isInteger(index) ? layers.at(index ?? 0) : undefined;
  if (layer !== undefined) return layer;
  throw new UsageError(`The model "${model}" has no layer at ${index ?? ""}.`, {
    subject: "index",
    expected:
      layers.length === 0 ? "a model with layers" : `a whole number from ${-layers.length} to ${layers.length - 1}`,
    received: String(index),
  });
}

function named(model: string, layers: readonly Layer[], name: string): Layer {
  const layer = layers.find((candidate) => candidate.name === name);
  if (layer !== undefined) return layer;
  const names = layers.map((candidate) => candidate.name);
  throw new UsageError(`The model "${model}" has no layer "${name}".`, {
    subject: name,
    expected: `one of its ${names.length} layers`,
    received: name,
    advice: didYouMean(name, names) ?? "The model has no layers.",
  });
}
