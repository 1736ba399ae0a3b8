import { z } from "zod";
import { FileError } from "../../errors/errors.js";
import { textOf } from "../../errors/text-of.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { nodeSchema, type TfNode } from "./attributes.js";
import { manifestSchema, readTfjsWeights } from "./weights.js";

/** Where a TensorFlow.js model's files come from. Names have `/` between folders. */
export interface TfjsSource {
  /** Reads a file as UTF-8 text. */
  readText(name: string): Promise<string>;
  /** Reads a whole file. */
  readBytes(name: string): Promise<Uint8Array>;
}

/** A TensorFlow graph, as the TensorFlow.js converter writes it. */
export interface TfjsGraphModel {
  readonly format: "graph-model";
  /** In the file's order, which need not be one in which they can be computed. */
  readonly nodes: readonly TfNode[];
  /** Values of the `Const` nodes by the node's name; quantized ones as float32. */
  readonly weights: ReadonlyMap<string, TensorData>;
  /** Names of inputs and outputs, such as `Identity:0`, where the file says them. */
  readonly signature?: { readonly inputs: readonly string[]; readonly outputs: readonly string[] } | undefined;
}

/** A Keras model, as TensorFlow.js keeps it. */
export interface TfjsLayersModel {
  readonly format: "layers-model";
  /** Keras's model configuration as it is in the file; null in a file of weights only. */
  readonly topology: unknown;
  /** By name, for example `conv1/kernel`, in Keras's layout; quantized ones as float32. */
  readonly weights: ReadonlyMap<string, TensorData>;
}

/** What a TensorFlow.js `model.json` holds. */
export type TfjsModel = TfjsGraphModel | TfjsLayersModel;

const modelSchema = z.object({
  format: z.enum(["graph-model", "layers-model"]).optional(),
  modelTopology: z.unknown(),
  weightsManifest: manifestSchema,
  signature: z.unknown().optional(),
  userDefinedMetadata: z.looseObject({ signature: z.unknown().optional() }).nullish(),
});

const namesSchema = z.record(z.string(), z.looseObject({ name: z.string().optional() }));

const signatureSchema = z.looseObject({ inputs: namesSchema, outputs: namesSchema });

/** Inputs and outputs as the converter wrote them; older converters wrote them among the user's metadata, or not at all. */
function signatureOf(given: unknown): TfjsGraphModel["signature"] {
  const parsed = signatureSchema.safeParse(given);
  if (!parsed.success) return undefined;
  const names = (entries: z.infer<typeof namesSchema>): string[] =>
    Object.entries(entries).map(([key, { name }]) => name ?? key);
  const [inputs, outputs] = [names(parsed.data.inputs), names(parsed.data.outputs)];
  return outputs.length === 0 ? undefined : { inputs, outputs };
}

const graphSchema = z.object({ node: z.array(nodeSchema) });

/**
 * Reads a TensorFlow.js model, of graph or layers format, with all of its weights.
 *
 * @param source where the model's files come from
 * @param name the model's JSON file; the weight files lie beside it. Default `model.json`
 * @throws FileError when the JSON is not a TensorFlow.js model or weight files do not fit it, and what `source` throws
 * @see https://www.tensorflow.org/js/guide/save_load
 */
export async function readTfjsModel(source: TfjsSource, name = "model.json"): Promise<TfjsModel> {
  const model = check(modelSchema, parseJson(await source.readText(name), name), name, "a TensorFlow.js model");
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const isGraph = model.format === "graph-model" || (model.format === undefined && hasNodes(model.modelTopology));
  // Before the weights, because it is the quicker of the two to fail.
  const graph = isGraph ? check(graphSchema, model.modelTopology, name, "a TensorFlow graph") : undefined;
  const weights = await readTfjsWeights(model.weightsManifest, name, (path) => source.readBytes(folder + path));
  return graph === undefined
    ? { format: "layers-model", topology: model.modelTopology ?? null, weights }
    : {
        format: "graph-model",
        nodes: graph.node,
        weights,
        signature: signatureOf(model.signature ?? model.userDefinedMetadata?.signature),
      };
}

/**
 * A source of files that are already in memory.
 *
 * @param files contents by name
 * @throws FileError, when a file is read that is not there
 */
export function memorySource(files: ReadonlyMap<string, Uint8Array>): TfjsSource {
  const read = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes !== undefined) return bytes;
    throw new FileError(`${name} is missing.`, {
      subject: name,
      expected: "a file of the model",
      received: `only ${[...files.keys()].slice(0, 8).join(", ") || "an empty set of files"}`,
    });
  };
  return {
    readBytes: async (name) => Promise.resolve(read(name)),
    readText: async (name) => Promise.resolve(textOf(read(name), name)),
  };
}

function hasNodes(topology: unknown): boolean {
  return typeof topology === "object" && topology !== null && "node" in topology;
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${name} is not valid JSON.`, {
      subject: name,
      expected: "a TensorFlow.js model's JSON",
      received: `${String(text.length)} characters: ${cause instanceof Error ? cause.message : String(cause)}`,
      advice: "Download or copy it again.",
      cause,
    });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, name: string, expected: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 3).map(({ path, message }) => {
    const place = path.map((step) => (typeof step === "number" ? `[${String(step)}]` : `.${String(step)}`)).join("");
    return place === "" ? message : `at ${place.slice(1)}: ${message}`;
  });
  throw new FileError(`${name} is not ${expected} that Graft can read.`, {
    subject: name,
    expected,
    received: issues.join("; "),
    advice: "Check that this is the model's JSON, as the TensorFlow.js converter writes it.",
    cause: result.error,
  });
}
