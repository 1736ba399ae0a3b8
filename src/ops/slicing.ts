import { ShapeError } from "../errors/errors.js";
import { type Dim, dimAt, dimProduct, formatShape, normalizeAxis, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { constantIntegers, integers, scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { add, sub } from "./elementwise.js";
import { reduceSum } from "./reduction.js";
import { reshapeTo } from "./reshape.js";

/** Which part Slice takes along each axis that it names. */
interface Part {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  /** How many elements; a symbol where a whole axis of unknown extent is taken. */
  readonly count: Dim;
}

/** The parts in plain numbers: ONNX counts negative ones from the end, and clamps. */
function partsOf(
  x: Value,
  given: { starts: Value; ends: Value; axes: Value | undefined; steps: Value | undefined },
): readonly Part[] {
  const starts = constantIntegers(given.starts, "Slice", "starts");
  const ends = constantIntegers(given.ends, "Slice", "ends");
  const axes = given.axes && constantIntegers(given.axes, "Slice", "axes");
  const steps = given.steps && constantIntegers(given.steps, "Slice", "steps");
  return starts.map((from, index): Part => {
    const axis = normalizeAxis(axes === undefined ? index : (axes[index] ?? 0), x.rank, "Slice");
    const step = steps?.[index] ?? 1;
    const to = ends[index] ?? 0;
    const extent = dimAt(x.shape, axis);
    if (step === 0) {
      throw new ShapeError("Slice: a step is 0.", { subject: "Slice", expected: "1, -1, 2, …", received: "0" });
    }
    if (typeof extent === "string") {
      const far = 2 ** 31 - 1;
      const whole = step === 1 ? from === 0 && to >= far : step === -1 && from === -1 && to <= -far;
      if (!whole) {
        throw new ShapeError(`Slice: axis ${axis} has an extent known only when the graph runs.`, {
          subject: "Slice",
          expected: "an axis of known extent, or all of the axis",
          received: `${from}:${to}:${step} of ${formatShape(x.shape)}`,
        });
      }
      return { axis, start: 0, step, count: extent };
    }
    const clamp = (position: number): number => {
      const absolute = position < 0 ? position + extent : position;
      return step > 0 ? Math.min(Math.max(absolute, 0), extent) : Math.min(Math.max(absolute, -1), extent - 1);
    };
    const start = clamp(from);
    return { axis, start, step, count: Math.max(0, Math.ceil((clamp(to) - start) / step)) };
  });
}

const sliceOp: Op<"Slice", [x: Value, starts: Value, ends: Value, axes?: Value, steps?: Value]> = defineOp("Slice", {
  since: 13,
  inputs: ["x", "starts", "ends", "axes?", "steps?"],
  outputs: ["y"],
  infer: ({ x, starts, ends, axes, steps }) => {
    const counts = new Map(partsOf(x, { starts, ends, axes, steps }).map(({ axis, count }) => [axis, count]));
    return { y: { type: x.type, shape: x.shape.map((dim, axis) => counts.get(axis) ?? dim) } };
  },
  vjp: {
    x: ({ x, starts, ends, axes, steps, dy }) => {
      const parts = partsOf(x, { starts, ends, axes, steps });
      return parts.reduceRight((cotangent, part) => unsliced(cotangent, part, dimAt(x.shape, part.axis)), dy);
    },
    starts: "none",
    ends: "none",
    axes: "none",
    steps: "none",
  },
});
export { sliceOp };

/** The adjoint of taking a part along one axis: the elements go back to their places among zeros. */
function unsliced(dy: Value, { axis, start, step, count }: Part, extent: Dim): Value {
  const forward = step > 0 ? dy : slice(dy, { starts: [-1], ends: [-(2 ** 31)], axes: [axis], steps: [-1] });
  if (typeof extent === "string" || typeof count === "string") return forward;
  if (count === 0) return padAxis(dy, axis, 0, extent);
  const stride = Math.abs(step);
  // The place of the element that stands first after a reversal.
  const first = step > 0 ? start : start + (count - 1) * step;
  const spread = spreadAxis(forward, axis, stride);
  return padAxis(spread, axis, first, extent - first - count * stride);
}

/** Puts `stride - 1` zeros behind each element along an axis: `[a, b]` → `[a, 0, b, 0]`. */
export function spreadAxis(x: Value, axis: number, stride: number): Value {
  if (stride === 1) return x;
  const before = x.shape.slice(0, axis + 1);
  const after = x.shape.slice(axis + 1);
  const apart = padAxis(reshapeTo(x, [...before, 1, ...after]), axis + 1, 0, stride - 1);
  const spread = [...x.shape.slice(0, axis), dimProduct([dimAt(x.shape, axis), stride]), ...after];
  return reshapeTo(apart, spread);
}

function padAxis(x: Value, axis: number, before: number, after: number): Value {
  return before === 0 && after === 0 ? x : pad(x, [before, after], { axes: [axis] });
}

/** What {@link slice} takes. */
export interface SliceOptions {
  /** First element along each axis; negative ones count from the end. */
  readonly starts: readonly number[];
  /** The element behind the last one. */
  readonly ends: readonly number[];
  /** Axes that are sliced; default the first ones. */
  readonly axes?: readonly number[];
  /** Distance of the elements along each axis, negative for backwards; default 1. */
  readonly steps?: readonly number[];
}

/** Part of a value along some axes. @see https://onnx.ai/onnx/operators/onnx__Slice.html */
export function slice(x: Value, { starts, ends, axes, steps }: SliceOptions): Value {
  return sliceOp(
    x,
    integers(starts),
    integers(ends),
    integers(axes ?? starts.map((_, axis) => axis)),
    steps && integers(steps),
  );
}

/** How many elements Pad adds (or, negative, takes away) before and behind along one axis. */
interface Margin {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

function marginsOf(x: Value, pads: Value, axes: Value | undefined): readonly Margin[] {
  const numbers = constantIntegers(pads, "Pad", "pads");
  const padded = axes === undefined ? x.shape.map((_, axis) => axis) : constantIntegers(axes, "Pad", "axes");
  if (numbers.length !== 2 * padded.length) {
    throw new ShapeError("Pad: pads must hold a number for the beginning and one for the end of each axis.", {
      subject: "Pad",
      expected: `${2 * padded.length} numbers`,
      received: numbers.join(", "),
    });
  }
  return padded.map((axis, index) => ({
    axis: normalizeAxis(axis, x.rank, "Pad"),
    before: numbers[index] ?? 0,
    after: numbers[index + padded.length] ?? 0,
  }));
}

const modes = ["constant", "reflect", "edge"] as const;
/** What stands in the margin: one number; the picture mirrored at its last pixels; the last pixels repeated. */
export type PadMode = (typeof modes)[number];

function modeOf(mode: string | undefined): PadMode {
  const known = modes.find((name) => name === (mode ?? "constant"));
  if (known === undefined) {
    throw new ShapeError("Pad: there is no such mode.", {
      subject: "Pad",
      expected: modes.join(", "),
      received: String(mode),
    });
  }
  return known;
}

const padOp: Op<
  "Pad",
  [x: Value, pads: Value, constantValue?: Value, axes?: Value, attributes?: { readonly mode?: string | undefined }]
> = defineOp("Pad", {
  since: 18,
  inputs: ["x", "pads", "constantValue?", "axes?"],
  outputs: ["y"],
  attributes: { mode: "string" },
  infer: ({ x, pads, axes, attributes }) => {
    const mode = modeOf(attributes.mode);
    const margins = marginsOf(x, pads, axes);
    const shape = [...x.shape];
    for (const { axis, before, after } of margins) {
      if (before === 0 && after === 0) continue;
      const extent = staticDim(x.shape, axis, "Pad");
      const widest = mode === "reflect" ? extent - 1 : Infinity;
      if (extent + before + after < 0 || Math.max(before, after) > widest) {
        throw new ShapeError("Pad: the margins do not fit the input.", {
          subject: "Pad",
          expected: mode === "reflect" ? `margins up to ${widest} along axis ${axis}` : "an extent of 0 or more",
          received: `${before} and ${after} along axis ${axis} of ${formatShape(x.shape)}`,
        });
      }
      shape[axis] = extent + before + after;
    }
    return { y: { type: x.type, shape } };
  },
  vjp: {
    x: ({ x, pads, axes, dy, attributes }) => {
      const mode = modeOf(attributes.mode);
      const margins = marginsOf(x, pads, axes);
      if (mode !== "constant") return margins.reduce((cotangent, margin) => unpadded(cotangent, margin, mode), dy);
      // What a positive margin added is cut away; what a negative one cut away did not count.
      return pad(dy, [...margins.map(({ before }) => -before), ...margins.map(({ after }) => -after)], {
        axes: margins.map(({ axis }) => axis),
      });
    },
    pads: "none",
    constantValue: ({ pads, x, axes, dy, attributes }) => {
      if (modeOf(attributes.mode) !== "constant") return undefined;
      const margins = marginsOf(x, pads, axes).map(({ axis, before, after }) => ({
        axis,
        before: Math.max(before, 0),
        after: Math.max(after, 0),
      }));
      const inner = pad(dy, [...margins.map(({ before }) => -before), ...margins.map(({ after }) => -after)], {
        axes: margins.map(({ axis }) => axis),
      });
      return sub(reduceSum(dy, undefined, { keepdims: 0 }), reduceSum(inner, undefined, { keepdims: 0 }));
    },
    axes: "none",
  },
});
export { padOp };

/** The adjoint of a mirrored or repeated margin: each of its elements is added to the one that it copies. */
function unpadded(dy: Value, { axis, before, after }: Margin, mode: "reflect" | "edge"): Value {
  // Such as the batch, whose extent is not known.
  if (before === 0 && after === 0) return dy;
  const padded = staticDim(dy.shape, axis, "Pad");
  const extent = padded - before - after;
  const part = (from: number, to: number): Value => slice(dy, { starts: [from], ends: [to], axes: [axis] });
  const begin = Math.max(before, 0);
  const end = Math.max(after, 0);
  // A negative margin takes elements away, as with zeros.
  const inner = padAxis(part(begin, padded - end), axis, Math.max(-before, 0), Math.max(-after, 0));
  const copied = (margin: Value, count: number, atEnd: boolean): Value => {
    if (mode === "edge") {
      const sum = reduceSum(margin, [axis], { keepdims: 1 });
      const place = atEnd ? extent - 1 - Math.max(-after, 0) : Math.max(-before, 0);
      return padAxis(sum, axis, place, extent - 1 - place);
    }
    const mirrored = slice(margin, { starts: [-1], ends: [-(2 ** 31)], axes: [axis], steps: [-1] });
    return atEnd ? padAxis(mirrored, axis, extent - 1 - count, 1) : padAxis(mirrored, axis, 1, extent - 1 - count);
  };
  const left = begin > 0 ? [copied(part(0, begin), begin, false)] : [];
  const right = end > 0 ? [copied(part(padded - end, padded), end, true)] : [];
  return [...left, ...right].reduce(add, inner);
}

/** How {@link pad} fills the margin. */
export interface PadOptions {
  /** Default `"constant"`. */
  readonly mode?: PadMode;
  /** The number in the margin; default 0. */
  readonly value?: number;
  /** Axes that are padded; default all. */
  readonly axes?: readonly number[];
}

/**
 * A value with a margin.
 *
 * @param pads how many elements to add before, for each axis, and then how many behind, for each axis; negative ones take away
 * @see https://onnx.ai/onnx/operators/onnx__Pad.html
 */
export function pad(x: Value, pads: readonly number[], { mode = "constant", value = 0, axes }: PadOptions = {}): Value {
  return padOp(
    x,
    integers(axes === undefined ? pads : padsOfAll(x, pads, axes)),
    value === 0 ? undefined : scalarLike(x, value),
    undefined,
    mode === "constant" ? {} : { mode },
  );
}

/**
 * The margins of all axes, where only some have one. onnxruntime 1.30 moves a Transpose over a Pad with `axes` as if it named all of them
 * ("indices element out of data bounds").
 */
export function padsOfAll(x: Value, pads: readonly number[], axes: readonly number[]): readonly number[] {
  const all = new Array<number>(2 * x.rank).fill(0);
  axes.forEach((axis, index) => {
    const place = normalizeAxis(axis, x.rank, "Pad");
    all[place] = pads[index] ?? 0;
    all[place + x.rank] = pads[index + axes.length] ?? 0;
  });
  return all;
}
