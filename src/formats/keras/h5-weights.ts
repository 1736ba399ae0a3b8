import { FileError } from "../../errors/errors.js";
import type { FileWeights } from "../../models/assign-weights.js";
import type { Hdf5File } from "./hdf5.js";

type FileLayer = FileWeights["layers"][number];

/** Whether the file's backend was Theano, which turns kernels while it convolves: they stand turned in the file. */
export function isOfTheano(file: Hdf5File): boolean {
  const root = file.kindOf("/model_weights") === "group" ? "/model_weights" : "/";
  return [root, "/"].some((path) => file.strings(path, "backend")?.[0] === "theano");
}

/**
 * The weights in a Keras HDF5 file: one of weights only, or a whole model saved as `.h5`. Kernels of convolutions are
 * `[height, width, in, out]`; numbers of other widths are converted to float32.
 *
 * @returns all layers that the file lists, those without weights too, in the file's order, each with its weights in that of
 * its `get_weights()`
 * @throws FileError when the file is not in this layout; a Keras 3 `.weights.h5` is recognised and refused
 * @see https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/
 */
export function weightsIn(file: Hdf5File): FileLayer[] {
  const root = file.kindOf("/model_weights") === "group" ? "/model_weights" : "";
  const layerNames = longStrings(file, root === "" ? "/" : root, "layer_names");
  if (layerNames === undefined) throw unknownLayout(file);
  const layers = layerNames.map((layer) => ({ name: layer, weights: readLayer(file, `${root}/${layer}`) }));
  // Weights that belong to the model itself stand beside its layers, unlisted.
  const own = `${root}/top_level_model_weights`;
  const topLevel = file.kindOf(own) === "group" ? readLayer(file, own) : [];
  return topLevel.length > 0 ? [...layers, { name: "top_level_model_weights", weights: topLevel }] : layers;
}

function readLayer(file: Hdf5File, group: string): FileLayer["weights"] {
  const weightNames = longStrings(file, group, "weight_names");
  if (weightNames === undefined) {
    throw new FileError(`${file.name} lists a layer that it does not hold.`, {
      subject: file.name,
      expected: `a group "${group}" with the attribute "weight_names"`,
      received: file.kindOf(group) === undefined ? "no such group" : "a group without it",
      advice: "The file is incomplete: save or download it again.",
    });
  }
  return weightNames.map((weight) => ({ name: weight, tensor: file.float32(`${group}/${weight}`) }));
}

/**
 * A list of strings that Keras keeps in an attribute, or, when it is longer than HDF5's limit of 64 KiB, in several:
 * `layer_names0`, `layer_names1`, …
 */
function longStrings(file: Hdf5File, path: string, attribute: string): string[] | undefined {
  const whole = file.strings(path, attribute);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let chunk = 0; ; chunk++) {
    const part = file.strings(path, `${attribute}${String(chunk)}`);
    if (part === undefined) return chunk === 0 ? undefined : parts;
    for (const name of part) parts.push(name);
  }
}

function unknownLayout(file: Hdf5File): FileError {
  const members = file.members("/");
  const expected = 'a Keras HDF5 file, with the attribute "layer_names" or a group "model_weights"';
  if (members.includes("layers") || members.includes("_layer_checkpoint_dependencies")) {
    return new FileError(`${file.name} is in the layout of Keras 3's .weights.h5, which Graft does not read yet.`, {
      subject: file.name,
      expected,
      received: 'Keras 3 weights, kept under "layers/<name>/vars"',
      advice: 'In Keras, save the whole model as HDF5 instead: model.save("model.h5").',
    });
  }
  return new FileError(`${file.name} holds no Keras weights.`, {
    subject: file.name,
    expected,
    received: members.length === 0 ? "an HDF5 file without groups" : `an HDF5 file with ${listed(members)}`,
    advice: "Check that this is the file you mean.",
  });
}

function listed(members: readonly string[]): string {
  const shown = members.slice(0, 5).map((member) => `"${member}"`);
  return shown.join(", ") + (members.length > shown.length ? ", …" : "");
}
