import { FileError, ShapeError } from "../../errors/errors.js";
import { type Dim, dimProduct, dimQuotient, formatShape, normalizeAxis, type Shape } from "../../graph/shape.js";
import { constantData, type Value } from "../../graph/value.js";
import { einsumPlace } from "../../ops/einsum.js";

/*
 * A file says what becomes of one batch, and often of a batch of one picture only; a graph of Graft takes any number. So
 * constants of the file that count the batch are opened, and operators that would mix pictures are refused by name: what comes
 * out for a picture must not depend on those beside it.
 */

/** The extent of the batch in graphs made of files. */
export const batch = "N";

/** Whether an extent counts pictures of the batch, such as `N` or `12*N`. */
export function countsBatch(dim: Dim): boolean {
  return typeof dim === "string" && dim.split("*").includes(batch);
}

/** Axes that count pictures of the batch. */
export function batchAxes(shape: Shape): number[] {
  return shape.flatMap((dim, axis) => (countsBatch(dim) ? [axis] : []));
}

/** A shape into which the batch has been put. */
export interface Placed {
  readonly shape: Shape;
  /** What stands before the batch on its own axis: 197 for an axis that counts first 197 tokens, then the pictures of each. */
  readonly outer: Dim;
}

/** A way to put the batch on an axis. */
interface Candidate extends Placed {
  readonly axis: number;
}

/**
 * The shape that a Reshape of a file gives when the batch is open. The elements of a picture keep their places among those of
 * the batch; where several axes fit, the batch gets the one that the file gave it with 1 or -1.
 *
 * @param from the shape before, with one axis that counts the batch
 * @param outer what stands before the batch on that axis
 * @param target what the file says, 0 and -1 as in ONNX
 * @param fileBatch how many pictures the file was made for
 * @returns `undefined` where no place is the right one
 */
export function reshapedBatch(from: Shape, outer: Dim, target: readonly Dim[], fileBatch: number): Placed | undefined {
  const [axis, ...others] = batchAxes(from);
  const picture = axis === undefined ? undefined : dimQuotient(from[axis] ?? 0, batch);
  if (axis === undefined || picture === undefined || countsBatch(picture) || others.length > 0) return undefined;
  const before = dimProduct([...from.slice(0, axis), outer]);
  const wanted = target.map((dim, at) => (dim === 0 ? (from[at] ?? 0) : dim));
  const [named] = batchAxes(wanted);
  const sizes = wanted.map((dim, at) => (at === named ? dimProduct([dimQuotient(dim, batch) ?? dim, fileBatch]) : dim));
  const total = dimProduct([...from.slice(0, axis), picture, fileBatch, ...from.slice(axis + 1)]);
  const rest = dimQuotient(total, dimProduct(sizes.filter((dim) => dim !== -1)));
  if (rest === undefined || (rest !== 1 && !sizes.includes(-1))) return undefined;
  const closed = sizes.map((dim) => (dim === -1 ? rest : dim));
  const candidates = closed.flatMap((_, at) => candidate(closed, at, before, fileBatch) ?? []);
  const exact = candidates.filter((one) => one.outer === 1);
  const left = wanted.indexOf(-1);
  return (
    candidates.find((one) => one.axis === named) ??
    (named !== undefined
      ? undefined
      : (exact.find((one) => closed[one.axis] === fileBatch) ??
        exact.find((one) => one.axis === left) ??
        // A matrix is multiplied from the right: its columns are no batch.
        (closed.length === 2 ? candidates[0] : (exact[0] ?? candidates[0]))))
  );
}

function candidate(closed: Shape, axis: number, before: Dim, fileBatch: number): Candidate | undefined {
  const outer = dimQuotient(before, dimProduct(closed.slice(0, axis)));
  const inner = outer && dimQuotient(closed[axis] ?? 0, dimProduct([outer, fileBatch]));
  if (outer === undefined || inner === undefined) return undefined;
  const shape = closed.map((dim, at) => (at === axis ? dimProduct([outer, inner, batch]) : dim));
  return { axis, outer, shape };
}

