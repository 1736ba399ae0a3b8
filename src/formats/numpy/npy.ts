import { FileError } from "../../errors/errors.js";
import { Tensor } from "../../runtime/runtime.js";

/** Kinds of numbers that are read, by NumPy's names for them. */
const kinds = {
  "|u1": { bytes: 1, tensor: (data: ArrayBuffer, dims: number[]) => new Tensor("uint8", new Uint8Array(data), dims) },
  "<i8": {
    bytes: 8,
    tensor: (data: ArrayBuffer, dims: number[]) => new Tensor("int64", new BigInt64Array(data), dims),
  },
  "<f4": {
    bytes: 4,
    tensor: (data: ArrayBuffer, dims: number[]) => new Tensor("float32", new Float32Array(data), dims),
  },
} as const;

function isKind(name: string): name is keyof typeof kinds {
  return Object.hasOwn(kinds, name);
}

function refuseArray(name: string, received: string): never {
  throw new FileError(`${name} is not read.`, {
    subject: name,
    expected: "a complete .npy array of uint8, int64 or float32, little-endian, in C's order",
    received,
    advice: "Get the file again, or save it anew with NumPy: np.save(path, np.ascontiguousarray(x)).",
  });
}

/**
 * Reads an array as NumPy's `np.save` writes it: `\x93NUMPY`, a version, the length of the header, the header, which is a
 * dictionary in Python's spelling, and the numbers.
 *
 * @param bytes the whole file
 * @param name the file's name, for messages
 * @returns the array: uint8, int64 or float32
 * @throws FileError when it is damaged, of another kind of numbers, or in Fortran's order
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(bytes: Uint8Array, name: string): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x93, ...Buffer.from("NUMPY")];
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte)) {
    return refuseArray(name, `${bytes.length} bytes that do not begin as such an array`);
  }
  const version = view.getUint8(6);
  if (version < 1 || version > 3) return refuseArray(name, `version ${version} of the format`);
  const begin = version === 1 ? 10 : 12;
  const start = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) return refuseArray(name, "a file that ends in its header");
  const header = new TextDecoder().decode(bytes.subarray(begin, start));
  const kind = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (kind === undefined || order === undefined || shape === undefined) {
    return refuseArray(name, `the header ${JSON.stringify(header.slice(0, 200).trim())}`);
  }
  if (!isKind(kind)) return refuseArray(name, `numbers of the kind ${JSON.stringify(kind)}`);
  if (order === "True") return refuseArray(name, "an array in Fortran's order (fortran_order: True)");
  const dims = shape.split(",").flatMap((extent) => (extent.trim() === "" ? [] : [Number(extent)]));
  const length = dims.reduce((product, extent) => product * extent, kinds[kind].bytes);
  if (bytes.length - start !== length) {
    return refuseArray(name, `${bytes.length - start} bytes for the shape [${dims.join(", ")}], which has ${length}`);
  }
  // A copy, for numbers of several bytes must begin at a multiple of them.
  return kinds[kind].tensor(Uint8Array.from(bytes.subarray(start)).buffer, dims);
}
