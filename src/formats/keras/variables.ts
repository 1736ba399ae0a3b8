import { FileError, ShapeError } from "../../errors/errors.js";
import { formatShape, sameShape } from "../../graph/shape.js";
import { BaseModel } from "../../models/base-model.js";
import { isLayer, type Layer } from "../../nn/layer.js";
import { snakeCase } from "../../nn/names.js";
import { objectsIn } from "../../nn/objects-in-fields.js";
import type { Variable } from "../../nn/variable.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { VariableGroup, VariableGroups } from "./h5-variables.js";
import type { Hdf5Group, Hdf5Tensor } from "./write-hdf5.js";

type Float32 = TensorData<"float32">;

/** A layer, or a part of one, and the path of its group. */
interface Place {
  readonly path: string;
  readonly layer: Layer;
  /** Other paths that older versions of Keras gave it. */
  readonly older: readonly string[];
  readonly variables: readonly Variable[];
}

/** Keras keeps the projections of an attention layer as layers of their own. */
const attentionParts: Readonly<Record<string, string>> = {
  query: "query_dense",
  key: "key_dense",
  // The only one without a property of this name.
  gate: "_gate_dense",
  value: "value_dense",
  attention_output: "output_dense",
};

/** The places of all layers, each once, in the order in which Keras saves them. */
function placesOf(model: BaseModel, prefix = "", seen = new Set<Layer>()): Place[] {
  const counts = new Map<string, number>();
  return model.layers.flatMap((layer) => {
    const kind = snakeCase(layer.className);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    if (seen.has(layer)) return [];
    seen.add(layer);
    const path = `${prefix}layers/${kind}${count === 0 ? "" : `_${String(count)}`}`;
    if (layer instanceof BaseModel) {
      return [{ path, layer, older: [], variables: [] }, ...placesOf(layer, `${path}/`, seen)];
    }
    return layer.className === "MultiHeadAttention"
      ? attentionPlaces(layer, path)
      : [place(path, layer, layer.ownWeights), ...innerPlaces(layer, path, seen)];
  });
}

/** The places of layers in the fields of a layer of a user's own: as in Keras, under the names of the fields. */
function innerPlaces(owner: Layer, prefix: string, seen: Set<Layer>): Place[] {
  const within = (layer: Layer, path: string): Place[] => {
    if (seen.has(layer)) return [];
    seen.add(layer);
    if (layer instanceof BaseModel) return placesOf(layer, `${path}/`, seen);
    if (layer.className === "MultiHeadAttention") return attentionPlaces(layer, path);
    return [place(path, layer, layer.ownWeights), ...innerPlaces(layer, path, seen)];
  };
  const fields = Object.entries(owner).sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.flatMap(([field, value]) => {
    const [only, ...others] = objectsIn({ value: value as unknown }, isLayer).filter((layer) =>
      owner.innerLayers.includes(layer),
    );
    if (only === undefined) return [];
    if (only === value) return within(only, `${prefix}/${field}`);
    const counts = new Map<string, number>();
    return [only, ...others].flatMap((layer) => {
      const kind = snakeCase(layer.className);
      const count = counts.get(kind) ?? 0;
      counts.set(kind, count + 1);
      return within(layer, `${prefix}/${field}/${kind}${count === 0 ? "" : `_${String(count)}`}`);
    });
  });
}

function place(path: string, layer: Layer, variables: readonly Variable[]): Place {
  return { path, layer, older: [], variables };
}

function attentionPlaces(layer: Layer, path: string): Place[] {
  const parts = Object.entries(attentionParts).map(([name, part]): Place => {
    const variables = layer.weights.filter((variable) => variable.path.startsWith(`${layer.name}/${name}/`));
    return { path: `${path}/${part}`, layer, older: [`${path}/_${part}`], variables };
  });
  return [place(path, layer, []), ...parts];
}

/** How {@link assignVariables} treats what does not fit. */
export interface AssignOptions {
  /** Find layers by the names that the file says, where it says them; default: by class and order, as Keras does. */
  readonly byName?: boolean;
  /** Leave weights that do not fit as they are. Default `false`. */
  readonly skipMismatch?: boolean;
}

/**
 * Puts the variables of a file into a model; all of them, or none when something does not fit.
 *
 * @param file the file's name, for messages
 * @returns what was skipped, one line each
 * @throws ShapeError when something does not fit and `skipMismatch` is not set
 */
