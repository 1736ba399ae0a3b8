import type { File as LibraryFile, Group } from "h5wasm";
import { EngineError } from "../../errors/errors.js";
import type { TensorData } from "../../onnx/tensor-data.js";

/** A number or tensor of a file: the iterations of optimizers are whole numbers. */
export type Hdf5Tensor = TensorData<"float32"> | TensorData<"int64"> | TensorData<"int32">;

/** A group of an HDF5 file. */
export interface Hdf5Group {
  /** With `/` between names; empty for the file itself. */
  readonly path: string;
  /** Texts, and lists of them, by name. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
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
  // WebAssembly of a megabyte, which only those wait for who write such a file.
  const library = await import("h5wasm");
  const { FS } = await library.ready;
  // Only now: the library assigns its module when it is ready.
  const { File, Group, Module } = library;
  Module.activate_throwing_error_handler();
  const path = `/graft-written-${String(written++)}.h5`;
  try {
    const file = new File(path, "w");
    try {
      const made = new Set<string>();
      for (const group of groups) writeGroup(file, Group, group, made);
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

/** Most texts of a list in one attribute, which holds 64 KiB; longer lists go on in others, with numbers behind their names. */
const listLimit = 4000;

function writeAttribute(group: Group, name: string, value: string | readonly string[]): void {
  if (typeof value === "string") group.create_attribute(name, value, [], "S");
  // Python's library writes an empty list as numbers, too.
  else if (value.length === 0) group.create_attribute(name, new Float64Array(0), [0], "<d");
  else if (value.length <= listLimit) group.create_attribute(name, [...value], [value.length], "S");
  else {
    for (let at = 0; at < value.length; at += listLimit) {
      writeAttribute(group, `${name}${String(at / listLimit)}`, value.slice(at, at + listLimit));
    }
  }
}

/** @param LibraryGroup the library's class of groups */
function writeGroup(
  file: LibraryFile,
  LibraryGroup: typeof Group,
  { path, attributes = {}, datasets }: Hdf5Group,
  made: Set<string>,
): void {
  const parts = path === "" ? [] : path.split("/");
  parts.forEach((_, index) => {
    const part = parts.slice(0, index + 1).join("/");
    if (!made.has(part)) file.create_group(part);
    made.add(part);
  });
  const group = path === "" ? file : file.get(path);
  if (!(group instanceof LibraryGroup)) throw new Error(`The group ${path} could not be made.`);
  for (const [name, text] of Object.entries(attributes)) writeAttribute(group, name, text);
  for (const [name, { type, dims, data }] of Object.entries(datasets)) {
    // Names may have parts: groups between are made.
    name
      .split("/")
      .slice(0, -1)
      .forEach((_, index, between) => {
        const inner = [path, ...between.slice(0, index + 1)].join("/");
        if (!made.has(inner)) file.create_group(inner);
        made.add(inner);
      });
    group.create_dataset({ name, data, shape: [...dims], dtype: types[type] });
  }
}
