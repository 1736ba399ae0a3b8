import type { TensorData } from "../../onnx/tensor-data.js";
import type { Hdf5File } from "./hdf5.js";

/** What a `vars` group of a `.weights.h5` file holds. */
export interface VariableGroup {
  /** The layer's name; files of Keras before 3.6 do not say it. */
  readonly name: string | undefined;
  readonly tensors: readonly TensorData<"float32">[];
}

/** The `vars` groups of a `.weights.h5` file by the path of what they belong to: `layers/conv2d`, `optimizer`. */
export type VariableGroups = ReadonlyMap<string, VariableGroup>;

/**
 * Whether a file of weights is in the layout of `.weights.h5`: groups `layers/<kind>/vars`, where `<kind>` is the layer's
 * class and a number.
 */
export function hasVariableLayout(file: Hdf5File): boolean {
  return (
    file.attributes("/").every((name) => name !== "layer_names" && name !== "model_config") &&
    ["/layers", "/_layer_checkpoint_dependencies"].some((path) => file.kindOf(path) === "group")
  );
}

/** Reads all `vars` groups. */
export function readVariables(file: Hdf5File): VariableGroups {
  const groups = new Map<string, VariableGroup>();
  const visit = (path: string): void => {
    for (const member of file.members(path === "" ? "/" : path)) {
      const inner = `${path}/${member}`;
      if (file.kindOf(inner) !== "group") continue;
      // A layer whose attribute is called "vars" does not exist in Keras.
      if (member === "vars") groups.set(modernPath(path), readGroup(file, inner));
      else visit(inner);
    }
  };
  visit("");
  return groups;
}

/** Keras 2.12 and 2.13 called the list of layers otherwise. */
function modernPath(path: string): string {
  return path.slice(1).replaceAll("_layer_checkpoint_dependencies", "layers");
}

function readGroup(file: Hdf5File, path: string): VariableGroup {
  const tensors = [...file.members(path)]
    .sort((a, b) => Number(a) - Number(b))
    .map((member) => file.float32(`${path}/${member}`));
  return { name: file.strings(path, "name")?.[0], tensors };
}
