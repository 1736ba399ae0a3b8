import { checkOptionNames } from "../errors/check.js";
import { FileError, NumberError, ShapeError, UsageError } from "../errors/errors.js";
import { checkTensor, type Tensor } from "../runtime/runtime.js";
import { cachePath, elsewhere } from "../files/cache.js";
import { downloadFile } from "../files/download.js";
import { readRegularText } from "../files/regular-file.js";

/** A class of ImageNet and how probable it is: WordNet's identifier, name, probability. */
export type ClassPrediction = [wordnetId: string, name: string, score: number];

/** Options of {@link decodePredictions}; names and defaults are Keras's. */
export interface DecodeOptions {
  /** How many of the most probable classes to give; default 5. */
  readonly top?: number;
}

/** Keras's list of the 1000 classes, on a server. */
const published = {
  url: "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
  file: "imagenet_class_index.json",
  md5: "c2c37ea517e94d9795004a39431a14cb",
} as const;

/** Identifier and name of each class, in the order of the network's outputs. */
export type ClassIndex = readonly (readonly [wordnetId: string, name: string])[];

/**
 * Reads a list of classes as Keras keeps it: a JSON object `{ "0": ["n01440764", "tench"], … }`.
 *
 * @param text the file's content
 * @param file its path, for messages
 * @throws FileError when it holds something else
 */
export function parseClassIndex(text: string, file: string): ClassIndex {
  const damaged = (received: string, cause?: unknown): FileError =>
    new FileError(`${file} is no list of classes.`, {
      subject: file,
      expected: 'a JSON object {"0": [identifier, name], "1": …}',
      received,
      advice: `Delete it, and get it anew from ${published.url}.`,
      cause,
    });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw damaged("something that is no JSON", cause);
  }
  const entries = typeof content === "object" && content !== null ? (content as Record<string, unknown>) : {};
  return Object.keys(entries).map((_, number): readonly [string, string] => {
    const entry = entries[number];
    const [id, name] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof id === "string" && typeof name === "string") return [id, name];
    throw damaged(`no identifier and name for class ${number}`);
  });
}

// Downloaded, checked and parsed once a process, since predictions are named batch by batch.
let known: ClassIndex | undefined;

/** The classes of ImageNet, from the cache, where they are downloaded to once. */
async function imagenetClasses(): Promise<ClassIndex> {
  if (known !== undefined) return known;
  const destination = cachePath(`keras/${published.file}`);
  const checksum = { algorithm: "md5", hex: published.md5 } as const;
  await downloadFile({ url: published.url, destination, checksum, elsewhere });
  known = parseClassIndex(await readRegularText(destination), destination);
  return known;
}

/**
 * @param classes number of classes
 * @throws ShapeError when there are not as many columns
 * @throws UsageError for an impossible `top`
 */
function checkNaming(predictions: Tensor, classes: number, top: number): void {
  checkTensor("decodePredictions", "predictions", predictions);
  const { dims } = predictions;
  if (dims.length !== 2 || dims[1] !== classes) {
    throw new ShapeError("decodePredictions takes the outputs of an ImageNet classifier.", {
      subject: "predictions",
      expected: `[batch, ${classes}], such as a model with includeTop: true and classes: ${classes} gives`,
      received: `[${dims.join(", ")}]`,
    });
  }
  if (!Number.isInteger(top) || top < 1) {
    throw new UsageError("The option top is not usable.", {
      subject: "top",
      expected: "a whole number from 1",
      received: String(top),
    });
  }
}

/**
 * The most probable classes of each row, the most probable one first.
 *
 * @param predictions `[batch, classes]`
 * @param classes as many as there are columns
 * @throws ShapeError when they are not as many
 * @throws UsageError for an impossible `top`
 */
export function namePredictions(
  predictions: Tensor,
  classes: ClassIndex,
  options: DecodeOptions = {},
): ClassPrediction[][] {
  checkOptionNames("decodePredictions", options, ["top"]);
  const { top = 5 } = options;
  checkNaming(predictions, classes.length, top);
  const [batch = 0, columns = 0] = predictions.dims;
  const scores = Array.from(predictions.data as ArrayLike<number>, Number);
  const lost = scores.findIndex((score) => Number.isNaN(score));
  if (lost >= 0) {
    throw new NumberError("There is no name for NaN.", {
      subject: "predictions",
      expected: "a number for each class",
      received: `NaN in row ${Math.floor(lost / columns)}`,
      advice: "Look at the weights of the model and at the pixels that it was given.",
    });
  }
  return Array.from({ length: batch }, (_, row) =>
    classes
      .map(([id, name], index): ClassPrediction => [id, name, scores[row * columns + index] ?? 0])
      .sort(([, , a], [, , b]) => b - a)
      .slice(0, top),
  );
}

/**
 * Names the most probable ImageNet classes of each row of a classifier's output.
 *
 * The list of classes is downloaded to the cache once, and checked.
 *
 * @param predictions `[batch, 1000]`
 * @returns for each row, the most probable first: identifier, name, score
 * @throws ShapeError when there are not 1000 columns
 * @throws UsageError for an impossible `top`
 * @throws DownloadError when the list cannot be had; it says what to download, and where to put it
 * @see https://keras.io/api/applications/ `decode_predictions`, which does the same without `await`
 *
 * @example
 * ```ts
 * import { applications, Tensor } from "graft-ml";
 *
 * // In place of what applications.VGG16() predicts for one photo.
 * const scores = new Float32Array(1000);
 * scores[281] = 0.75;
 * const predictions = new Tensor("float32", scores, [1, 1000]);
 * const [best] = await applications.vgg16.decodePredictions(predictions, { top: 1 });
 * console.log(best); // → [ [ 'n02123045', 'tabby', 0.75 ] ]
 * ```
 */
export async function decodePredictions(
  predictions: Tensor,
  options: DecodeOptions = {},
): Promise<ClassPrediction[][]> {
  checkOptionNames("decodePredictions", options, ["top"]);
  // Before the download, which wrong arguments are not worth.
  checkNaming(predictions, 1000, options.top ?? 5);
  return namePredictions(predictions, await imagenetClasses(), options);
}
