import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { BaseModel } from "../../models/base-model.js";
import type { Layer } from "../../nn/layer.js";

/** A layer in a model, or in a model in it. */
interface Place {
  readonly layer: Layer;
  /** Names from the outside in, such as `"mobilenetv2/block_16_expand"`. */
  readonly path: string;
  /** The layers that come after it, in each of the models that it is in. */
  readonly after: readonly Layer[];
}

function* placesIn(model: BaseModel, prefix = "", after: readonly Layer[] = []): Generator<Place> {
  for (const [index, layer] of model.layers.entries()) {
    const path = `${prefix}${layer.name}`;
    const behind = [...model.layers.slice(index + 1), ...after];
    yield { layer, path, after: behind };
    if (layer instanceof BaseModel) yield* placesIn(layer, `${path}/`, behind);
  }
}

/**
 * The layers of a model from a given one on, in the order of `model.layers`; it may be in an inner model, whose place counts.
 *
 * @param from a layer's name, or its path where several have that name
 * @throws UsageError when there is no such layer, or there are several
 */
export function layersFrom(model: BaseModel, from: string): readonly Layer[] {
  const places = [...placesIn(model)];
  const exact = places.find(({ path }) => path === from);
  const found = exact === undefined ? places.filter(({ layer }) => layer.name === from) : [exact];
  const [place, ...others] = found;
  if (place !== undefined && others.length === 0) return [place.layer, ...place.after];
  if (place !== undefined) {
    throw new UsageError(`The model "${model.name}" has several layers "${from}".`, {
      subject: from,
      expected: "the name of one layer, or its path",
      received: `"${from}", which is the name of ${found.length}`,
      advice: `Say which one: ${found.map(({ path }) => `"${path}"`).join(", ")}.`,
    });
  }
  throw new UsageError(`The model "${model.name}" has no layer "${from}".`, {
    subject: from,
    expected: `one of its ${places.length} layers, those of inner models included`,
    received: `"${from}"`,
    advice: didYouMean(
      from,
      places.flatMap(({ layer, path }) => [layer.name, path]),
    ),
  });
}
