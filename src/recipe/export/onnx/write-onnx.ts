import type { ClassifierNetwork, ExportableClassifier } from "../exportable.js";
import type { Exported, ExportRequest } from "../target.js";
import { checkExport } from "./check-export.js";
import { graphOfPhotos, graphOfPictures } from "./graph.js";
import { fileOfGraph } from "./graph-file.js";
import { inPrecision } from "./in-precision.js";
import { type InputSizes, inputSizes, triedSizes } from "./sizes.js";

/**
 * The classifier as one ONNX file.
 *
 * @throws UsageError when the options do not go together, or the file cannot be written so
 * @throws EngineError when the engine refuses what was made, or it says something else than the run's file
 */
export async function writeOnnx(classifier: ExportableClassifier, request: ExportRequest): Promise<Exported> {
  const { options, runtime } = request;
  const { precision = "float32", opset, withoutPreprocessing = false } = options;
  const sizes = inputSizes(options, classifier.network().framing.size);
  const { network, cost, float32, notes } = await inPrecision(classifier, request);
  const { metadata } = classifier;
  const fileOf = (one: InputSizes): Uint8Array =>
    withoutPreprocessing
      ? fileOfGraph(graphOfPictures(network, { name: "image", batch: one.batch }), {
          ...{ opset, batch: one.batch },
          metadata: { ...metadata, preprocessing: preprocessingText(network) },
        })
      : fileOfGraph(graphOfPhotos(network, one), { opset, batch: one.batch, metadata });
  const bytes = fileOf(sizes);
  // Photos of the greatest sizes that may be asked for would take more memory than there is: the same graph is tried with smaller ones.
  const tried = withoutPreprocessing ? { ...sizes, batch: triedSizes(sizes).batch } : triedSizes(sizes);
  const isSame = tried.batch === sizes.batch && tried.height === sizes.height && tried.width === sizes.width;
  if (!isSame) await (await runtime.createSession(bytes)).release();
  const checked = {
    bytes: isSame ? bytes : fileOf(tried),
    sizes: tried,
    takes: withoutPreprocessing ? "pictures" : "photos",
  } as const;
  await checkExport(runtime, classifier.network(), classifier.bytes, checked, precision);
  const said = withoutPreprocessing ? [preprocessingSentence(network)] : [];
  return { files: new Map([["model.onnx", bytes]]), cost, float32, notes: [...notes, ...said] };
}

/** What must be done to photos before a file that does not do it, as one JSON object. */
function preprocessingText({ framing, standardization }: ClassifierNetwork): string {
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const { bgr, scale, offset } = standardization;
  return JSON.stringify({
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
  });
}

/** The same for people. */
function preprocessingSentence({ framing, standardization }: ClassifierNetwork): string {
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const { bgr, scale, offset } = standardization;
  const share = crop === 1 ? "" : ` of ${crop} of ${keepProportions ? "the shorter side" : "both sides"}`;
  const cut =
    crop === 1 && !keepProportions ? "" : `the ${keepProportions ? "square" : "part"}${share} in the middle, `;
  const numbers = (values: readonly number[]): string => values.map((value) => Number(value.toPrecision(7))).join(", ");
  return (
    `It takes pictures [N, 3, ${size}, ${size}]: ${cut}resized to ${size} × ${size} pixels (${interpolation}, smoothed while it shrinks), ` +
    `${bgr ? "blue, green, red" : "red, green, blue"} in [0, 255], times ${numbers(scale)}, plus ${numbers(offset)}. ` +
    'The metadata "preprocessing" says it too.'
  );
}
