import type { Dim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { integers } from "../../ops/constants.js";
import { gather } from "../../ops/indexing.js";
import { concat } from "../../ops/joining.js";
import { unsqueeze } from "../../ops/layout.js";
import { slice } from "../../ops/slicing.js";
import type { Counted } from "./grid-indices.js";

/** What is put along one axis: as many as an extent says, in equal steps from a place on. */
interface Span {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly extent: number;
}

/** Which axes of the indices belong to which axis of the tensor: those that count to theirs, extents of 1 to those between. */
function ownAxes(grid: readonly Counted[], extents: readonly Dim[]): readonly (number | undefined)[] | undefined {
  let next = 0;
  const own = grid.map(({ axis }, place) => {
    const later = grid.slice(place + 1).some((one) => one.axis === next);
    if (axis !== undefined) {
      if (axis !== next) return null;
      next++;
      return axis;
    }
    if (later || next >= extents.length) return undefined;
    return next++;
  });
  return own.includes(null) || next !== extents.length ? undefined : (own as readonly (number | undefined)[]);
}

/** The parts that are put somewhere; `undefined` where they do not fit, or where some pictures of the batch would be meant. */
function spansOf(x: Value, updates: Value, grid: readonly Counted[]): readonly Span[] | undefined {
  const spans: Span[] = [];
  for (const [axis, { start, step }] of grid.entries()) {
    const [extent = 0, own = 0] = [x.shape[axis], updates.shape[axis]];
    if (start === 0 && step === 1 && own === extent) continue;
    if (typeof extent !== "number" || typeof own !== "number") return undefined;
    const first = start < 0 ? start + extent : start;
    const last = first + (own - 1) * step;
    if (own < 1 || first < 0 || last < 0 || Math.max(first, last) >= extent) return undefined;
    spans.push({ axis, start: first, step, extent: own });
  }
  return spans;
}

/** A copy of a tensor with a part put into it. */
function put(x: Value, part: Value, [span, ...others]: readonly Span[]): Value {
  if (span === undefined) return part;
  const { axis, start, step, extent } = span;
  const end = start + extent;
  const taken = (from: number, to: number): Value => slice(x, { starts: [from], ends: [to], axes: [axis] });
  if (step !== 1) return putInSteps(x, part, span, others);
  const middle = put(others.length === 0 ? x : taken(start, end), part, others);
  const before = start === 0 ? [] : [taken(0, start)];
  const after = end === x.shape[axis] ? [] : [taken(end, Number(x.shape[axis]))];
  return concat([...before, middle, ...after], { axis });
}

/** The same in steps: what is put there stands behind the tensor at first, and is taken from there. */
function putInSteps(x: Value, part: Value, { axis, start, step, extent }: Span, others: readonly Span[]): Value {
  const places = Array.from({ length: extent }, (_, index) => start + index * step);
  const middle = others.length === 0 ? part : put(gather(x, integers(places), { axis }), part, others);
  const all = Number(x.shape[axis]);
  const from = Array.from({ length: all }, (_, place) => {
    const index = places.indexOf(place);
    return index < 0 ? place : all + index;
  });
  return gather(concat([x, middle], { axis }), integers(from), { axis });
}

/**
 * What a ScatterND gives whose indices count along axes: the tensor with a rectangular part replaced, written with Slice and Concat.
 *
 * @param grid what the indices `[…, K]` count along the first `K` axes
 * @returns `undefined` where the part is none of these
 */
export function writePart(x: Value, indices: Value, updates: Value, grid: readonly Counted[]): Value | undefined {
  const own = ownAxes(grid, indices.shape.slice(0, -1));
  if (own === undefined || grid.length !== indices.shape.at(-1)) return undefined;
  const missing = own.flatMap((axis, place) => (axis === undefined ? [place] : []));
  const part = missing.length === 0 ? updates : unsqueeze(updates, missing);
  if (part.rank !== x.rank || part.type !== x.type) return undefined;
  const rest = part.shape.slice(grid.length).every((dim, at) => dim === x.shape[grid.length + at]);
  const spans = rest ? spansOf(x, part, grid) : undefined;
  return spans && put(x, part, spans);
}
