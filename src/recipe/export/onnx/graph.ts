import { mapOutputs, type Outputs } from "../../../graph/graph.js";
import { rebuild } from "../../../graph/rebuild.js";
import type { Dim } from "../../../graph/shape.js";
import { input, type Value } from "../../../graph/value.js";
import { framedLevels, framedPixels } from "../../../photos/framing.js";
import type { ClassifierNetwork } from "../exportable.js";
import type { ExportGraph } from "./graph-file.js";
import type { InputSizes } from "./sizes.js";

/** What a network says of pictures, by the names of the file's outputs. */
export function namedAnswers({
  probabilities,
  distance,
}: Pick<ClassifierNetwork, "probabilities" | "distance">): Outputs {
  return distance === undefined ? { probabilities } : { probabilities, distance };
}

/**
 * A classifier of photos: `image` uint8 `[N, H, W, 3]`, RGB, is framed and normalized in the graph.
 *
 * @param sizes of the photos
 * @param answers outputs that the graph has
 */
export function graphOfPhotos(
  network: ClassifierNetwork,
  { batch, height, width }: InputSizes,
  answers: Outputs = namedAnswers(network),
): ExportGraph {
  const image = input("image", "uint8", [batch, height, width, 3]);
  return framedGraph(network, image, framedPixels(image, network.framing), answers);
}

/**
 * The same of photos as other programs give them: `[N, 3, H, W]` float32, whole numbers in [0, 255].
 *
 * @param name of the input
 * @param answers outputs that the graph has
 */
export function graphOfLevels(network: ClassifierNetwork, name: string, answers: Outputs): ExportGraph {
  const image = input(name, "float32", ["N", 3, "H", "W"]);
  return framedGraph(network, image, framedLevels(image, network.framing), answers);
}

/** @param framed pictures, made of what is fed */
function framedGraph(network: ClassifierNetwork, image: Value, framed: Value, answers: Outputs): ExportGraph {
  const renewed = rebuild(Object.values(answers), new Map([[network.pixels, framed]]));
  return { image, outputs: mapOutputs(answers, renewed) };
}

/**
 * A classifier of pictures that are framed and normalized already: float32 `[N, 3, size, size]`.
 *
 * @param name of the input
 * @param batch how many pictures at a time
 * @param answers outputs that the graph has
 */
export function graphOfPictures(
  network: ClassifierNetwork,
  { name, batch }: { readonly name: string; readonly batch: Dim },
  answers: Outputs = namedAnswers(network),
): ExportGraph {
  const { size } = network.framing;
  const image = input(name, "float32", [batch, 3, size, size]);
  const renewed = rebuild(Object.values(answers), new Map([[network.normalized, image]]));
  return { image, outputs: mapOutputs(answers, renewed) };
}
