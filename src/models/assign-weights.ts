import { ShapeError, UsageError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { formatShape, sameShape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import type { Variable } from "../nn/variable.js";
import { endingOf, pathsInFiles } from "./weight-names.js";

/** A weights file: for each layer its name and its weights in Keras's order. */
export interface FileWeights {
  /** The file's name, for messages. */
  readonly file: string;
  /** Whether kernels of convolutions are turned by half a turn: so Theano, a backend of Keras 1 and 2, kept them. */
  readonly turned?: boolean | undefined;
  readonly layers: readonly {
    readonly name: string;
    readonly weights: readonly { readonly name: string; readonly tensor: TensorData<"float32"> }[];
  }[];
}

/** How layers of a file and of a model find each other. */
export interface LoadWeightsOptions {
  /** By name instead of by order; layers that only one side has are left alone. Default `false`. */
  readonly byName?: boolean;
  /** Leave weights that do not fit as they are, and say which; default `false`: an error. */
  readonly skipMismatch?: boolean;
}

type FileLayer = FileWeights["layers"][number];

/** Pairs layers that have weights: by name, or in order. */
function pair(layers: readonly Layer[], { file, layers: inFile }: FileWeights, byName: boolean): [Layer, FileLayer][] {
  const mine = layers.filter(({ weights }) => weights.length > 0);
  const theirs = inFile.filter(({ weights }) => weights.length > 0);
  if (byName) {
    const named = new Map(theirs.map((layer) => [layer.name, layer]));
    return mine.flatMap((layer): [Layer, FileLayer][] => {
      const other = named.get(layer.name);
      return other === undefined ? [] : [[layer, other]];
    });
  }
  if (mine.length !== theirs.length) {
    const differing = mine.find(({ name }, index) => theirs[index]?.name !== name)?.name ?? theirs[mine.length]?.name;
    throw new ShapeError(`${file} does not fit the model.`, {
      subject: file,
      expected: `weights for ${mine.length} layers`,
      received: `weights for ${theirs.length} layers${differing === undefined ? "" : ` (the first difference is at "${differing}")`}`,
      advice: "Load the weights of the same network, or by name: loadWeights(path, { byName: true }).",
    });
  }
  return mine.map((layer, index): [Layer, FileLayer] => [layer, theirs[index] ?? { name: "", weights: [] }]);
}

/**
 * A layer's weights in the order of `.h5` files: what is trained comes first, which for a model with batch normalization
 * inside is another order than that of its layers.
 */
function inFileOrder(layer: Layer, found: FileLayer["weights"]): readonly Variable[] {
  const variables = [...layer.trainableWeights, ...layer.nonTrainableWeights];
  // The order depends on what was frozen when the file was written, so names are surer, where they tell weights apart.
  const own = new Map(variables.map((variable) => [endingOf(variable.path), variable]));
  const others = variables.flatMap((variable) =>
    pathsInFiles(variable.path).map((path): [string, Variable] => [endingOf(path), variable]),
  );
  const named = new Map([...others, ...own]);
  const ordered = found.flatMap(({ name }) => named.get(endingOf(name)) ?? []);
  const isComplete = own.size === variables.length && new Set(ordered).size === variables.length;
  return isComplete && ordered.length === found.length ? ordered : variables;
}

/** Kernels of `Conv2D` and `Conv2DTranspose`, those of inner models too: what Keras turns when the backend changes. */
function kernelsOf(layers: readonly Layer[]): Variable[] {
  return layers.flatMap((layer) => {
    if ("layers" in layer) return kernelsOf(layer.layers as readonly Layer[]);
    const isConvolution = layer.className === "Conv2D" || layer.className === "Conv2DTranspose";
    return isConvolution ? layer.weights.filter(({ name }) => name === "kernel") : [];
  });
}

/** `[height, width, …]` turned by half a turn. */
function turned(tensor: TensorData<"float32">): TensorData<"float32"> {
  const [height = 1, width = 1] = tensor.dims;
  const size = tensor.data.length / (height * width);
  const data = new Float32Array(tensor.data.length);
  for (let at = 0; at < height * width; at++) {
    data.set(tensor.data.subarray(at * size, (at + 1) * size), (height * width - 1 - at) * size);
  }
  return { ...tensor, data };
}

/**
 * Puts the weights of a file into layers; all of them, or none when something does not fit.
 *
 * @returns what was skipped, one line each; nothing unless `skipMismatch` is set
 * @throws ShapeError when numbers or shapes differ
 * @throws UsageError when nothing matches by name
 */
export function assignWeights(
  layers: readonly Layer[],
  weights: FileWeights,
  { byName = false, skipMismatch = false }: LoadWeightsOptions = {},
): string[] {
  const pairs = pair(layers, weights, byName);
  if (pairs.length === 0 && layers.some((layer) => layer.weights.length > 0)) {
    throw new UsageError(`No layer of the model has weights in ${weights.file}.`, {
      subject: weights.file,
      expected: `layers such as ${layers
        .filter((l) => l.weights.length > 0)
        .slice(0, 3)
        .map(({ name }) => `"${name}"`)
        .join(", ")}`,
      received: weights.layers
        .slice(0, 3)
        .map(({ name }) => `"${name}"`)
        .join(", "),
    });
  }
  const skipped: string[] = [];
  const mismatch = (error: ShapeError): void => {
    if (!skipMismatch) throw error;
    skipped.push(error.message);
  };
  const assignments: [Variable, TensorData<"float32">][] = [];
  for (const [layer, { name, weights: found }] of pairs) {
    const variables = inFileOrder(layer, found);
    if (variables.length !== found.length) {
      mismatch(
        new ShapeError(`The layer "${layer.name}" does not fit "${name}" of ${weights.file}.`, {
          subject: layer.name,
          expected: `${variables.length} weights (${variables.map((variable) => variable.name).join(", ")})`,
          received: `${found.length} weights (${found.map((weight) => weight.name).join(", ")})`,
        }),
      );
      continue;
    }
    variables.forEach((variable, index) => {
      const tensor = found[index]?.tensor;
      if (tensor === undefined) return;
      if (sameShape(variable.shape, tensor.dims)) assignments.push([variable, tensor]);
      else {
        mismatch(
          new ShapeError(`The weight "${variable.path}" does not fit "${name}" of ${weights.file}.`, {
            subject: variable.path,
            expected: formatShape(variable.shape),
            received: formatShape(tensor.dims),
            advice: "The file belongs to another network, or to the same one with another input shape or top.",
          }),
        );
      }
    });
  }
  const kernels = new Set(weights.turned === true ? kernelsOf(layers) : []);
  for (const [variable, tensor] of assignments) variable.assign(kernels.has(variable) ? turned(tensor) : tensor);
  return skipped;
}
