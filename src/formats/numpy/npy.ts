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

/** A key of the header, its value as Python writes it, and the comma behind it, which the last one need not have. */
const space = "[ \\t\\r\\n]*";
const number = "(?:0|[1-9][0-9]*)";
const tuple = `\\(${space}(?:|${number}${space},${space}|${number}${space}(?:,${space}${number}${space})+(?:,${space})?)\\)`;
const entry = new RegExp(
  `${space}(['"])([a-z_]+)\\1${space}:${space}(?:(['"])([^'"\\\\]*)\\3|(True|False)|(${tuple}))${space}(,${space}|(?=\\}))`,
  "y",
);

/** The dictionary of a header; `undefined` where it is none that NumPy writes. */
function entriesOf(header: string): Readonly<Record<string, string>> | undefined {
  const entries = new Map<string, string>();
  const from = header.search(/[^ \t]/);
  if (header[from] !== "{") return undefined;
  let at = from + 1;
  while (header[at] !== "}") {
    entry.lastIndex = at;
    const match = entry.exec(header);
    const [, , key = "", , text, truth, shape] = match ?? [];
    if (match === null || entries.has(key)) return undefined;
    entries.set(key, text ?? truth ?? (shape ?? "").slice(1, -1));
    at = entry.lastIndex;
  }
  const isAll = entries.size === 3 && /^[ \t\r\n]*$/.test(header.slice(at + 1));
  return isAll ? Object.fromEntries(entries) : undefined;
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
  const minor = view.getUint8(7);
  if (version < 1 || version > 3 || minor !== 0) return refuseArray(name, `version ${version}.${minor} of the format`);
  const begin = version === 1 ? 10 : 12;
  const start = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) return refuseArray(name, "a file that ends in its header");
  const header = new TextDecoder().decode(bytes.subarray(begin, start));
  const { descr: kind, fortran_order: order, shape } = entriesOf(header) ?? {};
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
