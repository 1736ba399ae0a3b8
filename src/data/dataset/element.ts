import { isPlainObject } from "../../errors/check.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { namedRecord } from "../../errors/named-record.js";
import { isTensor, Tensor } from "../../runtime/runtime.js";

/** A single thing in an element of a dataset. */
export type Leaf = Tensor | number | string | boolean;

/** What a dataset gives at a time: an array, a number, a text, or several of these in a list or by names, as `[x, y]`. */
export type Element = Leaf | readonly Element[] | { readonly [name: string]: Element };

/**
 * What functions of a dataset's user may give: elements, and numbers in lists and typed arrays, which become arrays. Promises, as
 * of layers and `ops` of arrays, are waited for wherever they stand.
 */
export type Given = Present | Promise<Present>;

type Present = Leaf | ArrayBufferView | readonly Given[] | { readonly [name: string]: Given };

/** What becomes of what a user's function gives. */
export type ElementOf<G> =
  G extends Promise<infer P>
    ? ElementOf<P>
    : G extends Tensor
      ? G
      : G extends number
        ? number
        : G extends string
          ? string
          : G extends boolean
            ? boolean
            : G extends ArrayBufferView
              ? Tensor
              : G extends readonly unknown[]
                ? { -readonly [Index in keyof G]: number[] extends G[Index] ? Tensor : ElementOf<G[Index]> }
                : { readonly [Name in keyof G]: number[] extends G[Name] ? Tensor : ElementOf<G[Name]> };

/** What a row of arrays inside a list or a record is. */
type InnerSlice<X> = X extends Tensor
  ? Tensor
  : X extends readonly number[] | ArrayBufferView
    ? number
    : X extends readonly string[]
      ? string
      : X extends readonly (readonly number[])[]
        ? Tensor
        : X extends readonly unknown[]
          ? { -readonly [Index in keyof X]: InnerSlice<X[Index]> }
          : { readonly [Name in keyof X]: InnerSlice<X[Name]> };

/** What a row of arrays is. */
export type SliceOf<X> = X extends Tensor
  ? Tensor
  : X extends readonly number[] | ArrayBufferView
    ? number
    : X extends readonly string[]
      ? string
      : X extends readonly unknown[]
        ? { -readonly [Index in keyof X]: InnerSlice<X[Index]> }
        : { readonly [Name in keyof X]: InnerSlice<X[Name]> };

/** What elements become that are joined to a batch. */
export type BatchOf<T> = Element extends T
  ? Element
  : T extends Leaf
    ? Tensor
    : T extends readonly unknown[]
      ? { -readonly [Index in keyof T]: BatchOf<T[Index]> }
      : { readonly [Name in keyof T]: BatchOf<T[Name]> };

/** What a row of a batch is: of an array of texts a text. */
export type RowOf<T> = Element extends T
  ? Element
  : T extends Tensor
    ? Tensor
    : T extends readonly unknown[]
      ? { -readonly [Index in keyof T]: RowOf<T[Index]> }
      : { readonly [Name in keyof T]: RowOf<T[Name]> };

/** Shape and element type of a part of an element; a batch of any size has `null` in front. */
export interface TensorSpec {
  readonly shape: readonly (number | null)[];
  /** As of ONNX Runtime's tensors; numbers, which become float32 in a batch, are `"float32"`. */
  readonly dtype: string;
}

/** What the elements of a dataset look like, in their structure. */
export type ElementSpec = TensorSpec | readonly ElementSpec[] | { readonly [name: string]: ElementSpec };

type Values = Float32Array;

function refuse(what: string, expected: string, received: string, advice?: string): never {
  throw new UsageError(`${what} is no element of a dataset.`, { subject: what, expected, received, advice });
}

function isLeaf(value: unknown): value is Leaf {
  return isTensor(value) || typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}

/** Names and values of an element's parts that have names. */
function namedParts(element: Element): (readonly [string, Element])[] {
  return Object.entries(element as Readonly<Record<string, Element>>);
}

