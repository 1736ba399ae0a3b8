import { Dataset, type Entity, File as LibraryFile, Group, Module, ready } from "h5wasm";
import { FileError } from "../../errors/errors.js";
import { elementCount, fromBytes, type TensorData } from "../../onnx/tensor-data.js";
import { halfToFloat32 } from "../../onnx/half.js";
import { checkHeaps } from "./check-hdf5.js";
import { isHdf5 } from "./is-hdf5.js";

/** An open HDF5 file, as far as weights need it. Paths are absolute, with `/` between names. */
export interface Hdf5File {
  /** The name that error messages give the file. */
  readonly name: string;
  /** What lies at a path; undefined when nothing does. */
  kindOf(path: string): "group" | "dataset" | undefined;
  /** Names of a group's members, in the file's order. */
  members(path: string): string[];
  /** Names of the attributes of a group or dataset. */
  attributes(path: string): string[];
  /**
   * A string, or list of strings, kept in an attribute; undefined when there is no such attribute. An empty list of
   * any type counts as an empty list of strings, because h5py writes one as float64.
   *
   * @throws FileError when the attribute holds something else
   */
  strings(path: string, attribute: string): string[] | undefined;
  /**
   * A dataset of any float or integer type, either byte order, converted to float32.
   *
   * @throws FileError when there is no such dataset, it is of another type, or its bytes are damaged
   */
  float32(path: string): TensorData<"float32">;
}

// The file system inside the wasm module is one for all callers, so every open file needs a name of its own.
let opened = 0;

// Emscripten's types leave `canOwn` out, hence not a literal at the call.
const withoutCopying = { flags: "w", canOwn: true };

/** Loads the HDF5 library. */
export async function loadHdf5(): Promise<void> {
  await ready;
}

/**
 * Opens an HDF5 file for as long as `use` runs; closed and forgotten afterwards, whatever happens.
 *
 * @param bytes the whole file; neither copied nor changed
 * @param name the file's name, for error messages
 * @param use reads what it needs; what it returns must not hold on to the file
 * @returns what `use` returned
 * @throws FileError when the bytes are not an HDF5 file, or not all of one
 * @see https://github.com/usnistgov/h5wasm, the HDF5 library compiled to WebAssembly; here without its classes and on bytes only
 */
export async function withHdf5<T>(bytes: Uint8Array, name: string, use: (file: Hdf5File) => T): Promise<T> {
  checkSignature(bytes, name);
  checkHeaps(bytes, name);
  const { FS } = await ready;
  // Otherwise the library prints its failures to the console and carries on.
  Module.activate_throwing_error_handler();
  const path = `/graft-${String(opened++)}.h5`;
  FS.writeFile(path, bytes, withoutCopying);
  try {
    const file = openOrExplain(path, bytes, name);
    try {
      return use(new OpenFile(file, name, bytes.byteLength));
    } finally {
      closeQuietly(file);
    }
  } finally {
    FS.unlink(path);
  }
}

function openOrExplain(path: string, bytes: Uint8Array, name: string): LibraryFile {
  try {
    return new LibraryFile(path, "r");
  } catch (cause) {
    const stated = /stored_eof = (\d+)/.exec(String(cause))?.[1];
    throw new FileError(`${name} is a truncated or damaged HDF5 file.`, {
      subject: name,
      expected: stated === undefined ? "a complete HDF5 file" : `${stated} bytes, which is the size its header states`,
      received: `${String(bytes.byteLength)} bytes${stated === undefined ? ` (${reason(cause)})` : ""}`,
      advice: "Download or copy the file again.",
      cause,
    });
  }
}

/** Nothing was written, so a failure here, in a damaged file, has nothing to tell beyond the error that led here. */
function closeQuietly(file: LibraryFile): void {
  try {
    file.close();
  } catch {
    return;
  }
}

/** Groups that lie in each other at most; in a damaged file one may lie in itself. */
const deepest = 64;

class OpenFile implements Hdf5File {
  private readonly room: Room;

  constructor(
    private readonly file: LibraryFile,
    readonly name: string,
    size: number,
  ) {
    this.room = new Room(size);
  }

