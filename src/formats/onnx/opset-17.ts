import { UsageError } from "../../errors/errors.js";
import type { Attribute, OnnxModel, OnnxNode } from "../../onnx/model.js";
import { float32, int64, type TensorData } from "../../onnx/tensor-data.js";

/** What stands in the place of a node: nodes, and constants by the names that these have for them. */
interface Replacement {
  readonly nodes: readonly OnnxNode[];
  readonly constants?: ReadonlyMap<string, TensorData>;
}

/** The reductions that got their axes as an input with version 18. */
const reductions: ReadonlySet<string> = new Set(
  ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"].map((name) => `Reduce${name}`),
);

/** Operators of version 18 that compute what no operator before did, beside those that are converted below. */
const newWith18: ReadonlySet<string> = new Set(["Col2Im", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"]);

/**
 * A file of operators of version 18 as one of version 17 that computes the same: axes of reductions and margins become attributes, `Mish` its
 * formula, `CenterCropPad` a `Slice`, and a `Resize` that smooths while it shrinks two products by matrices that are computed from the sizes.
 *
 * @throws UsageError, by the name of the node, for what version 17 cannot say
 */
export function toOpset17(model: OnnxModel): OnnxModel {
  const constants = new Map(model.constants);
  const nodes = model.nodes.flatMap((node): readonly OnnxNode[] => {
    const replaced = replacement(node, model.constants);
    if (replaced === undefined) return [node];
    for (const [name, tensor] of replaced.constants ?? []) constants.set(name, tensor);
    return replaced.nodes;
  });
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...model.outputs.map(({ name }) => name)]);
  return {
    ...model,
    opsets: { ...model.opsets, "": 17 },
    nodes,
    constants: new Map([...constants].filter(([name]) => used.has(name))),
  };
}

function refuse({ name, op }: OnnxNode, why: string): UsageError {
  return new UsageError(`The node "${name}" (${op}) cannot be written with operators of version 17.`, {
    subject: "--opset",
    expected: "nodes that version 17 of ONNX's operators has",
    received: `${op} ${why}`,
    advice: "Leave --opset out: version 18 is read by ONNX Runtime since 1.14, and by onnx since 1.13.",
  });
}

function replacement(node: OnnxNode, constants: OnnxModel["constants"]): Replacement | undefined {
  const { op } = node;
  if (reductions.has(op)) return reduction(node, constants);
  if (newWith18.has(op)) throw refuse(node, "is new with version 18");
  switch (op) {
    case "Split":
      return split(node);
    case "Pad":
      if ((node.inputs[3] ?? "") !== "") throw refuse(node, "names the axes of its margins");
      return undefined;
    case "ScatterElements":
    case "ScatterND": {
      const { reduction: how } = node.attributes;
      if (how?.type === "string" && ["max", "min"].includes(how.value))
        throw refuse(node, `with reduction ${how.value}`);
      return undefined;
    }
    case "Mish":
      return mish(node);
    case "CenterCropPad":
      return centerCrop(node);
    case "Resize":
      return resize(node);
    default:
      return undefined;
  }
}

function reduction(node: OnnxNode, constants: OnnxModel["constants"]): Replacement {
  const [x = "", axes = ""] = node.inputs;
  const { noop_with_empty_axes: idle, ...attributes } = node.attributes;
  const given = constants.get(axes);
  if (axes !== "" && given === undefined) throw refuse(node, "over axes that are known only when the graph runs");
  const list = Array.from((given?.data ?? []) as BigInt64Array, Number);
  if (list.length === 0 && idle?.type === "int" && idle.value === 1) throw refuse(node, "over no axes");
  const along = list.length === 0 ? {} : { axes: { type: "ints", value: list } as const };
  return { nodes: [{ ...node, inputs: [x], attributes: { ...attributes, ...along } }] };
}

/** Equal parts are what Split makes where it is told no sizes; Graft says sizes where they are not equal. */
function split(node: OnnxNode): Replacement {
  const attributes = Object.fromEntries(Object.entries(node.attributes).filter(([name]) => name !== "num_outputs"));
  return { nodes: [{ ...node, attributes }] };
}

/** Writes nodes one after another, in the place of one. */
class Nodes {
  readonly nodes: OnnxNode[] = [];
  readonly constants = new Map<string, TensorData>();

  constructor(private readonly name: string) {}

  /** @returns the name of the result */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output?: string,
  ): string {
    const name = `${this.name}/${op}_${this.nodes.length}`;
    this.nodes.push({ name, op, domain: "", inputs, outputs: [output ?? name], attributes });
    return output ?? name;
  }

  number(value: number): string {
    return this.constant(String(value), float32([value], []));
  }

  index(value: number): string {
    return this.constant(`index ${value}`, int64([value], []));
  }

  indices(values: readonly number[]): string {
    return this.constant(`indices ${values.join(" ")}`, int64(values));
  }

  private constant(hint: string, tensor: TensorData): string {
    const name = `${this.name}/${hint}`;
    this.constants.set(name, tensor);
    return name;
  }
}

