import { type Backbone, framingOf } from "../applications/backbone.js";
import { preprocessGraph } from "../applications/preprocess.js";
import { framedPixels } from "../photos/framing.js";
import type { Photo } from "../photos/photo.js";
import { joinFingerprints, photoFingerprint } from "../photos/photo-fingerprints.js";
import { version } from "../errors/version.js";
import { mapOutputs } from "../graph/graph.js";
import { input } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import { scalarLike } from "../ops/constants.js";
import { sub } from "../ops/elementwise.js";
import { concat } from "../ops/joining.js";
import { explicitMargins } from "../passes/explicit-margins.js";
import { graphBytes } from "../runtime/session.js";

import { inferenceGraph } from "../training/programs/inference-graph.js";
import { distanceGraph, type FamiliarPhotos } from "./familiar-photos.js";
import { headOf } from "./head.js";
import { featureModel } from "./feature-model.js";
import { coverage } from "./coverage.js";

/** What is exported. */
export interface ExportOptions {
  /** Preprocessed images in, probabilities `[N, classes]` out; a sigmoid's `[N, 1]` becomes two columns. */
  readonly model: BaseModel;
  readonly backbone: Backbone;
  readonly classes: readonly string[];
  /** How probable a class must be for a prediction to name it, see `setThreshold`; the file does not say it where it is undefined. */
  readonly threshold: number | undefined;
  /** What it knows when it sees it again; default: the file does not say how far a photo is from that. */
  readonly familiar?: FamiliarPhotos | undefined;
  /**
   * Photos that it has learned from, with their hashes: the file has fingerprints of them, and of those that the network has learned
   * from before; default: the file does not say it.
   */
  readonly learnedFrom?: readonly Photo[] | undefined;
}

/**
 * The whole classifier as one ONNX file: `image`, `[N, H, W, 3]` uint8 RGB of any size, in; `probabilities`,
 * `[N, classes]` float32, out, and behind them `distance`, `[N]` float32: how far a photo is from all that was learned from.
 * Resizing and preprocessing are inside, the labels in the metadata.
 *
 * @returns the file's bytes
 */
export function exportClassifier({
  model,
  backbone,
  classes,
  threshold,
  familiar,
  learnedFrom,
}: ExportOptions): Uint8Array {
  const image = input("image", "uint8", ["N", "H", "W", 3]);
  const framing = framingOf(backbone);
  const pixels = preprocessGraph(framedPixels(image, framing), backbone.record.preprocess);
  const { model: network } = featureModel(backbone.model);
  const trunk = inferenceGraph(network, [pixels]);
  const [features] = trunk.outputs;
  if (features === undefined) throw new TypeError("The network has no output.");
  const head = inferenceGraph(headOf(model, network), [features]);
  const [output] = head.outputs;
  if (output === undefined) throw new TypeError("The model has no output.");
  const probabilities =
    output.shape[1] === 1 ? concat([sub(scalarLike(output, 1), output), output], { axis: 1 }) : output;
  const metadata: Record<string, string> = {
    labels: JSON.stringify(classes),
    network: backbone.record.name,
    licence: backbone.record.licence,
    version,
    image_size: String(framing.size),
  };
  if (learnedFrom !== undefined) {
    const learned = learnedFrom.flatMap(({ hash }) => (hash === undefined ? [] : [photoFingerprint(hash)]));
    metadata["learned_photos"] = joinFingerprints([...(backbone.learnedPhotos ?? []), ...learned]);
  }
  const { crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  if (crop !== 1 || keepProportions) {
    metadata["crop"] = String(crop);
    metadata["keep_proportions"] = String(keepProportions);
  }
  if (interpolation !== "bilinear") metadata["interpolation"] = interpolation;
  if (threshold !== undefined) {
    metadata["set_coverage"] = String(coverage);
    metadata["set_threshold"] = String(threshold);
  }
  if (familiar?.threshold !== undefined) metadata["distance_threshold"] = String(familiar.threshold);
  const answers =
    familiar === undefined ? { probabilities } : { probabilities, distance: distanceGraph(features, familiar) };
  const names = new Map([...trunk.names, ...head.names]);
  const outputs = mapOutputs(answers, explicitMargins(Object.values(answers)));
  return graphBytes(outputs, { name: "classifier", inputs: [image], names, metadata });
}
