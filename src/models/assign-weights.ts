import { ShapeError, UsageError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { formatShape, sameShape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import type { Variable } from "../nn/variable.js";

/** A weights file: for each layer its name and its weights in Keras's order. */
export interface FileWeights {
  /** The file's name, for messages. */
  readonly file: string;
  readonly layers: readonly {
    readonly name: string;
    readonly weights: readonly { readonly name: string; readonly tensor: TensorData<"float32"> }[];
  }[];
}

/** How layers of a file and of a model find each other. */
export interface LoadWeightsOptions {
  /** By name instead of by order; layers that only one side has are left alone. Default `false`. */
  readonly byName?: boolean;
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
 * Puts the weights of a file into layers; all of them, or none when something does not fit.
 *
 * @throws ShapeError when numbers or shapes differ
 * @throws UsageError when nothing matches by name
 */
export function assignWeights(layers: readonly Layer[], weights: FileWeights, options: LoadWeightsOptions = {}): void {
  const pairs = pair(layers, weights, options.byName ?? false);
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
  const assignments: [Variable, TensorData<"float32">][] = [];
  for (const [layer, { name, weights: found }] of pairs) {
    const variables = layer.weights;
    if (variables.length !== found.length) {
      throw new ShapeError(`The layer "${layer.name}" does not fit "${name}" of ${weights.file}.`, {
        subject: layer.name,
        expected: `${variables.length} weights (${variables.map((variable) => variable.name).join(", ")})`,
        received: `${found.length} weights (${found.map((weight) => weight.name).join(", ")})`,
      });
    }
    variables.forEach((variable, index) => {
      const tensor = found[index]?.tensor;
      if (tensor === undefined) return;
      if (!sameShape(variable.shape, tensor.dims)) {
        throw new ShapeError(`The weight "${variable.path}" does not fit "${name}" of ${weights.file}.`, {
          subject: variable.path,
          expected: formatShape(variable.shape),
          received: formatShape(tensor.dims),
          advice: "The file belongs to another network, or to the same one with another input shape or top.",
        });
      }
      assignments.push([variable, tensor]);
    });
  }
  for (const [variable, tensor] of assignments) variable.assign(tensor);
}
