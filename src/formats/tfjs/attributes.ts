import { z } from "zod";
import { didYouMean } from "../../errors/nearest.js";
import { FileError } from "../../errors/errors.js";

/** A TensorFlow element type by its usual name: `float32`, `int32`, `string`, `bool`, …; `DT_<n>` for an exotic one. */
export type TfType = string;

/** Extent of each axis, -1 where unknown; null when even the number of axes is unknown. */
export type TfShape = readonly number[] | null;

/**
 * An attribute of a TensorFlow node. 64-bit integers are numbers here, exact up to 2^53. A list without items does not
 * say what it would list, so it is `empty`.
 */
export type TfAttribute =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "type"; readonly value: TfType }
  | { readonly kind: "shape"; readonly value: TfShape }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "bools"; readonly value: readonly boolean[] }
  | { readonly kind: "types"; readonly value: readonly TfType[] }
  | { readonly kind: "shapes"; readonly value: readonly TfShape[] }
  | { readonly kind: "empty"; readonly value: readonly [] }
  /** A constant: its type and shape; the values are among the model's weights, under the node's name. */
  | { readonly kind: "tensor"; readonly value: { readonly type: TfType; readonly shape: TfShape } }
  /** The name of a function of the graph's library. */
  | { readonly kind: "function"; readonly value: string };

/** The value that an attribute of a kind has. */
export type TfAttributeValue<K extends TfAttribute["kind"]> = Extract<TfAttribute, { kind: K }>["value"];

/** A node of a TensorFlow graph. */
export interface TfNode {
  readonly name: string;
  /** TensorFlow's operator, for example `Conv2D`. */
  readonly op: string;
  /** As written: `name`, `name:1` for an output other than the first, `^name` for one that must only come before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, TfAttribute>>;
}

/**
 * The value of a node's attribute.
 *
 * @param node the node
 * @param name the attribute, for example `strides`
 * @param kind what it must be; an empty list counts as a list of any kind
 * @param absent the value when the node lacks the attribute; without it, that is an error
 * @throws FileError when the attribute is of another kind, or missing
 */
export function attributeOf<K extends TfAttribute["kind"]>(
  node: TfNode,
  name: string,
  kind: K,
  absent?: TfAttributeValue<K>,
): TfAttributeValue<K> {
  const attribute = node.attributes[name];
  if (attribute === undefined && absent !== undefined) return absent;
  if (attribute !== undefined && (attribute.kind === kind || (attribute.kind === "empty" && kind.endsWith("s")))) {
    return attribute.value as TfAttributeValue<K>;
  }
  const advice = attribute === undefined ? didYouMean(name, Object.keys(node.attributes)) : undefined;
  throw new FileError(`The ${node.op} node "${node.name}" has no usable "${name}".`, {
    subject: node.name,
    expected: `an attribute "${name}" of kind ${kind}`,
    received: attribute === undefined ? "no such attribute" : `one of kind ${attribute.kind}`,
    advice,
  });
}

/** protobuf's JSON writes 64-bit integers as strings. */
const integer = z.union([z.int(), z.string().regex(/^-?\d+$/, "Invalid input: expected an integer")]).transform(Number);

/** protobuf's JSON writes the numbers that JSON lacks as the strings NaN, Infinity and -Infinity. */
const float = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]).transform(Number);

const text = z.union([z.string(), z.array(z.int().min(0).max(255))]).transform(decodeText);

const types: Readonly<Record<number, TfType>> = {
  1: "float32",
  2: "float64",
  3: "int32",
  4: "uint8",
  5: "int16",
  6: "int8",
  7: "string",
  8: "complex64",
  9: "int64",
  10: "bool",
  14: "bfloat16",
  17: "uint16",
  19: "float16",
  20: "resource",
  21: "variant",
  22: "uint32",
  23: "uint64",
};
const typeNames: Readonly<Record<string, TfType>> = {
  DT_FLOAT: "float32",
  DT_DOUBLE: "float64",
  DT_HALF: "float16",
};

/** An element type, as a number or as the name that `types.proto` gives it. */
const type = z
  .union([z.int(), z.string()])
  .transform((code) =>
    typeof code === "number"
      ? (types[code] ?? `DT_${String(code)}`)
      : (typeNames[code] ?? code.replace(/^DT_/, "").toLowerCase()),
  );

/** protobuf's JSON may leave out what has its default value: an extent of 0, and the extents of a scalar. */
const shape = z
  .object({
    dim: z.array(z.object({ size: integer.default(0) })).default([]),
    unknownRank: z.boolean().default(false),
  })
  .transform(({ dim, unknownRank }): TfShape => (unknownRank ? null : dim.map(({ size }) => size)));

const list = z
  .object({
    s: z.array(text).default([]),
    i: z.array(integer).default([]),
    f: z.array(float).default([]),
    b: z.array(z.boolean()).default([]),
    type: z.array(type).default([]),
    shape: z.array(shape).default([]),
  })
  .transform((items): TfAttribute => {
    if (items.i.length > 0) return { kind: "ints", value: items.i };
    if (items.s.length > 0) return { kind: "strings", value: items.s };
    if (items.f.length > 0) return { kind: "floats", value: items.f };
    if (items.b.length > 0) return { kind: "bools", value: items.b };
    if (items.type.length > 0) return { kind: "types", value: items.type };
    if (items.shape.length > 0) return { kind: "shapes", value: items.shape };
    return { kind: "empty", value: [] };
  });

const attribute = z
  .object({
    s: text.optional(),
    i: integer.optional(),
    f: float.optional(),
    b: z.boolean().optional(),
    type: type.optional(),
    shape: shape.optional(),
    tensor: z.object({ dtype: type, tensorShape: shape.default([]) }).optional(),
    func: z.object({ name: z.string() }).optional(),
    list: list.optional(),
  })
  .transform((value, context): TfAttribute => {
    if (value.s !== undefined) return { kind: "string", value: value.s };
    if (value.i !== undefined) return { kind: "int", value: value.i };
    if (value.f !== undefined) return { kind: "float", value: value.f };
    if (value.b !== undefined) return { kind: "bool", value: value.b };
    if (value.type !== undefined) return { kind: "type", value: value.type };
    if (value.shape !== undefined) return { kind: "shape", value: value.shape };
    if (value.list !== undefined) return value.list;
    if (value.func !== undefined) return { kind: "function", value: value.func.name };
    if (value.tensor !== undefined) {
      return { kind: "tensor", value: { type: value.tensor.dtype, shape: value.tensor.tensorShape } };
    }
    context.addIssue({ code: "custom", message: "Invalid input: an attribute without a value" });
    return z.NEVER;
  });

/** A node as TensorFlow.js keeps it: TensorFlow's NodeDef in protobuf's JSON. */
export const nodeSchema = z
  .object({
    name: z.string(),
    op: z.string(),
    input: z.array(z.string()).default([]),
    attr: z.record(z.string(), attribute).default({}),
  })
  .transform(({ name, op, input, attr }): TfNode => ({ name, op, inputs: input, attributes: attr }));

/**
 * TensorFlow.js writes strings as base64, older converters as lists of bytes; hand-written models may hold plain text.
 * Plain text such as `SAME` can also be read as base64, but then decodes to control characters.
 */
function decodeText(value: string | number[]): string {
  if (typeof value !== "string") return new TextDecoder().decode(Uint8Array.from(value));
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return value;
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    const decoded = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /\p{Cc}/u.test(decoded) ? value : decoded;
  } catch {
    return value;
  }
}
