import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { type HubReference, hubName } from "./reference.js";

/** Kinds of files that Graft reads networks from. */
const kinds = /\.(onnx|keras|h5|hdf5)$|(^|\/)model\.json$/i;

/**
 * Words by which files are told that hold a network with fewer bits: as good as the whole one to be run, not to be trained. They stand
 * in the file's name or in that of its folder, as optimum and the hub's converters write them.
 */
const fewerBits =
  /(^|[^a-z\d])(quant(ized)?|qdq|dynamic_?quant|[uq]*int(4|8|16)|q\d(f16|f32)?|bnb4?|nf4|fp?16|fp?8|bf16|float16|half|awq|gptq|[48]_?bit|w\da\d+)($|[^a-z\d])/i;

/** Weights that are no network without the program that they belong to. */
const bareWeights = /\.(safetensors|bin|pt|pth|ckpt|msgpack|pb|tflite|gguf)$|(^|\/)tf_model[^/]*\.h5$|\.weights\.h5$/i;

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
const hasFewerBits = (path: string): boolean => fewerBits.test(path.replace(/\.[^./]+$/, ""));

/**
 * The file of a repository that the network is read from: the one that is named; else `model.onnx`, `onnx/model.onnx` or the only ONNX file;
 * else the only Keras file; else the only `model.json` of TensorFlow.js. Files with fewer bits are taken only where they are named. Where
 * photos and texts go through networks of their own, as in CLIP and SigLIP, it is that of photos, `vision_model.onnx`.
 *
 * @param reference what was asked for
 * @param files paths of all files of the repository
 * @param where where they are, for messages; for example `the repository`
 * @throws UsageError when there is no such file, none at all, or several that would do
 */
export function chooseFile(reference: HubReference, files: readonly string[], where = "the repository"): string {
  const { repository, file } = reference;
  const networks = files.filter((path) => kinds.test(path) && !bareWeights.test(path));
  if (file !== undefined) return namedFile(reference, file, { files, networks, where });
  const whole = networks.filter((path) => !hasFewerBits(path));
  const onnx = whole.filter((path) => /\.onnx$/i.test(path));
  const [keras, tfjs] = [/\.(keras|h5|hdf5)$/i, /\.json$/i].map((kind) => whole.filter((path) => kind.test(path)));
  for (const folder of ["", "onnx/"]) {
    const found = ["vision_model.onnx", "model.onnx"].find((name) => onnx.includes(folder + name));
    if (found !== undefined) return folder + found;
  }
  const [candidates = []] = [onnx, keras ?? [], tfjs ?? []].filter((some) => some.length > 0);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    throw new UsageError(`${repository} holds several networks.`, {
      subject: repository,
      expected: "the file behind a colon",
      received: listed(candidates),
      advice: `For example ${hubName({ ...reference, file: only })}.`,
    });
  }
  throw networks.length > 0 ? onlyFewerBits(reference, networks) : noNetwork(reference, files, where);
}

function namedFile(
  reference: HubReference,
  file: string,
  {
    files,
    networks,
    where,
  }: { readonly files: readonly string[]; readonly networks: readonly string[]; readonly where: string },
): string {
  const isThere = files.includes(file);
  if (isThere && networks.includes(file)) return file;
  if (isThere) {
    throw new UsageError(`${file} of ${reference.repository} is no network that Graft reads.`, {
      subject: file,
      expected: "an .onnx file, a whole Keras model, or the model.json of TensorFlow.js",
      received: file,
      advice: networks.length > 0 ? `There are ${listed(networks)}.` : exportIt(reference),
    });
  }
  throw new UsageError(`There is no ${file} in ${where} ${reference.repository}.`, {
    subject: file,
    expected: networks.length > 0 ? `one of ${listed(networks)}` : "the path of a file of the repository",
    received: file,
    advice: networks.length > 0 ? didYouMean(file, networks) : exportIt(reference),
  });
}

function onlyFewerBits(reference: HubReference, networks: readonly string[]): UsageError {
  return new UsageError(`${reference.repository} holds its network only with fewer bits.`, {
    subject: reference.repository,
    expected: "a network in float32, which can be trained",
    received: listed(networks),
    advice: `Look for another copy, or name one of these to try it: ${hubName({ ...reference, file: networks[0] })}.`,
  });
}

function noNetwork(reference: HubReference, files: readonly string[], where: string): UsageError {
  const weights = files.filter((path) => bareWeights.test(path));
  return new UsageError(`${reference.repository} holds no network that Graft reads.`, {
    subject: reference.repository,
    expected: `an ONNX file, a whole Keras model or TensorFlow.js's model.json in ${where}`,
    received: weights.length > 0 ? `weights without their network: ${listed(weights)}` : listed(files) || "no files",
    advice: exportIt(reference),
  });
}

function exportIt({ repository }: HubReference): string {
  const name = baseName(repository);
  return (
    `Look on the hub for a copy in ONNX, such as onnx-community/${name}-ONNX or Xenova/${name}, or export it: ` +
    `\`pip install optimum-onnx\`, \`optimum-cli export onnx --model ${repository} FOLDER\`, then --network FOLDER/model.onnx.`
  );
}

/** At most ten of them, so that a message stays one. */
function listed(files: readonly string[]): string {
  const more = files.length - 10;
  return files.slice(0, 10).join(", ") + (more > 0 ? ` and ${String(more)} more` : "");
}

/** Small files that say how a network is fed and on what terms it may be used. */
const sideFiles = ["preprocessor_config.json", "config.json", "metadata.json", "README.md"];

/**
 * The files that come with a network: those beside it and at the root that describe it, and its weights where they lie beside it under
 * its name (`model.onnx_data`, `model.onnx.data`).
 *
 * @param file path of the network's file
 * @param files paths of all files of the repository
 */
export function filesWith(file: string, files: readonly string[]): string[] {
  const folder = folderOf(file);
  const described = [...new Set(["", folder])].flatMap((at) => sideFiles.map((name) => at + name));
  const parts = files.filter(
    (path) => path !== file && path.startsWith(file) && /^[._]data(_\d+)?$/.test(path.slice(file.length)),
  );
  return [...parts, ...described.filter((path) => path !== file && files.includes(path))];
}

/**
 * The path that a file of a repository has which another one names.
 *
 * @param owner path of the file that names it
 * @param name what it says, relative to its folder
 * @returns `undefined` when it leads out of the repository
 */
export function pathBeside(owner: string, name: string): string | undefined {
  const parts: string[] = folderOf(owner).split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") {
      parts.push(part);
    }
  }
  return name.startsWith("/") || parts.length === 0 ? undefined : parts.join("/");
}
