import { toOpset17 } from "../../../formats/onnx/opset-17.js";
import { serialize } from "../../../graph/serialize.js";
import type { OnnxModel, OnnxValueInfo } from "../../../onnx/model.js";
import { writeModel } from "../../../onnx/write-model.js";
import { inHalfPrecision } from "../../../passes/half-precision.js";
import { prepare } from "../../../passes/prepare.js";
import type { ClassifierNetwork, ExportableClassifier } from "../exportable.js";
import { measureCost } from "../measure-cost.js";
import type { Exported, ExportOptions, ExportPrecision, ExportRequest } from "../target.js";
import { checkExport } from "./check-export.js";
import { type ClassifierGraph, graphOfPhotos, graphOfPictures } from "./graph.js";
import { int8Network } from "./int8.js";
import { type InputSizes, inputSizes } from "./sizes.js";

/**
 * By how much a probability of a drawn photo may differ. A version of operators without a Resize that smooths rounds some pixels to the
 * neighbouring level; half precision has 11 bits; what 8 bits cost is measured on photos.
 */
const tolerances: Readonly<Record<ExportPrecision, number>> = { float32: 0.01, float16: 0.05, int8: 1 };

/**
 * The classifier as one ONNX file.
 *
 * @throws UsageError when the options do not go together, or the file cannot be written so
 * @throws EngineError when the engine refuses what was made, or it says something else than the run's file
 */
export async function writeOnnx(classifier: ExportableClassifier, request: ExportRequest): Promise<Exported> {
  const { options, runtime } = request;
  const { precision = "float32", withoutPreprocessing = false } = options;
  const exact = classifier.network();
  const sizes = inputSizes(options, exact.framing.size);
  const rounded = precision === "int8" ? await inEightBits(exact, request) : undefined;
  const network = rounded?.network ?? exact;
  const bytes = fileOf(classifier, network, options, sizes);
  const checked = { bytes, sizes, takesPictures: withoutPreprocessing };
  await checkExport(runtime, exact, classifier.bytes, checked, tolerances[precision]);
  const files = new Map([["model.onnx", bytes]]);
  if (rounded === undefined) return { files, notes: notesOf(network, options) };
  const { heldOut, heldOutIsNew } = await request.photos();
  // Photos of any size go in, whatever the file that is written takes.
  const measurable = fileOf(classifier, network, {}, inputSizes({}, network.framing.size));
  const { file, bytes: before } = classifier;
  const cost = await measureCost(runtime, { file, before, after: measurable }, heldOut, request.onProgress);
  const learned = "It has learned from the photos that this was measured with: nothing else was there.";
  const notes = [...(heldOutIsNew ? [] : [learned]), ...notesOf(network, options)];
  return { files, notes, cost, float32: rounded.float32 };
}

async function inEightBits(
  network: ClassifierNetwork,
  { runtime, photos, onProgress }: ExportRequest,
): ReturnType<typeof int8Network> {
  const { calibration } = await photos();
  return int8Network(runtime, network, calibration, onProgress);
}

/** The bytes of the file that is asked for. */
function fileOf(
  { metadata }: ExportableClassifier,
  network: ClassifierNetwork,
  { precision, opset = 18, withoutPreprocessing = false }: ExportOptions,
  sizes: InputSizes,
): Uint8Array {
  const graph = withoutPreprocessing ? graphOfPictures(network, sizes) : graphOfPhotos(network, sizes);
  const outputs = precision === "float16" ? halfOutputs(graph) : prepare(graph.outputs);
  const said = withoutPreprocessing ? { ...metadata, ...preprocessingMetadata(network) } : metadata;
  const model = serialize(outputs, { name: "classifier", inputs: [graph.image], metadata: said });
  return writeModel(withBatch(opset === 17 ? toOpset17(model) : model, sizes));
}

/** The outputs, computed with half precision from where the network begins. */
function halfOutputs({ outputs, normalized }: ClassifierGraph): ClassifierGraph["outputs"] {
  const names = Object.keys(outputs);
  // Prepared together, so that it is still known where the network begins.
  const prepared = prepare({ ...outputs, normalized });
  const begin = prepared["normalized"];
  if (begin === undefined) throw new TypeError("A prepared graph has the outputs that it had.");
  const values = inHalfPrecision(
    names.flatMap((name) => prepared[name] ?? []),
    begin,
  );
  return Object.fromEntries(
    names.flatMap((name, index) => values.slice(index, index + 1).map((value) => [name, value])),
  );
}

/** Outputs of a fixed number of photos say so. */
function withBatch(model: OnnxModel, { batch }: InputSizes): OnnxModel {
  const sized = (info: OnnxValueInfo): OnnxValueInfo =>
    info.shape === undefined ? info : { ...info, shape: [batch, ...info.shape.slice(1)] };
  return { ...model, outputs: model.outputs.map(sized) };
}

/** What must be done to photos before a file that does not do it, as one JSON object. */
function preprocessingMetadata({ framing, standardization }: ClassifierNetwork): Readonly<Record<string, string>> {
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const { bgr, scale, offset } = standardization;
  const preprocessing = {
    layout: "NCHW",
    channels: bgr ? "BGR" : "RGB",
    crop,
    keep_proportions: keepProportions,
    size: [size, size],
    interpolation,
    antialias: true,
    round: true,
    scale,
    offset,
  };
  return { preprocessing: JSON.stringify(preprocessing) };
}

function notesOf({ framing, standardization }: ClassifierNetwork, { withoutPreprocessing }: ExportOptions): string[] {
  if (withoutPreprocessing !== true) return [];
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const { bgr, scale, offset } = standardization;
  const part = `${keepProportions ? "the square" : "what is"} in the middle${crop === 1 ? "" : `, ${crop} of ${keepProportions ? "the shorter side" : "both sides"}`}`;
  const cut = crop === 1 && !keepProportions ? "" : `${part}, `;
  const numbers = (values: readonly number[]): string =>
    values.map((value) => String(Number(value.toPrecision(7)))).join(", ");
  return [
    `It takes pictures [N, 3, ${size}, ${size}]: ${cut}resized to ${size} × ${size} pixels (${interpolation}, smoothed while it shrinks), ` +
      `${bgr ? "blue, green, red" : "red, green, blue"} in [0, 255], times ${numbers(scale)}, plus ${numbers(offset)}. ` +
      'The metadata "preprocessing" says it too.',
  ];
}
