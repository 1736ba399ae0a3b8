import type { Backbone } from "../applications/backbone.js";
import { preprocessGraph } from "../applications/preprocess.js";
import { resizedPixels } from "../photos/photo-resizer.js";
import { version } from "../errors/version.js";
import { input } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import { scalarLike } from "../ops/constants.js";
import { sub } from "../ops/elementwise.js";
import { concat } from "../ops/joining.js";
import { graphBytes } from "../runtime/session.js";

import { inferenceGraph } from "../training/programs/inference-graph.js";
import { coverage } from "./prediction-set.js";

/** What is exported. */
export interface ExportOptions {
  /** Preprocessed images in, probabilities `[N, classes]` out; a sigmoid's `[N, 1]` becomes two columns. */
  readonly model: BaseModel;
  readonly backbone: Backbone;
  readonly classes: readonly string[];
  /** How probable a class must be for a prediction to name it, see `setThreshold`. */
  readonly threshold: number;
}

/**
 * The whole classifier as one ONNX file: `image`, `[N, H, W, 3]` uint8 RGB of any size, in; `probabilities`,
 * `[N, classes]` float32, out. Resizing and preprocessing are inside, the labels in the metadata.
 *
 * @returns the file's bytes
 */
export function exportClassifier({ model, backbone, classes, threshold }: ExportOptions): Uint8Array {
  const image = input("image", "uint8", ["N", "H", "W", 3]);
  const pixels = preprocessGraph(resizedPixels(image, backbone.imageSize), backbone.record.preprocess);
  const { outputs, names } = inferenceGraph(model, [pixels]);
  const [output] = outputs;
  if (output === undefined) throw new TypeError("The model has no output.");
  const probabilities =
    output.shape[1] === 1 ? concat([sub(scalarLike(output, 1), output), output], { axis: 1 }) : output;
  return graphBytes(
    { probabilities },
    {
      name: "classifier",
      inputs: [image],
      names,
      metadata: {
        labels: JSON.stringify(classes),
        network: backbone.record.name,
        licence: backbone.record.licence,
        version,
        image_size: String(backbone.imageSize),
        set_coverage: String(coverage),
        set_threshold: String(threshold),
      },
    },
  );
}