/** Operators that look at the neighbours of a pixel, or at its channel: the batch must be the first axis. */
const ofPictures: ReadonlySet<string> = new Set([
  "Conv",
  "ConvTranspose",
  "QLinearConv",
  "BatchNormalization",
  "GroupNormalization",
  "InstanceNormalization",
  "LRN",
  "AveragePool",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "MaxPool",
  "Col2Im",
  "GridSample",
  "DepthToSpace",
  "SpaceToDepth",
]);

/** Operators that may put any axis anywhere. */
const ofLayout: ReadonlySet<string> = new Set([
  "Transpose",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Shape",
  "OneHot",
]);

/** Those of them that keep what an axis counts. */
const keepsAxes: ReadonlySet<string> = new Set(["Transpose", "Squeeze", "Unsqueeze"]);

/** Operators whose elements come from places that are computed. */
const byIndex: ReadonlySet<string> = new Set(["MaxUnpool", "EyeLike", "TakeRows"]);

function axesOf(value: Value | undefined): readonly number[] | undefined {
  const data = constantData(value);
  return data === undefined ? undefined : Array.from(data.data as BigInt64Array, Number);
}

/** Axes along which an operator puts elements together, of its first input; none where it works on each element alone. */
function mixedAxes(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes): readonly number[] {
  const [x, second, third, fourth] = inputs;
  if (x === undefined) return [];
  const all = x.shape.map((_, axis) => axis);
  const axis = (fallback: number): number => normalizeAxis(Number(attributes["axis"] ?? fallback), x.rank, op);
  if (ofPictures.has(op)) return all.slice(1);
  if (byIndex.has(op)) return all;
  if (op.startsWith("Reduce")) return (axesOf(second) ?? all).map((at) => normalizeAxis(at, x.rank, op));
  switch (op) {
    case "Softmax":
    case "LogSoftmax":
    case "LpNormalization":
    case "TopK":
      return [axis(-1)];
    case "CumSum":
      return (axesOf(second) ?? all).map((at) => normalizeAxis(at, x.rank, op));
    case "Trilu":
      return all.slice(-2);
    case "Attention":
    case "RotaryEmbedding":
      return all.slice(1);
    case "ArgMax":
    case "Concat":
    case "Split":
    case "Gather":
    case "GatherElements":
    case "ScatterElements":
      return [axis(0)];
    case "LayerNormalization":
    case "RMSNormalization":
    case "SimplifiedLayerNormalization":
      return all.slice(axis(-1));
    case "MatMul":
      return all.slice(-1);
    case "Gemm":
      return [Number(attributes["transA"] ?? 0) === 1 ? 0 : 1];
    case "GatherND":
    case "ScatterND": {
      // An index says a place along the first axes only.
      const start = Number(attributes["batch_dims"] ?? 0);
      return all.slice(start, start + Number(second?.shape.at(-1)));
    }
    case "Tile":
      return all.filter((at) => axesOf(second)?.[at] !== 1);
    case "Pad": {
      const pads = axesOf(second) ?? [];
      const padded = axesOf(fourth)?.map((at) => normalizeAxis(at, x.rank, op)) ?? all;
      return padded.filter((_, at) => pads[at] !== 0 || pads[at + padded.length] !== 0);
    }
    case "Resize": {
      const resized = (attributes["axes"] as readonly number[] | undefined) ?? all;
      const scales = constantData(third)?.data;
      return scales === undefined ? [] : resized.filter((_, at) => Number(scales[at]) !== 1);
    }
    default:
      return [];
  }
}

type Attributes = Readonly<Record<string, unknown>>;

/** Whether the batch of another input than the first stands where it may. */
function fitsSecond(op: string, value: Value, place: number, y: Value, attributes: Attributes): boolean {
  const [axis = 0] = batchAxes(value.shape);
  switch (op) {
    case "MatMul":
      return place === 1 && (value.rank === 1 || axis !== value.rank - 2) && alignedWith(value, axis, y);
    case "Gemm":
      return place === 2
        ? alignedWith(value, axis, y)
        : axis === (Number(attributes["transB"] ?? 0) === 1 ? 0 : 1) && countsBatch(y.shape[1] ?? 0);
    case "Concat":
      return axis !== normalizeAxis(Number(attributes["axis"] ?? 0), value.rank, op);
    case "Gather":
      return true;
    case "RotaryEmbedding":
      return axis === 0;
    case "GridSample":
    case "GatherElements":
    case "ScatterElements":
      return value.rank === y.rank && countsBatch(y.shape[axis] ?? 0);
    default:
      return !ofPictures.has(op) && !op.startsWith("Reduce") && alignedWith(value, axis, y);
  }
}

