import { GraftError } from "../errors/errors.js";
import { missingOperators, type MissingOperator } from "../formats/onnx/known-operators.js";
import type { Shape } from "../graph/shape.js";
import type { BaseModel } from "../models/base-model.js";
import { type Backbone, framingOf } from "./backbone.js";
import { cutFile, factsOfFile, type FileBackboneOptions } from "./file-backbone.js";
import { type NetworkFile, type NetworkPort, openNetworkFile, portsOf } from "./network-file.js";
import { type StatedFacts, statedFraming } from "./photo-facts.js";
import type { Framing } from "../photos/framing.js";

/** One layer with weights, or one of a Keras model. */
export interface LayerFigures {
  readonly name: string;
  /** Class of the layer, or the operator. */
  readonly kind: string;
  /** What it gives, in Keras's order. */
  readonly shape: Shape | undefined;
  readonly parameters: number;
}

/** What can be said of a network without using it. */
export interface NetworkInspection {
  readonly name: string;
  readonly format: string;
  readonly licence: string;
  readonly inputs: readonly NetworkPort[];
  readonly outputs: readonly NetworkPort[];
  readonly framing: Omit<Framing, "size"> & { readonly size: number | undefined };
  readonly framingSource: string | undefined;
  /** `undefined` where nothing says it: `--preprocess` must then. */
  readonly preprocess: string | undefined;
  readonly preprocessSource: string | undefined;
  /** Names of classes, where the file is a classifier that says them. */
  readonly labels: readonly string[] | undefined;
  /** The network that remains when its classifier is cut off; `undefined` where none does. */
  readonly network: GraftableNetwork | undefined;
  /** Why nothing can be grafted onto it. */
  readonly trouble: string | undefined;
  readonly missing: readonly MissingOperator[];
}

/** A network without its classifier. */
export interface GraftableNetwork {
  readonly model: BaseModel;
  readonly layers: readonly LayerFigures[];
  readonly parameters: number;
  /** The output behind which it was cut, its classes if there was a classifier, and what remains, in Keras's order. */
  readonly cut: { readonly output: string | undefined; readonly classes: number | undefined; readonly features: Shape };
  /** Layers with which its stages begin. */
  readonly stages: readonly string[];
  /** What is trained unless asked otherwise. */
  readonly lastBlock: LastBlock | undefined;
}

/** The last stage of a network. */
export interface LastBlock {
  readonly from: string;
  readonly to: string;
  readonly layers: number;
  readonly parameters: number;
}

/**
 * Looks at a network in a file.
 *
 * @throws FileError when it cannot be read, is damaged, or is of another kind
 */
export async function inspectFile(path: string, options: FileBackboneOptions): Promise<NetworkInspection> {
  const opened = await openNetworkFile(path, options.warn);
  const facts = await factsOfFile(opened, options.preprocess);
  const missing = opened.onnx === undefined ? [] : missingOperators(opened.onnx);
  try {
    const cut = await cutFile(path, options);
    const { model, output, classes } = cut;
    return {
      ...described(opened, facts, missing),
      framing: { size: cut.imageSize, ...statedFraming(facts) },
      preprocess: cut.preprocess?.what,
      preprocessSource: cut.preprocess?.source,
      network: graftable(model, model.stages, { output, classes }),
      trouble: undefined,
    };
  } catch (error) {
    // What a network cannot be used for is what people want to know of it.
    if (!(error instanceof GraftError)) throw error;
    return { ...described(opened, facts, missing), network: undefined, trouble: error.message };
  }
}

/** What is known of a file, cut or not. */
function described(
  { name, format, onnx, inputs, outputs }: NetworkFile,
  facts: readonly StatedFacts[],
  missing: readonly MissingOperator[],
): Omit<NetworkInspection, "network" | "trouble"> {
  const stated = facts.find(({ preprocess }) => preprocess !== undefined);
  const framing = statedFraming(facts);
  const known = [framing.crop, framing.keepProportions, framing.interpolation].some((one) => one !== undefined);
  const version = onnx?.opsets[""];
  return {
    name,
    format: version === undefined ? format : `${format}, operators of version ${version}`,
    licence: facts.find(({ licence }) => licence !== undefined)?.licence ?? "unknown",
    inputs,
    outputs,
    framing: { size: facts.find(({ imageSize }) => imageSize !== undefined)?.imageSize, ...framing },
    framingSource: known
      ? facts.find(({ crop, interpolation }) => (crop ?? interpolation) !== undefined)?.source
      : undefined,
    preprocess: stated?.preprocess,
    preprocessSource: stated?.source,
    labels: labelsOf(onnx?.metadata),
    missing,
  };
}

function labelsOf(metadata: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  try {
    const labels: unknown = JSON.parse(metadata?.["labels"] ?? "null");
    return Array.isArray(labels) && labels.every((one): one is string => typeof one === "string") ? labels : undefined;
  } catch {
    // What others call labels may be anything.
    return undefined;
  }
}

/** Looks at a network that has a name. */
export function inspectBackbone({ record, model, stages, imageSize }: Backbone): NetworkInspection {
  return {
    name: record.name,
    format: record.description,
    licence: record.licence,
    inputs: portsOf(model.inputs, ["image"]),
    outputs: portsOf(model.outputs, ["features"]),
    framing: framingOf({ record, model, stages, imageSize }),
    framingSource: undefined,
    preprocess: record.preprocess,
    preprocessSource: record.preprocessSource,
    labels: undefined,
    network: graftable(model, stages, { output: undefined, classes: undefined }),
    trouble: undefined,
    missing: [],
  };
}

/** Layers in the order in which data passes them. */
function figuresOf(model: BaseModel): readonly LayerFigures[] {
  const shapes = model.layerShapes();
  return model.layers.map((layer) => ({
    name: layer.name,
    kind: layer.className,
    shape: shapes.get(layer),
    parameters: layer.countParams(),
  }));
}

function graftable(
  model: BaseModel,
  stages: readonly string[],
  { output, classes }: Omit<GraftableNetwork["cut"], "features">,
): GraftableNetwork {
  const layers = figuresOf(model);
  const [from = ""] = stages.slice(-1);
  const start = layers.findIndex(({ name }) => name === from);
  const last = start < 0 ? [] : layers.slice(start);
  const sum = (some: readonly LayerFigures[]): number => some.reduce((total, { parameters }) => total + parameters, 0);
  return {
    model,
    layers,
    parameters: sum(layers),
    cut: { output, classes, features: model.outputs[0]?.shape ?? [] },
    stages,
    lastBlock:
      last.length === 0
        ? undefined
        : { from, to: last.at(-1)?.name ?? from, layers: last.length, parameters: sum(last) },
  };
}
