import { File as LibraryFile, Module, ready } from "h5wasm";
import { EngineError } from "../../errors/errors.js";
import type { TensorData } from "../../onnx/tensor-data.js";

/** A number or tensor of a file: the iterations of optimizers are whole numbers. */
export type Hdf5Tensor = TensorData<"float32"> | TensorData<"int64"> | TensorData<"int32">;

/** A group of an HDF5 file. */
export interface Hdf5Group {
  /** With `/` between names. */
  readonly path: string;
  /** Texts by name. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly datasets: Readonly<Record<string, Hdf5Tensor>>;
}

const types = { float32: "<f", int64: "<q", int32: "<i" } as const;

// The file system inside the wasm module is one for all callers.
let written = 0;

/**
 * Writes an HDF5 file in memory.
 *
 * @param groups each after the groups that it lies in; those between are made
 * @returns the file's bytes
 * @throws EngineError when the HDF5 library fails, for example for lack of memory
 */
export async function writeHdf5(groups: readonly Hdf5Group[]): Promise<Uint8Array> {
  const { FS } = await ready;
  Module.activate_throwing_error_handler();
  const path = `/graft-written-${String(written++)}.h5`;
  try {
    const file = new LibraryFile(path, "w");
    try {
      const made = new Set<string>();
      for (const group of groups) writeGroup(file, group, made);
      file.flush();
    } finally {
      file.close();
    }
    return FS.readFile(path).slice();
  } catch (cause) {
    throw new EngineError("The HDF5 library cannot write the weights.", {
      subject: "HDF5",
      expected: "room for them in memory",
      received: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause),
      cause,
    });
  } finally {
    if (FS.analyzePath(path).exists) FS.unlink(path);
  }
}

function writeGroup(file: LibraryFile, { path, attributes = {}, datasets }: Hdf5Group, made: Set<string>): void {
  const parts = path.split("/");
  parts.forEach((_, index) => {
    const part = parts.slice(0, index + 1).join("/");
    if (!made.has(part)) file.create_group(part);
    made.add(part);
  });
  const group = file.get(path);
  if (group === null || !("create_dataset" in group)) throw new Error(`The group ${path} could not be made.`);
  for (const [name, text] of Object.entries(attributes)) group.create_attribute(name, text);
  for (const [name, { type, dims, data }] of Object.entries(datasets)) {
    group.create_dataset({ name, data, shape: [...dims], dtype: types[type] });
  }
}