/** Whether an axis, counted from the last one, counts the batch in the result as well. */
function alignedWith({ rank }: Value, axis: number, y: Value): boolean {
  return countsBatch(y.shape[axis - rank + y.rank] ?? 0);
}

/** Whether the batch of each operand of an Einsum is that of its result. */
function einsumKeepsBatch(inputs: readonly (Value | undefined)[], attributes: Attributes, y: Value): boolean {
  const values = inputs.filter((value) => value !== undefined);
  return values.every((value, operand) =>
    batchAxes(value.shape).every((axis) => {
      const place = einsumPlace(String(attributes["equation"]), values, operand, axis);
      return place >= 0 && countsBatch(y.shape[place] ?? 0);
    }),
  );
}

/** Follows the batch through the nodes of a file. */
export class BatchTracker {
  /** What stands before the batch on its axis, where that is not 1. */
  private readonly outers = new Map<Value, Dim>();

  /** What stands before the batch on its own axis. */
  outerOf(value: Value): Dim {
    return this.outers.get(value) ?? 1;
  }

  /** Says what stands before the batch on its axis of a reshaped value. */
  placed(value: Value, { outer }: Placed): void {
    if (outer !== 1) this.outers.set(value, outer);
  }

  /**
   * Looks at a node that was made.
   *
   * @throws ShapeError when what comes out for a picture would depend on others
   */
  follow(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes, outputs: readonly Value[]): void {
    const [y] = outputs;
    const carriers = inputs.filter((value): value is Value => value !== undefined && batchAxes(value.shape).length > 0);
    if (y === undefined || carriers.length === 0) return;
    const [x] = inputs;
    const mixed = x === undefined ? [] : mixedAxes(op, inputs, attributes);
    const first = x !== undefined && batchAxes(x.shape).some((axis) => mixed.includes(axis));
    const aligned =
      ofLayout.has(op) ||
      (op === "Einsum" && einsumKeepsBatch(inputs, attributes, y)) ||
      inputs.every((value, place) => {
        if (value === undefined || batchAxes(value.shape).length === 0) return true;
        if (op === "Einsum") return false;
        if (place > 0) return fitsSecond(op, value, place, y, attributes);
        // What is no picture may lose axes (ArgMax, Reduce…) or be spread over more.
        return mixed.length > 0 || alignedWith(value, batchAxes(value.shape)[0] ?? 0, y);
      });
    const twice = outputs.some(({ shape }) => {
      const axes = batchAxes(shape);
      return axes.length > 1 || axes.some((axis) => countsBatch(dimQuotient(shape[axis] ?? 0, batch) ?? 0));
    });
    const outers = new Set(carriers.map((value) => this.outerOf(value)));
    if (first || !aligned || twice || outers.size > 1) {
      throw new ShapeError(`${op}: it would mix the pictures of a batch.`, {
        subject: op,
        expected: "a computation that is the same for each picture, however many there are",
        received: carriers.map(({ shape }) => formatShape(shape)).join(" and "),
        advice: "Export the network with an open batch (dynamic axes), or for inference of single pictures.",
      });
    }
    const [outer = 1] = outers;
    if (outer !== 1 && !ofLayout.has(op)) outputs.forEach((value) => this.outers.set(value, outer));
    if (outer !== 1 && keepsAxes.has(op)) this.outers.set(y, outer);
  }
}

/**
 * Checks that a value has one row for each picture.
 *
 * @throws FileError when the batch is not its first axis
 */
export function requireBatchFirst(value: Value, name: string, file: string): Value {
  const [first, ...others] = value.shape;
  if (first === batch && batchAxes(others).length === 0) return value;
  throw new FileError(`The output "${name}" of ${file} does not begin with the batch.`, {
    subject: name,
    expected: "one row for each picture, [batch, …]",
    received: formatShape(value.shape),
    advice: "Export the network with an open batch (dynamic axes).",
  });
}
