import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../errors/errors.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { readRegularFile } from "../files/regular-file.js";
import type { BaseModel } from "../models/base-model.js";
import type { LoadModelOptions } from "../models/platform.js";
import { readModel } from "../onnx/read-model.js";
import { isHdf5 } from "./keras/is-hdf5.js";
import { readKerasModel } from "./keras/model-file.js";
import { isZip } from "./keras/zip.js";
import { externalDataBeside } from "./onnx/external-data.js";
import { importOnnx } from "./onnx/import-model.js";
import { readTfjsFile } from "./tfjs/from-disk.js";
import { graphModelOfTfjs } from "./tfjs/graph-model.js";
import { layersModelOfTfjs } from "./tfjs/layers-model.js";
import { affordable } from "./affordable.js";
import { readingStrangers } from "./unreadable.js";

/** A file that is read, and how. */
interface ModelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly options: LoadModelOptions;
  readonly warn: (line: string) => void;
}

/** A kind of file that holds a model. */
export interface ModelFormat {
  readonly kind: "keras" | "hdf5" | "tfjs" | "onnx";
  /** In words. */
  readonly name: string;
}

interface Format extends ModelFormat {
  /** Whether a file begins as those of this kind do. */
  readonly signature: (bytes: Uint8Array) => boolean;
  readonly read: (file: ModelFile) => Promise<BaseModel>;
}

/** The kinds of files that hold models; a file is of the first whose signature it has. */
const formats: readonly Format[] = [
  { kind: "keras", name: "a .keras archive", signature: isZip, read: keras },
  { kind: "hdf5", name: "an HDF5 file of Keras", signature: isHdf5, read: keras },
  { kind: "tfjs", name: "a TensorFlow.js model.json", signature: isJsonObject, read: tfjs },
  { kind: "onnx", name: "an ONNX file", signature: beginsWithVersion, read: onnx },
];

/** Behind a mark of the encoding, and white space. */
function isJsonObject(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().startsWith("{");
}

/** A protobuf has no signature, but every ONNX file begins with the version of the format. */
function beginsWithVersion([first]: Uint8Array): boolean {
  return first === 0x08;
}

async function keras({ path, bytes, options, warn }: ModelFile): Promise<BaseModel> {
  const { model, warnings } = await readKerasModel(bytes, path, options);
  warnings.forEach(warn);
  return model;
}

/** @param file the model's JSON; the weights lie in files beside it */
async function tfjs({ path }: Pick<ModelFile, "path">): Promise<BaseModel> {
  const model = await readTfjsFile(path);
  return model.format === "layers-model" ? layersModelOfTfjs(model, path) : graphModelOfTfjs(model, path);
}

async function onnx({ path, bytes, options }: ModelFile): Promise<BaseModel> {
  return Promise.resolve(
    importOnnx(readModel(bytes, path, externalDataBeside(path)), { file: path, output: options.output }),
  );
}

/**
 * Loads a model from a file of any of the kinds that Graft reads; which kind it is, the content says. A folder is one of
 * TensorFlow.js.
 *
 * @param warn where to say what a file holds that could not be taken over
 * @throws FileError when the file cannot be read, is damaged, or of another kind
 * @throws UsageError when it holds a layer or an option that Graft does not have
 */
export async function loadModelFile(
  path: string,
  options: LoadModelOptions,
  warn: (line: string) => void,
): Promise<BaseModel> {
  const explain = (cause: unknown): never => {
    throw fileSystemError(cause, path, "read");
  };
  const entry = await stat(path).catch(explain);
  if (entry.isDirectory()) {
    return readingStrangers(path, async () => affordable(await tfjs({ path: join(path, "model.json") }), path));
  }
  const bytes = await readRegularFile(path).catch(explain);
  return readingStrangers(path, async () =>
    affordable(await knownFormat(bytes, path).read({ path, bytes, options, warn }), path),
  );
}

/**
 * Which kind of file it is, by its content.
 *
 * @param path for messages
 * @throws FileError for one that holds no model that Graft can read
 */
export function formatOfFile(bytes: Uint8Array, path: string): ModelFormat {
  const { kind, name } = knownFormat(bytes, path);
  return { kind, name };
}

function knownFormat(bytes: Uint8Array, path: string): Format {
  const format = formats.find(({ signature }) => signature(bytes));
  if (format !== undefined) return format;
  const names = formats.map(({ name }) => name);
  throw new FileError(`${path} is no model that Graft can read.`, {
    subject: path,
    expected: `${names.slice(0, -1).join(", ")}, or ${names.at(-1) ?? ""}`,
    received: beginning(bytes),
    advice: "Check the path, or download the file again.",
  });
}

function beginning(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `${bytes.length} bytes that begin with ${hex.join(" ")}`;
}