const toFloat = { to: { type: "int", value: 1 } } as const;

function mish({ name, inputs: [x = ""], outputs: [y = ""] }: OnnxNode): Replacement {
  const made = new Nodes(name);
  made.add("Mul", [x, made.add("Tanh", [made.add("Softplus", [x])])], {}, y);
  return made;
}

/** The middle of pictures; Graft never asks for more than there is. */
function centerCrop(node: OnnxNode): Replacement {
  const { name, inputs, outputs, attributes } = node;
  const [x = "", target = ""] = inputs;
  const { axes } = attributes;
  if (axes?.type !== "ints") throw refuse(node, "without axes");
  const made = new Nodes(name);
  const along = made.indices(axes.value);
  const sides = made.add("Gather", [made.add("Shape", [x]), along], { axis: { type: "int", value: 0 } });
  const starts = made.add("Div", [made.add("Sub", [sides, target]), made.index(2)]);
  made.add("Slice", [x, starts, made.add("Add", [starts, target]), along], {}, outputs[0] ?? "");
  return made;
}

function resize(node: OnnxNode): Replacement {
  const { antialias, axes, keep_aspect_ratio_policy: policy, ...attributes } = node.attributes;
  const [x = "", , , sizes = ""] = node.inputs;
  if (axes !== undefined) throw refuse(node, "along some axes");
  if (policy?.type === "string" && policy.value !== "stretch") throw refuse(node, `with the policy ${policy.value}`);
  if (antialias?.type !== "int" || antialias.value === 0) return { nodes: [{ ...node, attributes }] };
  const mode = attributes["mode"]?.type === "string" ? attributes["mode"].value : "nearest";
  const coordinates = attributes["coordinate_transformation_mode"];
  if (mode === "nearest" || sizes === "" || (coordinates?.type === "string" && coordinates.value !== "half_pixel")) {
    throw refuse(node, "that smooths while it shrinks, in a way that Graft does not write");
  }
  const a = attributes["cubic_coeff_a"];
  const made = new Nodes(node.name);
  const filter = mode === "cubic" ? cubic(made, a?.type === "float" ? a.value : -0.75) : linear(made);
  const shape = made.add("Shape", [x]);
  const rows = weights(made, { shape, sizes, axis: 2 }, filter);
  const columns = weights(made, { shape, sizes, axis: 3 }, filter);
  const narrower = made.add("MatMul", [x, made.add("Transpose", [columns])]);
  made.add("MatMul", [rows, narrower], {}, node.outputs[0] ?? "");
  return made;
}

/** What a pixel counts by its distance, in units of the wider of both pixels. */
type Filter = (distance: string) => string;

function linear(made: Nodes): Filter {
  return (distance) => made.add("Relu", [made.add("Sub", [made.number(1), distance])]);
}

/** @see https://ieeexplore.ieee.org/document/1163711 */
function cubic(made: Nodes, a: number): Filter {
  const polynomial = (x: string, coefficients: readonly number[]): string =>
    coefficients
      .slice(1)
      .reduce(
        (sum, coefficient) => made.add("Add", [made.add("Mul", [sum, x]), made.number(coefficient)]),
        made.number(coefficients[0] ?? 0),
      );
  return (distance) => {
    const near = polynomial(distance, [a + 2, -(a + 3), 0, 1]);
    const far = polynomial(distance, [a, -5 * a, 8 * a, -4 * a]);
    const behind = made.add("Where", [made.add("Less", [distance, made.number(2)]), far, made.number(0)]);
    return made.add("Where", [made.add("Less", [distance, made.number(1)]), near, behind]);
  };
}

/**
 * The matrix `[to, from]` by which an axis is multiplied: the share of each pixel of the input in each pixel of the output.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c, which Resize follows
 */
function weights(
  made: Nodes,
  { shape, sizes, axis }: { readonly shape: string; readonly sizes: string; readonly axis: number },
  filter: Filter,
): string {
  const [zero, one] = [made.index(0), made.index(1)];
  const first = { axis: { type: "int", value: 0 } } as const;
  const [from, to] = [shape, sizes].map((all) => made.add("Gather", [all, made.index(axis)], first));
  if (from === undefined || to === undefined) throw new TypeError("There are two sizes.");
  const positions = (count: string): string => {
    const places = made.add("Cast", [made.add("Range", [zero, count, one])], toFloat);
    return made.add("Add", [places, made.number(0.5)]);
  };
  const step = made.add("Div", [made.add("Cast", [from], toFloat), made.add("Cast", [to], toFloat)]);
  const width = made.add("Max", [step, made.number(1)]);
  const centers = made.add("Unsqueeze", [made.add("Mul", [positions(to), step]), made.indices([1])]);
  const distance = made.add("Div", [made.add("Abs", [made.add("Sub", [positions(from), centers])]), width]);
  const counted = filter(distance);
  return made.add("Div", [counted, made.add("ReduceSum", [counted, made.indices([1])])]);
}
