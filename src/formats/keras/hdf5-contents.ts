import { FileError } from "../../errors/errors.js";
import type { FileWeights } from "../../models/assign-weights.js";
import { graftKey } from "../../models/graft-key.js";
import { hasVariableLayout, readVariables, type VariableGroups } from "./h5-variables.js";
import { isOfTheano, weightsIn } from "./h5-weights.js";
import type { Hdf5File } from "./hdf5.js";
import type { NamedVariable } from "./keras2-optimizer.js";

/** What lies in an `.h5` file of a whole model. */
export interface H5Model {
  /** The model's layers, as JSON. */
  readonly config: string;
  /** The Keras that wrote the file. */
  readonly version: string | undefined;
  /** What Graft keeps beside what Keras knows, as JSON. */
  readonly graft: string | undefined;
  readonly weights: FileWeights;
  /** What the model was compiled with, as JSON; `undefined` when it was not, or nobody asks for it. */
  readonly training: string | undefined;
  /** The optimizer's variables in the file's order, which is Keras 3's in files of Keras 3. */
  readonly slots: readonly NamedVariable[];
}

/** What can be read of a file of Keras at a time: plain data, which one thread can send to another. */
export interface Hdf5Contents {
  readonly model: H5Model;
  readonly "compiled model": H5Model;
  readonly variables: VariableGroups;
  /** In whichever layout they are. */
  readonly weights: VariableGroups | FileWeights;
}

/** How each is read. */
export const hdf5Contents: { readonly [Kind in keyof Hdf5Contents]: (file: Hdf5File) => Hdf5Contents[Kind] } = {
  model: (file) => modelIn(file, false),
  "compiled model": (file) => modelIn(file, true),
  variables: readVariables,
  weights: (file) => (hasVariableLayout(file) ? readVariables(file) : listedWeights(file)),
};

function listedWeights(file: Hdf5File): FileWeights {
  return { file: file.name, turned: isOfTheano(file), layers: weightsIn(file) };
}

function modelIn(file: Hdf5File, isCompiled: boolean): H5Model {
  const text = (attribute: string): string | undefined => file.strings("/", attribute)?.[0];
  const config = text("model_config");
  if (config === undefined) {
    throw new FileError(`${file.name} holds weights without the model.`, {
      subject: file.name,
      expected: 'a whole model, with the attribute "model_config"',
      received: `an HDF5 file with ${file.members("/").slice(0, 5).join(", ") || "nothing"}`,
      advice: "Build the model, and call model.loadWeights(path).",
    });
  }
  const training = isCompiled ? text("training_config") : undefined;
  return {
    config,
    version: text("keras_version"),
    graft: text(graftKey),
    weights: listedWeights(file),
    training,
    slots: training === undefined ? [] : slotsIn(file),
  };
}

function slotsIn(file: Hdf5File): NamedVariable[] {
  const group = "/optimizer_weights";
  if (file.kindOf(group) === undefined) return [];
  return (file.strings(group, "weight_names") ?? []).map((name) => ({
    name,
    tensor: file.float32(`${group}/${name}`),
  }));
}
