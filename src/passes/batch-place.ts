import { type Dim, dimProduct, normalizeAxis, type Shape } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { constantData } from "../graph/value.js";
import { isElementwise } from "./cancel-transposes.js";

/** Whether an extent counts samples, such as `N` or `49*N`. */
function counts(dim: Dim, batch: Dim): boolean {
  return String(dim).split("*").includes(String(batch));
}

/** The axis of the new shape before which as many elements stand as before `axis` of the old one, if it counts samples. */
function reshapedPlace(from: Shape, axis: number, to: Shape, batch: Dim): number | undefined {
  const before = dimProduct(from.slice(0, axis));
  const place = to.findIndex((dim) => counts(dim, batch));
  return place >= 0 && dimProduct(to.slice(0, place)) === before ? place : undefined;
}

/** Elementwise operators beside those that {@link isElementwise} names. */
const activations: ReadonlySet<string> = new Set(["Gelu", "Swish", "Expand"]);

/** Operators that treat what is on the first axis one by one: normalizations here use numbers that were learned. */
const ofPictures: ReadonlySet<string> = new Set(
  (
    "Conv ConvTranspose Col2Im BatchNormalization GroupNormalization InstanceNormalization LRN AveragePool MaxPool GlobalAveragePool " +
    "GlobalMaxPool DepthToSpace SpaceToDepth"
  ).split(" "),
);

/** The place of the batch in a result whose axes are those of its operands, counted from the last one. */
function alignedPlace(node: Node, placeOf: PlaceOf): number | undefined {
  const rank = node.outputs[0]?.rank ?? 0;
  const places = new Set(
    node.inputs.flatMap((value) => {
      const place = value && placeOf(value);
      return place === undefined ? [] : [place - (value?.rank ?? 0) + rank];
    }),
  );
  const [place] = places;
  return places.size === 1 ? place : undefined;
}

type PlaceOf = (value: Value) => number | undefined;

function axesOf(value: Value | undefined): readonly number[] | undefined {
  const data = constantData(value);
  return data === undefined ? undefined : Array.from(data.data, Number);
}

/**
 * On which axis of a node's results the samples of the batch stand one after the other, each computed from its own numbers alone:
 * a transformer's `[3, N, heads, tokens, width]`, or the windows `[64*N, 49, width]` of one.
 *
 * Where samples are first and stay first, it is taken for granted that they are not mixed; on other axes only of operators of which
 * that is known.
 *
 * @param node of which at least one input has samples
 * @param placeOf the axis of an input on which its samples are; `undefined` where it has none
 * @param batch what the batch's extent is called
 * @returns `undefined` where samples are mixed, or may be
 */
export function batchPlace(node: Node, placeOf: PlaceOf, batch: Dim): number | undefined {
  const carriers = node.inputs.filter((value): value is Value => value !== undefined && placeOf(value) !== undefined);
  const first = (value: Value): boolean => value.shape[0] === batch;
  if (carriers.every((value) => placeOf(value) === 0 && first(value)) && node.outputs.every(first)) return 0;
  const place = laterPlace(node, carriers, placeOf, batch);
  return place !== undefined && node.outputs.every(({ shape }) => counts(shape[place] ?? 1, batch)) ? place : undefined;
}

function laterPlace(node: Node, carriers: readonly Value[], placeOf: PlaceOf, batch: Dim): number | undefined {
  const { op, inputs, attributes, outputs } = node;
  const [x, second] = inputs;
  const [y] = outputs;
  const place = x && placeOf(x);
  if (isElementwise(node) || activations.has(op)) return alignedPlace(node, placeOf);
  // Of all others the first input has the samples; beside it, another one may in a MatMul or Concat.
  if (x === undefined || y === undefined || place === undefined) return undefined;
  const given = attributes["axis"]?.value;
  const axis = (fallback: number): number => normalizeAxis(Number(given ?? fallback), x.rank, op);
  const unlessAlong = (along: number): number | undefined => (along === place ? undefined : place);
  switch (op) {
    case "Concat":
      return unlessAlong(axis(0)) === undefined ? undefined : alignedPlace(node, placeOf);
    case "MatMul":
      if (carriers.length > 1) {
        const aligned = alignedPlace(node, placeOf);
        return aligned !== undefined && aligned < y.rank - 2 ? aligned : undefined;
      }
      return place < x.rank - 1 ? place - x.rank + y.rank : undefined;
  }
  if (carriers.length > 1) return undefined;
  if (ofPictures.has(op)) return place === 0 ? 0 : undefined;
  if (op.startsWith("Reduce")) {
    const along = axesOf(second)?.map((one) => normalizeAxis(one, x.rank, op));
    if (along === undefined || along.includes(place)) return undefined;
    return y.rank === x.rank ? place : place - along.filter((one) => one < place).length;
  }
  switch (op) {
    case "Transpose": {
      const perm = attributes["perm"];
      return perm?.type === "ints" ? perm.value.indexOf(place) : x.rank - 1 - place;
    }
    case "Reshape":
    case "Flatten":
    case "Squeeze":
    case "Unsqueeze":
      return reshapedPlace(x.shape, place, y.shape, batch);
    case "Softmax":
    case "LogSoftmax":
      return unlessAlong(axis(-1));
    case "Split":
      return unlessAlong(axis(0));
    case "LayerNormalization":
    case "RMSNormalization":
      return place < axis(-1) ? place : undefined;
    case "Gather": {
      const along = axis(0);
      return place === along ? undefined : place < along ? place : place - 1 + (second?.rank ?? 0);
    }
    case "Slice": {
      const along = axesOf(inputs[3])?.map((one) => normalizeAxis(one, x.rank, op));
      return along === undefined || along.includes(place) ? undefined : place;
    }
    case "Gemm":
      return place === 0 && Number(attributes["transA"]?.value ?? 0) === 0 ? 0 : undefined;
    default:
      return undefined;
  }
}
