import { type Dim, dimProduct, dimQuotient, normalizeAxis, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { graphAxis, toChannelsFirst, toChannelsLast } from "../../../nn/channels.js";
import { concat, split, tile } from "../../../ops/joining.js";
import { squeeze, transpose, unsqueeze } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { slice } from "../../../ops/slicing.js";
import { attributeOf } from "../attributes.js";
import { first, inOrder, type Known, type NodeInputs, type Operators } from "./node-inputs.js";

function reshaped(inputs: NodeInputs): Value {
  const x = toChannelsLast(inputs.value());
  const wanted = inputs.extents(1);
  const known = dimProduct(wanted.filter((extent) => extent !== -1));
  const rest = dimQuotient(dimProduct(x.shape), known);
  const shape = wanted.map((extent): Dim => (extent === -1 ? (rest ?? extent) : extent));
  return toChannelsFirst(reshapeTo(x, shape));
}

/** Axes without those of extent 1 that are named, or without all of them. */
function squeezed(inputs: NodeInputs): Value {
  const x = toChannelsLast(inputs.value());
  const { node } = inputs;
  const named = attributeOf(node, node.attributes["axis"] === undefined ? "squeeze_dims" : "axis", "ints", []);
  const axes = named.map((axis) => normalizeAxis(axis, x.rank, node.op));
  const all = x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  return toChannelsFirst(squeeze(x, axes.length === 0 ? all : axes));
}

function concatenated(inputs: NodeInputs): Value | Known {
  const last = inputs.count - 1;
  const [axis = 0] = inputs.integers(last);
  const parts = Array.from({ length: last }, (_, index) => inputs.at(index));
  if (parts.some(({ kind }) => kind === "extents")) {
    return { kind: "extents", scalar: false, extents: parts.flatMap((_, index) => inputs.extents(index)) };
  }
  const values = inputs.values(0, last);
  return concat(values, { axis: graphAxis(axis, values[0]?.rank ?? 1, inputs.node.op) });
}

/** Bit `axis` of one of the masks that TensorFlow writes for Python's slices. */
function masked(inputs: NodeInputs, mask: string, axis: number): boolean {
  return ((attributeOf(inputs.node, mask, "int", 0) >> axis) & 1) === 1;
}

function stridedSlice(inputs: NodeInputs): Value | Known {
  const [begins, ends, steps] = [inputs.integers(1), inputs.integers(2), inputs.integers(3)];
  for (const mask of ["ellipsis_mask", "new_axis_mask"]) {
    if (attributeOf(inputs.node, mask, "int", 0) !== 0) throw inputs.refuse(`no ${mask}`, "one");
  }
  const shrunk = begins.flatMap((_, axis) => (masked(inputs, "shrink_axis_mask", axis) ? [axis] : []));
  const known = inputs.at(0);
  if (known.kind === "extents") {
    const [begin = 0, end = 0] = [begins[0], ends[0]];
    const from = masked(inputs, "begin_mask", 0) ? 0 : begin;
    const to = masked(inputs, "end_mask", 0) ? known.extents.length : end;
    const extents = shrunk.length > 0 ? known.extents.slice(from).slice(0, 1) : known.extents.slice(from, to);
    return { kind: "extents", scalar: shrunk.length > 0, extents };
  }
  const x = toChannelsLast(inputs.value());
  const axes = begins.map((_, axis) => axis);
  const part = slice(x, {
    axes,
    starts: begins.map((begin, axis) => (masked(inputs, "begin_mask", axis) ? 0 : begin)),
    // Behind all elements.
    ends: ends.map((end, axis) => {
      if (shrunk.includes(axis)) return (begins[axis] ?? 0) === -1 ? 2 ** 31 - 1 : (begins[axis] ?? 0) + 1;
      return masked(inputs, "end_mask", axis) ? 2 ** 31 - 1 : end;
    }),
    steps: axes.map((axis) => (shrunk.includes(axis) ? 1 : (steps[axis] ?? 1))),
  });
  return toChannelsFirst(shrunk.length === 0 ? part : squeeze(part, shrunk));
}

/** Where numbers stand: shapes, parts, joints, and what only hands on. */
export const layoutOperators: Operators = {
  Cast: (inputs) => inputs.at(0),
  ConcatV2: concatenated,
  ExpandDims(inputs) {
    const x = toChannelsLast(inputs.value());
    const [axis = 0] = inputs.integers(1);
    return toChannelsFirst(unsqueeze(x, [normalizeAxis(axis, x.rank + 1, inputs.node.op)]));
  },
  Identity: (inputs) => inputs.at(0),
  IdentityN: (inputs) => Array.from({ length: inputs.count }, (_, index) => inputs.at(index)),
  Pack(inputs) {
    const parts = Array.from({ length: inputs.count }, (_, index) => inputs.at(index));
    if (parts.some(({ kind }) => kind === "value")) {
      const axis = attributeOf(inputs.node, "axis", "int", 0);
      const rank = toChannelsLast(inputs.value()).rank + 1;
      return inOrder(inputs.values(), (values) => {
        const place = normalizeAxis(axis, rank, inputs.node.op);
        return concat(
          values.map((value) => unsqueeze(value, [place])),
          { axis: place },
        );
      });
    }
    return { kind: "extents", scalar: false, extents: parts.flatMap((_, index) => inputs.extents(index)) };
  },
  PlaceholderWithDefault: (inputs) => inputs.at(0),
  Reshape: reshaped,
  Shape: (inputs) => ({ kind: "extents", scalar: false, extents: toChannelsLast(inputs.value()).shape }),
  Split(inputs) {
    const [axis = 0] = inputs.integers(0);
    const x = inputs.value(1);
    const place = graphAxis(axis, x.rank, inputs.node.op);
    const count = attributeOf(inputs.node, "num_split", "int");
    const size = staticDim(x.shape, place, inputs.node.op) / count;
    return split(x, new Array<number>(count).fill(size), { axis: place });
  },
  Squeeze: squeezed,
  StopGradient: (inputs) => inputs.at(0),
  StridedSlice: stridedSlice,
  Tile: (inputs) => inOrder(inputs.values(0, 1), (values) => tile(first(inputs, values), inputs.integers(1))),
  Transpose: (inputs) =>
    inOrder(inputs.values(0, 1), (values) => transpose(first(inputs, values), { perm: inputs.integers(1) })),
};