  kindOf(path: string): "group" | "dataset" | undefined {
    const entity = this.#get(path);
    if (entity instanceof Group) return "group";
    return entity instanceof Dataset ? "dataset" : undefined;
  }

  members(path: string): string[] {
    const entity = this.#get(path);
    return entity instanceof Group ? this.#reading(path, () => entity.keys()) : [];
  }

  attributes(path: string): string[] {
    const entity = this.#get(path);
    const hasAttributes = entity instanceof Group || entity instanceof Dataset;
    return hasAttributes ? this.#reading(path, () => Object.keys(entity.attrs)) : [];
  }

  strings(path: string, attribute: string): string[] | undefined {
    if (!this.attributes(path).includes(attribute)) return undefined;
    const value = this.#reading(path, () => {
      const entity = this.#get(path);
      if (!(entity instanceof Group || entity instanceof Dataset)) return undefined;
      const { vlen } = Module.get_attribute_metadata(entity.file_id, entity.path, attribute);
      return vlen ? readLongStrings(entity, attribute, this.room) : entity.attrs[attribute]?.value;
    });
    if (typeof value === "string") return [value];
    if (ArrayBuffer.isView(value) && value.byteLength === 0) return [];
    const strings = Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    if (Array.isArray(value) && strings.length === value.length) return strings;
    throw new FileError(`${this.name} has an unexpected attribute.`, {
      subject: this.name,
      expected: `strings in the attribute "${attribute}" of "${path}"`,
      received: value === null || value === undefined ? "nothing" : typeof value,
      advice: "Check that this is a file of Keras weights.",
    });
  }

  float32(path: string): TensorData<"float32"> {
    const dataset = this.#get(path);
    if (!(dataset instanceof Dataset)) {
      throw new FileError(`${this.name} lacks a dataset.`, {
        subject: this.name,
        expected: `a dataset at "${path}"`,
        received: dataset === null ? "nothing there" : "something else there",
        advice: "The file is incomplete: save or download it again.",
      });
    }
    return this.#reading(path, () => readFloat32(dataset, this.name, path, this.room));
  }

  #get(path: string): Entity | null {
    return this.#reading(path, () => {
      if (path.split("/").length > deepest + 1) throw new Error(`more than ${String(deepest)} groups in each other`);
      return this.file.get(path);
    });
  }

  /** Turns what the HDF5 library throws into an error that names the file and the place in it. */
  #reading<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof FileError) throw cause;
      throw new FileError(`${this.name} cannot be read at "${path}".`, {
        subject: this.name,
        expected: "intact HDF5 data",
        received: reason(cause),
        advice: "The file is damaged: download or copy it again.",
        cause,
      });
    }
  }
}

/**
 * Strings of variable length, through the library's lower level: when such an attribute is damaged, `Attribute.value`
 * frees memory that was never allocated, which spoils the library for every later file.
 */
function readLongStrings(entity: Group | Dataset, attribute: string, room: Room): string[] {
  const { file_id: file, path } = entity;
  const { size, total_size: count, type } = Module.get_attribute_metadata(file, path, attribute);
  if (type !== Module.H5T_class_t.H5T_STRING.value) throw new Error("a list of lists instead of strings");
  const pointer = room.allocate(count * size, path);
  try {
    Module.get_attribute_data(file, path, attribute, BigInt(pointer));
    const pointers = new Uint32Array(Module.HEAPU8.slice(pointer, pointer + count * size).buffer);
    const strings = Array.from(pointers, (string) => Module.UTF8ToString(string));
    Module.reclaim_vlen_memory(file, path, attribute, BigInt(pointer));
    return strings;
  } finally {
    Module._free(pointer);
  }
}

/** What a byte of a file can become at most: HDF5's strongest compression in use, deflate, makes 1032 of one. */
const expansion = 1032;

/** Memory for what is read: sizes in a damaged file may say anything. */
class Room {
  private left: number;

  /** @param size the file's bytes */
  constructor(size: number) {
    this.left = size * expansion;
  }