export function assignVariables(
  model: BaseModel,
  groups: VariableGroups,
  file: string,
  { byName = false, skipMismatch = false }: AssignOptions = {},
): string[] {
  const skipped: string[] = [];
  const assignments: [Variable, Float32][] = [];
  const places = placesOf(model);
  const found = byName ? groupsByName(places, groups) : undefined;
  for (const target of places) {
    const { layer, variables } = target;
    const group =
      found === undefined
        ? [target.path, ...target.older].map((path) => groups.get(path)).find((candidate) => candidate !== undefined)
        : found(target);
    const tensors = group?.tensors ?? [];
    if (byName && group === undefined) continue;
    if (tensors.length !== variables.length) {
      const error = new ShapeError(`The layer "${layer.name}" does not fit ${file}.`, {
        subject: layer.name,
        expected: `${String(variables.length)} weights${variables.length === 0 ? "" : ` (${variables.map((variable) => variable.name).join(", ")})`}`,
        received: `${String(tensors.length)} at "${target.path}"`,
        advice: "Load the weights of the same network, or skip what does not fit: { skipMismatch: true }.",
      });
      if (!skipMismatch) throw error;
      skipped.push(error.message);
      continue;
    }
    variables.forEach((variable, index) => {
      const tensor = tensors[index];
      if (tensor === undefined) return;
      if (sameShape(tensor.dims, variable.shape)) {
        assignments.push([variable, tensor]);
        return;
      }
      const error = new ShapeError(`The weight "${variable.path}" does not fit ${file}.`, {
        subject: variable.path,
        expected: formatShape(variable.shape),
        received: formatShape(tensor.dims),
        advice: "Load the weights of the same network, or skip what does not fit: { skipMismatch: true }.",
      });
      if (!skipMismatch) throw error;
      skipped.push(error.message);
    });
  }
  for (const [variable, tensor] of assignments) variable.assign(tensor);
  return skipped;
}

/** Finds groups by the names in the file: level by level, since layers of different models may share a name. */
function groupsByName(places: readonly Place[], groups: VariableGroups): (place: Place) => VariableGroup | undefined {
  // What each path of the model is in the file.
  const real = new Map<string, string>([["", ""]]);
  const found = new Map<string, VariableGroup>();
  for (const { path, layer } of places) {
    const part = /^(.*?)(?:\/?layers\/[^/]+)$/.exec(path);
    const parent = part?.[1];
    if (parent === undefined) {
      // A part of a layer: it lies under the layer's own path.
      const cut = path.lastIndexOf("/");
      const own = real.get(path.slice(0, cut));
      const group =
        own === undefined
          ? undefined
          : (groups.get(`${own}${path.slice(cut)}`) ?? groups.get(`${own}/_${path.slice(cut + 1)}`));
      if (group !== undefined) found.set(path, group);
      continue;
    }
    const outer = real.get(parent);
    if (outer === undefined) continue;
    const prefix = `${outer === "" ? "" : `${outer}/`}layers/`;
    for (const [candidate, group] of groups) {
      const rest = candidate.startsWith(prefix) ? candidate.slice(prefix.length) : "/";
      if (group.name !== layer.name || rest.includes("/")) continue;
      real.set(path, candidate);
      found.set(path, group);
    }
  }
  return ({ path }) => found.get(path);
}

/**
 * Whether the file says the name of every layer with weights of the model, so that layers can be found by name whatever
 * their order.
 */
export function namesEveryLayer(model: BaseModel, groups: VariableGroups): boolean {
  const places = placesOf(model).filter(({ variables }) => variables.length > 0);
  const find = groupsByName(placesOf(model), groups);
  return places.every((target) => find(target) !== undefined);
}

/** The model's variables as groups of a `.weights.h5` file. */
export function variableGroups(
  model: BaseModel,
  optimizer?: { name: string; tensors: readonly Hdf5Tensor[] },
): Hdf5Group[] {
  const numbered = (tensors: readonly Hdf5Tensor[]): Record<string, Hdf5Tensor> =>
    Object.fromEntries(tensors.map((tensor, index) => [String(index), tensor]));
  return [
    { path: "vars", attributes: { name: model.name }, datasets: {} },
    ...placesOf(model).map(({ path, layer, variables }) => ({
      path: `${path}/vars`,
      attributes: { name: path.endsWith("_dense") ? partName(path) : layer.name },
      datasets: numbered(variables.map(asWritten)),
    })),
    ...(optimizer === undefined
      ? []
      : [{ path: "optimizer/vars", attributes: { name: optimizer.name }, datasets: numbered(optimizer.tensors) }]),
  ];
}

/** Keras's name of a part of an attention layer. */
function partName(path: string): string {
  const part = path.slice(path.lastIndexOf("/") + 1);
  return Object.keys(attentionParts).find((name) => attentionParts[name] === part) ?? part;
}

/** Scalars are counters in Keras, hence whole numbers. */
export function asWritten({ value, path }: Variable): Hdf5Tensor {
  return path.endsWith("/count") ? { type: "int32", dims: [], data: Int32Array.from(value.data) } : value;
}

/** @throws FileError when a file has no variables at all */
export function requireVariables(groups: VariableGroups, file: string): void {
  if ([...groups.values()].some(({ tensors }) => tensors.length > 0)) return;
  throw new FileError(`${file} holds no weights.`, {
    subject: file,
    expected: 'weights under "layers/<name>/vars"',
    received: groups.size === 0 ? "none" : `${String(groups.size)} empty groups`,
    advice: "Check that this is the file you mean.",
  });
}