function isTuple(element: unknown): element is readonly Element[] {
  return Array.isArray(element);
}

/** A rectangle of numbers as an array; `undefined` where a list holds something else. */
function numbers(list: readonly unknown[], what: string): Tensor | undefined {
  if (list.length === 0) return undefined;
  if (list.every((item) => typeof item === "number")) {
    return new Tensor("float32", Float32Array.from(list), [list.length]);
  }
  if (!list.every((item): item is readonly unknown[] => Array.isArray(item))) return undefined;
  const rows = list.map((row) => numbers(row, what));
  const tensors = rows.filter((row) => row !== undefined);
  return tensors.length === rows.length ? stackTensors(tensors, what) : undefined;
}

function tensorOf(values: ArrayBufferView): Tensor {
  const type = values instanceof Uint8Array || values instanceof Uint8ClampedArray ? "uint8" : "float32";
  const plain = values as Float32Array;
  return type === "uint8"
    ? new Tensor("uint8", Uint8Array.from(plain), [plain.length])
    : new Tensor("float32", Float32Array.from(plain, Number), [plain.length]);
}

/**
 * What somebody gave, as an element: lists of numbers inside become arrays, the outermost list is that of the parts.
 *
 * @param what gave it, for messages
 * @throws UsageError when there is something else in it
 */
export function toElement(value: unknown, what: string): Element {
  if (isTuple(value)) return value.map((part) => partOf(part, what));
  return partOf(value, what);
}

/** What is given, without promises in it. */
export async function settled(value: unknown): Promise<unknown> {
  const given = await value;
  const isObject = (part: unknown): boolean => typeof part === "object" && part !== null;
  if (Array.isArray(given)) return given.some(isObject) ? Promise.all(given.map(settled)) : given;
  if (!isPlainObject(given)) return given;
  const parts = Object.entries(given).map(async ([name, part]) => [name, await settled(part)] as const);
  return namedRecord(await Promise.all(parts));
}

