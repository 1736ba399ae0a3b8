import { z } from "zod";
import { learnedPhotos } from "../applications/own-classifier.js";
import { FileError, NumberError, ShapeError } from "../errors/errors.js";
import type { OnnxModel } from "../onnx/model.js";
import { requireFiniteNumbers } from "../graph/lost-numbers.js";
import { importOnnxGraph } from "../formats/onnx/import-model.js";
import { readModel } from "../onnx/read-model.js";
import type { DecodedPhoto } from "../photos/decode.js";
import { shrunkTo } from "../photos/framing.js";
import { type NamedTensors, type Runtime, type Session, Tensor, useOnce } from "../runtime/runtime.js";

/** What a classifier says of a photo. */
export interface Prediction {
  /** Of each class, in the order of the labels. */
  readonly probabilities: Float32Array;
  /**
   * How far the photo is from the nearest that was learned from, in [0, 2]: `1 − cosine` of what the network makes of both;
   * `undefined` where the file does not say.
   */
  readonly distance: number | undefined;
  /**
   * Whether it is farther than 95 % of photos are that are of the kind that was learned from: then the probabilities mean little;
   * `undefined` where the file does not say.
   */
  readonly foreign: boolean | undefined;
}

/** A finished classifier: photos of any size in, probabilities of its classes out. */
export interface Classifier {
  /** Names of the classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /**
   * All that the file says of itself: `labels`, `network`, `licence`, `version`, `image_size`, `set_coverage`, `set_threshold`, `distance_threshold`,
   * `learned_photos`.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the file shrinks the shorter side of photos to, in pixels, before it cuts anything off; `undefined` where it does not say. */
  readonly shrinksTo: number | undefined;
  /**
   * How probable a class must be for a prediction to name it; `undefined` where the file does not say. Classes with this
   * probability or more hold the right one for 95 % of photos like those that were learned from.
   */
  readonly setThreshold: number | undefined;
  /** The distance that 95 % of photos of the kind that was learned from do not exceed; `undefined` where the file does not say. */
  readonly distanceThreshold: number | undefined;
  /** Fingerprints of the photos that it has learned from; `undefined` where the file does not say. */
  readonly learnedPhotos: ReadonlySet<string> | undefined;
  /** Photos that it looks at at once; more wait for these. */
  readonly atOnce: number;
  /**
   * Looks at one photo.
   *
   * @param usedOnce whether nobody uses the photo's memory afterwards; default `false`
   * @throws EngineError when the engine fails
   */
  predict(photo: DecodedPhoto, usedOnce?: boolean): Promise<Prediction>;
  /** Frees the engine's session; the classifier cannot be used afterwards. */
  release(): Promise<void>;
}

/** Fewer photos are looked at by the time that copies of the network are there. */
const worthCopies = 40;

/** What the engine takes for one photo: VGG16 at 224 × 224 pixels keeps a few maps of 13 MB at a time. */
export const runBytes = 2 ** 26;

const labelsInFile = z
  .array(z.string().min(1))
  .min(2)
  .refine((labels) => new Set(labels).size === labels.length);

const advice = "Name a run folder or a model.onnx that `graft train` has written.";

function notAClassifier(file: string, expected: string, received: string): FileError {
  return new FileError(`${file} is not a classifier made by Graft.`, { subject: file, expected, received, advice });
}

function readLabels({ metadata }: OnnxModel, file: string): string[] {
  const text = metadata["labels"];
  if (text === undefined) {
    throw notAClassifier(file, 'the names of its classes in the metadata "labels"', "a network without labels");
  }
  try {
    return labelsInFile.parse(JSON.parse(text));
  } catch {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw notAClassifier(file, 'a JSON list of at least two names, each of them once, in the metadata "labels"', shown);
  }
}

function checkSignature(model: OnnxModel, labels: readonly string[], file: string): void {
  const words = (infos: OnnxModel["inputs"]): string =>
    infos.map(({ name, type, shape }) => `"${name}" ${type} [${shape?.join(", ") ?? "…"}]`).join(", ") || "none";
  const [image, ...otherInputs] = model.inputs;
  const fitting = image?.name === "image" && image.type === "uint8" && otherInputs.length === 0;
  if (!fitting || (image.shape !== undefined && image.shape.length !== 4)) {
    throw notAClassifier(file, 'one input "image" uint8 [N, H, W, 3]', words(model.inputs));
  }
  const probabilities = model.outputs.find(({ name }) => name === "probabilities");
  if (probabilities?.type !== "float32") {
    throw notAClassifier(file, 'an output "probabilities" float32 [N, classes]', words(model.outputs));
  }
  const columns = probabilities.shape?.at(-1);
  if (typeof columns === "number" && columns !== labels.length) throw misfit(file, labels.length, columns);
}

function misfit(file: string, labels: number, columns: number): ShapeError {
  return new ShapeError(`The labels of ${file} do not fit its output.`, {
    subject: file,
    expected: `${columns} labels, one for each probability`,
    received: `${labels} labels`,
    advice: "The file was changed after training: use the one that `graft train` has written.",
  });
}

/**
 * What the engine has said of photos, a prediction each.
 *
 * @param outputs of a classifier's graph
 * @param file the classifier's path
 * @throws FileError when they are none of a classifier
 * @throws NumberError when probabilities are no numbers
 * @throws ShapeError when there are more or fewer of them than labels
 */
