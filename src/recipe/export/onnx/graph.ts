import type { Outputs } from "../../../graph/graph.js";
import { rebuild } from "../../../graph/rebuild.js";
import { input, type Value } from "../../../graph/value.js";
import { framedPixels } from "../../../photos/framing.js";
import type { ClassifierNetwork } from "../exportable.js";
import type { InputSizes } from "./sizes.js";

/** A graph that is to become a file. */
export interface ClassifierGraph {
  /** What is fed. */
  readonly image: Value;
  /** What goes into the network. */
  readonly normalized: Value;
  /** `probabilities`, and `distance` where the classifier says it. */
  readonly outputs: Outputs;
}

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
 */
export function graphOfPhotos(network: ClassifierNetwork, { batch, height, width }: InputSizes): ClassifierGraph {
  const image = input("image", "uint8", [batch, height, width, 3]);
  const answers = Object.entries(namedAnswers(network));
  const { pixels, normalized } = network;
  const values = [...answers.map(([, value]) => value), normalized];
  const renewed = rebuild(values, new Map([[pixels, framedPixels(image, network.framing)]]));
  const outputs = Object.fromEntries(answers.map(([name, value]) => [name, renewed(value)]));
  return { image, normalized: renewed(normalized), outputs };
}

/**
 * A classifier of pictures that are framed and normalized already: `image` float32 `[N, 3, size, size]`.
 *
 * @param sizes how many pictures at a time
 */
export function graphOfPictures(network: ClassifierNetwork, { batch }: Pick<InputSizes, "batch">): ClassifierGraph {
  const { size } = network.framing;
  const image = input("image", "float32", [batch, 3, size, size]);
  const answers = Object.entries(namedAnswers(network));
  const renewed = rebuild(
    answers.map(([, value]) => value),
    new Map([[network.normalized, image]]),
  );
  const outputs = Object.fromEntries(answers.map(([name, value]) => [name, renewed(value)]));
  return { image, normalized: image, outputs };
}
