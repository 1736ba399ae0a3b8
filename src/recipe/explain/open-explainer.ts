import type { DecodedPhoto } from "../../photos/decode.js";
import { type Framing, seenPart, shrunkTo } from "../../photos/framing.js";
import { type Runtime, Tensor } from "../../runtime/runtime.js";
import { readClassifier } from "../classifier.js";
import { classifierBytes } from "../open-classifier.js";
import { explainableClassifier } from "./explainable.js";
import { Explainer, type Explanation } from "./explainer.js";
import type { ExplainMethod } from "./methods.js";

/** A finished classifier that says where in a photo it sees what speaks for a class. */
export interface PhotoExplainer {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** Which part of a photo it sees. */
  readonly framing: Omit<Framing, "size">;
  /** What it shrinks the shorter side of photos to; `undefined` where its file does not say. */
  readonly shrinksTo: number | undefined;
  /**
   * Explains one photo.
   *
   * @param classIndex number of the class; default the one that it says
   * @param isQuick whether the default method takes the network's map as it is, which costs two predictions instead of some fifty; default
   *   false
   * @throws UsageError when the method does not suit the classifier
   */
  explain(photo: DecodedPhoto, classIndex?: number, isQuick?: boolean): Promise<Explanation>;
  /** Frees the engine's sessions; it cannot be used afterwards. */
  release(): Promise<void>;
}

/**
 * Opens a finished classifier, to have it explain what it says.
 *
 * @param runtime where it will run
 * @param path a run folder, or a `model.onnx`
 * @param method default what suits the network
 * @throws FileError when there is none, it cannot be read, or it is not one that Graft has written
 */
export async function openExplainer(runtime: Runtime, path: string, method?: ExplainMethod): Promise<PhotoExplainer> {
  const { file, bytes } = await classifierBytes(path);
  const { model, labels } = readClassifier(bytes, file);
  const { metadata } = model;
  const crop = Number(metadata["crop"] ?? 1);
  const framing = { crop: crop > 0 && crop <= 1 ? crop : 1, keepProportions: metadata["keep_proportions"] === "true" };
  const size = Number(metadata["image_size"]);
  const explainer = new Explainer(runtime, explainableClassifier(model, file), method);
  return {
    labels,
    framing,
    shrinksTo: Number.isInteger(size) && size > 0 ? shrunkTo({ size, ...framing }) : undefined,
    async explain(photo, classIndex, isQuick) {
      const picture = new Tensor("uint8", photo.data, [1, photo.height, photo.width, 3]);
      const asked = classIndex === undefined ? undefined : [classIndex];
      const [explanation] = await explainer.explain(picture, asked, { part: seenPart(framing, photo), isQuick });
      if (explanation === undefined) throw new TypeError("One photo has one explanation.");
      return explanation;
    },
    release: () => explainer.release(),
  };
}