export function predictionsOf(
  { probabilities, distance }: NamedTensors,
  { labels, distanceThreshold }: Pick<Classifier, "labels" | "distanceThreshold">,
  file: string,
): Prediction[] {
  const all = probabilities?.data;
  if (!(all instanceof Float32Array))
    throw notAClassifier(file, "probabilities in float32", probabilities?.type ?? "none");
  const photos = probabilities?.dims[0] ?? 1;
  if (all.length !== photos * labels.length) throw misfit(file, labels.length, all.length / photos);
  return Array.from({ length: photos }, (_, photo) => {
    const row = photos === 1 ? all : all.slice(photo * labels.length, (photo + 1) * labels.length);
    if (row.some((probability) => !Number.isFinite(probability))) {
      throw new NumberError(`${answersNothing(file)}.`, {
        subject: file,
        expected: "a number from 0 to 1 for each class",
        received: labels
          .map((label, index) => `${label}: ${row[index]}`)
          .slice(0, 3)
          .join(", "),
        advice: "The classifier is damaged, or its training has failed: train it again.",
      });
    }
    // Files of earlier versions do not say it.
    const far = distance?.data instanceof Float32Array ? distance.data[photo] : undefined;
    const foreign = far === undefined || distanceThreshold === undefined ? undefined : far > distanceThreshold;
    return { probabilities: row, distance: far, foreign };
  });
}

/** What becomes of a classifier that computes with NaN, as the beginning of a sentence. */
export function answersNothing(file: string): string {
  return `${file} does not answer with probabilities`;
}

class OnnxClassifier implements Classifier {
  constructor(
    readonly labels: readonly string[],
    readonly metadata: Readonly<Record<string, string>>,
    private readonly session: Session,
    private readonly file: string,
  ) {}

  get atOnce(): number {
    return this.session.atOnce;
  }

  get shrinksTo(): number | undefined {
    const size = Number(this.metadata["image_size"]);
    const crop = Number(this.metadata["crop"] ?? 1);
    return Number.isInteger(size) && size > 0 && crop > 0 && crop <= 1 ? shrunkTo({ size, crop }) : undefined;
  }

  get setThreshold(): number | undefined {
    const threshold = Number(this.metadata["set_threshold"] ?? Number.NaN);
    return threshold >= 0 && threshold <= 1 ? threshold : undefined;
  }

  get learnedPhotos(): ReadonlySet<string> | undefined {
    return learnedPhotos(this);
  }

  get distanceThreshold(): number | undefined {
    const threshold = Number(this.metadata["distance_threshold"] ?? Number.NaN);
    // Above 2, the longest distance, nothing is.
    return threshold > 0 ? threshold : undefined;
  }

  async predict({ width, height, data }: DecodedPhoto, usedOnce = false): Promise<Prediction> {
    if (data.length !== width * height * 3) {
      throw new ShapeError("The image's pixels do not fit its size.", {
        subject: "image",
        expected: `${width * height * 3} numbers for ${width} × ${height} pixels of red, green and blue`,
        received: String(data.length),
      });
    }
    const image = new Tensor("uint8", data, [1, height, width, 3]);
    const outputs = await this.session.run({ image: usedOnce ? useOnce(image) : image });
    const [prediction] = predictionsOf(outputs, this, this.file);
    if (prediction === undefined) throw new TypeError("One photo has one prediction.");
    return prediction;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** What the bytes of a `model.onnx` hold. */
export interface ClassifierContents {
  readonly model: OnnxModel;
  readonly labels: readonly string[];
}

/**
 * Reads the bytes of a `model.onnx`, and makes sure that it is a classifier.
 *
 * @param file its path
 * @throws FileError when it is no ONNX file, or none that Graft has written as a classifier
 * @throws ShapeError when it has more or fewer labels than probabilities
 */
export function readClassifier(bytes: Uint8Array, file: string): ClassifierContents {
  // Tensors are views of the bytes, so reading the header this way costs next to nothing beside the engine's own reading.
  const model = readModel(bytes, file);
  const labels = readLabels(model, file);
  checkSignature(model, labels, file);
  return { model, labels };
}

/**
 * Makes a classifier of the bytes of a `model.onnx`.
 *
 * @param runtime where it will run
 * @param bytes the whole file
 * @param file its path
 * @param photos how many it will look at: for many the engine may make copies that work at once
 * @throws FileError when it is no ONNX file, or none that Graft has written as a classifier
 * @throws NumberError when NaN or an infinity is computed with in it
 * @throws ShapeError when it has more or fewer labels than probabilities
 * @throws EngineError when the engine refuses it
 */
export async function createClassifier(
  runtime: Runtime,
  bytes: Uint8Array,
  file: string,
  photos = 1,
): Promise<Classifier> {
  const { model, labels } = readClassifier(bytes, file);
  // The engine gives a file all the memory that it asks for, and computes what it can at once: what Graft has written, Graft reads.
  requireFiniteNumbers(importOnnxGraph(model, { file, own: true }), answersNothing(file));
  const session = await runtime.createSession(bytes, photos < worthCopies ? {} : { runBytes });
  return new OnnxClassifier(labels, model.metadata, session, file);
}