  /** @throws Error when the file cannot hold as much as is read of it */
  allocate(bytes: number, path: string): number {
    this.left -= bytes;
    if (!(this.left >= 0)) throw new Error(`${String(bytes)} bytes at "${path}", more than the file can hold`);
    const pointer = Module._malloc(bytes);
    if (pointer === 0) throw new Error(`${String(bytes)} bytes at "${path}" do not fit WebAssembly's memory`);
    return pointer;
  }
}

/**
 * Reads through the library's lower level, because its `Dataset.value` refuses float16. That level already gives
 * the bytes in the machine's order.
 */
function readFloat32(dataset: Dataset, name: string, path: string, room: Room): TensorData<"float32"> {
  const { metadata } = dataset;
  const classes = Module.H5T_class_t;
  const kind =
    metadata.type === classes.H5T_FLOAT.value
      ? "float"
      : // h5py keeps booleans as an enumeration of one byte.
        metadata.type === classes.H5T_INTEGER.value || metadata.type === classes.H5T_ENUM.value
        ? metadata.signed
          ? "int"
          : "uint"
        : undefined;
  const convert = kind && converters[`${kind}${String(metadata.size * 8)}`];
  if (metadata.shape === null || convert === undefined) {
    throw new FileError(`${name} holds a dataset that is no array of numbers.`, {
      subject: name,
      expected: `numbers at "${path}"`,
      received: metadata.shape === null ? "an empty dataset" : `HDF5 type class ${String(metadata.type)}`,
      advice: "Check that this is a file of weights.",
    });
  }
  const dims = metadata.shape;
  const count = elementCount(dims);
  if (count === 0) return { type: "float32", dims, data: new Float32Array(0) };
  const size = count * metadata.size;
  const pointer = room.allocate(size, path);
  try {
    const status = Module.get_dataset_data(dataset.file_id, dataset.path, null, null, null, BigInt(pointer));
    if (status < 0) throw new Error(`HDF5 status ${String(status)}`);
    const raw = Module.HEAPU8.slice(pointer, pointer + size);
    return { type: "float32", dims, data: convert(raw) };
  } finally {
    Module._free(pointer);
  }
}

const converters: Partial<Record<string, (raw: Uint8Array<ArrayBuffer>) => Float32Array>> = {
  float16: (raw) => halfToFloat32(fromBytes("float16", raw)),
  float32: (raw) => fromBytes("float32", raw),
  float64: (raw) => Float32Array.from(fromBytes("float64", raw)),
  int8: (raw) => Float32Array.from(fromBytes("int8", raw)),
  int16: (raw) => Float32Array.from(new Int16Array(raw.buffer)),
  int32: (raw) => Float32Array.from(fromBytes("int32", raw)),
  int64: (raw) => Float32Array.from(fromBytes("int64", raw), Number),
  uint8: (raw) => Float32Array.from(raw),
  uint16: (raw) => Float32Array.from(new Uint16Array(raw.buffer)),
  uint32: (raw) => Float32Array.from(new Uint32Array(raw.buffer)),
  uint64: (raw) => Float32Array.from(new BigUint64Array(raw.buffer), Number),
};

function checkSignature(bytes: Uint8Array, name: string): void {
  if (isHdf5(bytes)) return;
  throw new FileError(`${name} is not an HDF5 file.`, {
    subject: name,
    expected: 'an HDF5 file, which begins with the bytes 89 "HDF"',
    received: `${String(bytes.byteLength)} bytes, ${looksLike(bytes)}`,
    advice: "Check the path, or download the file again.",
  });
}

/** What a wrong file most often is, in words. */
function looksLike(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith("PK\u0003\u0004")) return "a ZIP archive (perhaps a .keras file)";
  if (start.startsWith("version https://git-lfs")) return "a Git LFS pointer instead of the file it stands for";
  if (/^<(!doctype|html)/i.test(start)) return "a web page";
  if (start.startsWith("{")) return "a JSON text";
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `beginning with ${hex.join(" ")}`;
}

/** The last line of the library's stack of messages: the one nearest to the cause. */
function reason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const stack = [...message.matchAll(/^\s*#\d+: .*?\): (.*)$/gm)].map((match) => match[1]);
  return (stack.at(-1) ?? message.split("\n")[0] ?? "").slice(0, 200);
}
