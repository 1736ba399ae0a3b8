import type { ExportableClassifier } from "../exportable.js";
import { checkExport } from "../onnx/check-export.js";
import { graphOfLevels, graphOfPictures } from "../onnx/graph.js";
import { fileOfGraph } from "../onnx/graph-file.js";
import { inPrecision } from "../onnx/in-precision.js";
import { logitsOf } from "../onnx/logits.js";
import { inputSizes } from "../onnx/sizes.js";
import type { Exported, ExportPrecision, ExportRequest } from "../target.js";
import { modelConfig, preprocessorConfig } from "./configs.js";

/** Name of the file of each precision, and of that precision, in Transformers.js. */
const files: Readonly<Record<ExportPrecision, { readonly file: string; readonly dtype: string }>> = {
  float32: { file: "onnx/model.onnx", dtype: "fp32" },
  float16: { file: "onnx/model_fp16.onnx", dtype: "fp16" },
  int8: { file: "onnx/model_quantized.onnx", dtype: "q8" },
};

/**
 * The classifier as a folder that `pipeline("image-classification", folder)` loads. Transformers.js resizes by other filters, so photos are
 * resized in the graph unless that is asked not to be; it takes one size at a time then.
 *
 * @throws EngineError when the engine refuses what was made, or it says something else than the run's file
 */
export async function writeTransformersJs(classifier: ExportableClassifier, request: ExportRequest): Promise<Exported> {
  const { precision = "float32", withoutPreprocessing = false } = request.options;
  const { network, cost, float32, notes } = await inPrecision(classifier, request);
  const answers = { logits: logitsOf(network) };
  const name = "pixel_values";
  const graph = withoutPreprocessing
    ? graphOfPictures(network, { name, batch: "N" }, answers)
    : graphOfLevels(network, name, answers);
  const { file, dtype } = files[precision];
  const { metadata, labels } = classifier;
  const bytes = fileOfGraph(graph, { batch: "N", metadata });
  const written = {
    bytes,
    sizes: inputSizes({}, network.framing.size),
    takes: withoutPreprocessing ? "pictures" : "levels",
    names: { input: name, output: "logits" },
  } as const;
  await checkExport(request.runtime, classifier.network(), classifier.bytes, written, precision);
  const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
  return {
    files: new Map<string, Uint8Array | string>([
      ["config.json", json(modelConfig({ labels, metadata, dtype, size: network.framing.size }))],
      ["preprocessor_config.json", json(preprocessorConfig(network, withoutPreprocessing))],
      [file, bytes],
    ]),
    cost,
    float32,
    notes: [
      ...notes,
      withoutPreprocessing
        ? "Transformers.js resizes the photos: its filters are others, and so are the probabilities."
        : "Photos are resized inside: give it photos of different sizes one after the other, not in one call.",
    ],
  };
}