function partOf(value: unknown, what: string): Element {
  if (isLeaf(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return tensorOf(value);
  if (Array.isArray(value)) return numbers(value, what) ?? value.map((part) => partOf(part, what));
  if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === Object.prototype || prototype === null || !("constructor" in value);
    if (isPlain) return namedRecord(Object.entries(value).map(([name, part]) => [name, partOf(part, what)] as const));
  }
  return refuse(
    what,
    "arrays, numbers, texts, and lists and records of these",
    value === null ? "null" : typeof value === "object" ? "an object of a class" : typeof value,
    value === undefined ? "Does the function return something?" : undefined,
  );
}

/** The parts of an element, in order, of which a function gets one argument each; an element without parts is one. */
export function argumentsOf(element: Element): readonly Element[] {
  return isTuple(element) ? element : [element];
}

function stackTensors(tensors: readonly Tensor[], what: string): Tensor {
  const [first] = tensors;
  if (first === undefined) return new Tensor("float32", new Float32Array(0), [0]);
  const { dims, type } = first;
  const wrong = tensors.find((one) => one.type !== type || String(one.dims) !== String(dims));
  if (wrong !== undefined) {
    throw new ShapeError(`${what} cannot join elements that differ.`, {
      subject: what,
      expected: `${type} [${dims.join(", ")}] in each element, as in the first one`,
      received: `${wrong.type} [${wrong.dims.join(", ")}]`,
      advice: "Bring all photos to one size first, such as with loadImg's targetSize.",
    });
  }
  const shape = [tensors.length, ...dims];
  if (type === "string")
    return new Tensor(
      "string",
      tensors.flatMap(({ data }) => [...(data as string[])]),
      shape,
    );
  const size = first.size;
  const Numbers = (first.data as Values).constructor as new (length: number) => Values;
  const data = new Numbers(tensors.length * size);
  tensors.forEach((tensor, row) => {
    data.set(tensor.data as Values, row * size);
  });
  return new Tensor(type as "float32", data, shape);
}

function stackLeaves(leaves: readonly Leaf[], what: string): Tensor {
  const [first] = leaves;
  const kind = typeof first;
  const wrong = leaves.find((leaf) => typeof leaf !== kind);
  if (wrong !== undefined) {
    return refuse(what, `a ${kind} in each element, as in the first one`, `a ${typeof wrong}`);
  }
  if (kind === "string") return new Tensor("string", leaves as string[], [leaves.length]);
  if (kind === "boolean") return new Tensor("bool", Uint8Array.from(leaves as number[], Number), [leaves.length]);
  if (kind === "number") return new Tensor("float32", Float32Array.from(leaves as number[]), [leaves.length]);
  return stackTensors(leaves as readonly Tensor[], what);
}

/**
 * Elements of one structure as one, in which all arrays have one axis more in front.
 *
 * @param what does it, for messages
 * @throws ShapeError when their arrays differ in shape or type
 * @throws UsageError when their structures differ
 */
export function stacked(elements: readonly Element[], what: string): Element {
  const [first] = elements;
  if (first === undefined || isLeaf(first)) {
    const other = elements.find((element) => !isLeaf(element));
    if (other !== undefined)
      return refuse(what, "elements of one structure", "arrays in some, several parts in others");
    return stackLeaves(elements as readonly Leaf[], what);
  }
  if (isTuple(first)) {
    const wrong = elements.find((element) => !isTuple(element) || element.length !== first.length);
    if (wrong !== undefined) return refuse(what, `elements of ${first.length} parts, as the first one`, "others");
    return first.map((_, index) =>
      stacked(
        (elements as readonly (readonly Element[])[]).flatMap((one) => one.slice(index, index + 1)),
        what,
      ),
    );
  }
  const parts = elements.map((element) => new Map(isLeaf(element) || isTuple(element) ? [] : namedParts(element)));
  return namedRecord(
    namedParts(first).map(([name]) => {
      const column = parts.flatMap((part) => {
        const value = part.get(name);
        return value === undefined ? [] : [value];
      });
      if (column.length === elements.length) return [name, stacked(column, what)] as const;
      return refuse(what, `a part "${name}" in each element, as in the first one`, "none in some");
    }),
  );
}

/** A text that is the same for equal elements, and for these alone. */
export function keyOfElement(element: Element): string {
  if (isTensor(element))
    return `${element.type} [${element.dims.join()}] ${JSON.stringify(Array.from(element.data as ArrayLike<unknown>, String))}`;
  if (isLeaf(element)) return `${typeof element} ${JSON.stringify(String(element))}`;
  if (isTuple(element)) return `[${element.map(keyOfElement).join()}]`;
  return `{${namedParts(element)
    .map(([name, part]) => `${JSON.stringify(name)}:${keyOfElement(part)}`)
    .join()}}`;
}

/** Number of rows of the first array of an element; `undefined` where it has no axis. */
export function rowsOf(element: Element): number | undefined {
  if (isTensor(element)) return element.dims[0];
  if (isLeaf(element)) return undefined;
  const parts = isTuple(element) ? element : namedParts(element).map(([, part]) => part);
  return parts.map(rowsOf).find((rows) => rows !== undefined);
}

/** One row of an array, without its first axis. */
function rowOf(tensor: Tensor, row: number): Tensor {
  const dims = tensor.dims.slice(1);
  const size = dims.reduce((product, extent) => product * extent, 1);
  const data = (tensor.data as Values).slice(row * size, (row + 1) * size);
  return new Tensor(tensor.type as "float32", data, dims);
}

/**
 * One row of each array of an element.
 *
 * @param rows how many there are
 * @throws ShapeError when an array has another number of rows
 */
export function rowOfElement(element: Element, row: number, rows: number, what: string): Element {
  if (isTensor(element)) {
    if (element.dims[0] !== rows) {
      throw new ShapeError(`${what} cannot part these arrays.`, {
        subject: what,
        expected: `${rows} rows in each array, as in the first one`,
        received: `[${element.dims.join(", ")}]`,
      });
    }
    return element.type === "string" && element.dims.length === 1
      ? ((element.data as unknown as readonly string[])[row] ?? "")
      : rowOf(element, row);
  }
  if (isLeaf(element)) return refuse(what, "arrays with an axis to part", typeof element);
  if (isTuple(element)) return element.map((part) => rowOfElement(part, row, rows, what));
  return namedRecord(namedParts(element).map(([name, part]) => [name, rowOfElement(part, row, rows, what)] as const));
}

/**
 * What an element looks like.
 *
 * @param open whether the first axis is that of a batch of any size
 */
export function specOf(element: Element, open: boolean): ElementSpec {
  if (isTensor(element)) {
    const [, ...rest] = element.dims;
    return { shape: open && element.dims.length > 0 ? [null, ...rest] : element.dims, dtype: element.type };
  }
  if (isLeaf(element)) {
    return {
      shape: [],
      dtype: typeof element === "number" ? "float32" : typeof element === "boolean" ? "bool" : "string",
    };
  }
  if (isTuple(element)) return element.map((part) => specOf(part, open));
  return namedRecord(namedParts(element).map(([name, part]) => [name, specOf(part, open)] as const));
}

/**
 * Arrays that are to be taken apart along their first axis: the outermost list is that of the parts, unless it is one of numbers
 * or texts.
 */
export interface Slices {
  readonly rows: number;
  row(index: number): Element;
}

function lengthOf(value: unknown, what: string): number {
  if (isTensor(value)) return value.dims[0] ?? refuse(what, "an array with samples along its first axis", "a scalar");
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return (value as Float32Array).length;
  return Array.isArray(value) ? value.length : refuse(what, "arrays and lists", value === null ? "null" : typeof value);
}

/** Slices of one array or list. */
function slicesOfOne(value: unknown, what: string): Slices {
  const rows = lengthOf(value, what);
  if (isTensor(value)) return { rows, row: (index) => rowOfElement(value, index, rows, what) };
  const list = value as readonly unknown[];
  return { rows, row: (index) => partOf(list[index], what) };
}

/**
 * What somebody gave, as slices along the first axis.
 *
 * @param what takes it, for messages
 * @throws UsageError when it is something else
 * @throws ShapeError when the parts have not as many samples each
 */
export function slicesOf(value: unknown, what: string): Slices {
  const isListOfParts =
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === "object" && part !== null);
  if (isListOfParts) {
    const parts = (value as readonly unknown[]).map((part) => innerSlices(part, what));
    const rows = sameRows(
      parts.map((part, index) => [`part ${index + 1}`, part] as const),
      what,
    );
    return { rows, row: (index) => parts.map((part) => part.row(index)) };
  }
  return innerSlices(value, what);
}

/** As {@link slicesOf}, for what stands inside: a list is one of values there, unless arrays stand in it. */
function innerSlices(value: unknown, what: string): Slices {
  if (Array.isArray(value) && value.some(isTensor)) return slicesOf(value, what);
  if (isTensor(value) || Array.isArray(value) || ArrayBuffer.isView(value)) return slicesOfOne(value, what);
  if (typeof value !== "object" || value === null) return slicesOfOne(value, what);
  const parts = Object.entries(value).map(([name, part]) => [name, innerSlices(part, what)] as const);
  const rows = sameRows(parts, what);
  return { rows, row: (index) => namedRecord(parts.map(([name, part]) => [name, part.row(index)] as const)) };
}

function sameRows(parts: readonly (readonly [string, Slices])[], what: string): number {
  const [first] = parts;
  if (first === undefined) return refuse(what, "arrays", "nothing");
  const wrong = parts.find(([, { rows }]) => rows !== first[1].rows);
  if (wrong === undefined) return first[1].rows;
  throw new ShapeError("There are not as many samples on both sides.", {
    subject: what,
    expected: `${first[1].rows} samples in each, as in ${first[0]}`,
    received: `${wrong[1].rows} in ${wrong[0]}`,
  });
}
