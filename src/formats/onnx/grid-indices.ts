import type { Dim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import type { Known } from "./known-numbers.js";

/*
 * PyTorch's older exporter writes `x[:, :, 1:, 3:7] = y` as ScatterND with an index for each number: for each axis a range, spread over the
 * axes of what is put there and joined as the last one. Such indices may count the batch, and be more numbers than are computed when a file
 * is read; here it is followed which range they are.
 */

/** Indices that count in equal steps along one axis of theirs, or are all the same. */
export interface Counted {
  readonly start: number;
  /** By how much they grow. */
  readonly step: number;
  /** The axis along which they count; `undefined` for a single one. */
  readonly axis: number | undefined;
}

/** Reads indices whose numbers are known; `undefined` where they do not count. */
function countedOf({ dims, items }: Known): Counted | undefined {
  const [start] = items;
  if (typeof start !== "number") return undefined;
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const axis = dims.findIndex((extent, at) => extent > 1 && items[strides[at] ?? 1] !== start);
  const stride = strides[axis] ?? 1;
  const second = items[stride] ?? start;
  if (axis >= 0 && typeof second !== "number") return undefined;
  const step = axis < 0 ? 1 : Number(second) - start;
  const fits = items.every((item, place) => {
    const steps = axis < 0 ? 0 : Math.floor(place / stride) % (dims[axis] ?? 1);
    return item === start + steps * step;
  });
  return fits ? { start, step, axis: axis < 0 ? undefined : axis } : undefined;
}

/** One of the numbers that the last axis of known indices holds. */
function component({ type, dims, items }: Known, place: number): Known {
  const count = dims.at(-1) ?? 1;
  return { type, dims: dims.slice(0, -1), items: items.filter((_, at) => at % count === place) };
}

/** Follows indices that count. */
export class GridTracker {
  private readonly found = new Map<Value, Counted>();
  private readonly joined = new Map<Value, readonly Counted[]>();

  /** Says that a value is `[0, 1, …]`, one axis long. */
  counts(value: Value): void {
    this.found.set(value, { start: 0, step: 1, axis: 0 });
  }

  /**
   * What the indices `[…, K]` of a ScatterND count along each of the first `K` axes.
   *
   * @param known the numbers of a value, where they are known
   */
  of(indices: Value, known: (value: Value) => Known | undefined): readonly Counted[] | undefined {
    const numbers = known(indices);
    if (numbers === undefined) return this.joined.get(indices);
    const all = Array.from({ length: numbers.dims.at(-1) ?? 0 }, (_, place) => countedOf(component(numbers, place)));
    const counted = all.flatMap((one) => one ?? []);
    return counted.length === all.length ? counted : undefined;
  }

  /** Looks at a node that was made. */
  follow(
    op: string,
    inputs: readonly (Value | undefined)[],
    known: (value: Value) => Known | undefined,
    y: Value,
  ): void {
    const [x, second] = inputs;
    if (x === undefined || (y.type !== "int64" && y.type !== "int32")) return;
    if (op === "Concat") {
      this.join(inputs, known, y);
      return;
    }
    const counted = this.one(x, known);
    if (counted === undefined) return;
    const { axis } = counted;
    if (op === "Identity" || op === "Cast") this.found.set(y, counted);
    if (op === "Expand" && (axis === undefined || y.shape[axis - x.rank + y.rank] === x.shape[axis])) {
      this.found.set(y, { ...counted, axis: axis === undefined ? undefined : axis - x.rank + y.rank });
    }
    if (op === "Reshape" || op === "Unsqueeze") {
      const moved = axis === undefined ? undefined : onlyAxis(x.shape, y.shape, axis);
      const axes = op === "Unsqueeze" ? second && known(second)?.items.map(Number) : undefined;
      const unsqueezed = axes === undefined ? undefined : behind(axes, axis, y.rank);
      if (axis === undefined) this.found.set(y, counted);
      else if ((unsqueezed ?? moved) !== undefined) this.found.set(y, { ...counted, axis: unsqueezed ?? moved });
    }
  }

  private one(value: Value, known: (value: Value) => Known | undefined): Counted | undefined {
    const found = this.found.get(value);
    const numbers = found === undefined ? known(value) : undefined;
    return numbers === undefined ? found : countedOf(numbers);
  }

  private join(inputs: readonly (Value | undefined)[], known: (value: Value) => Known | undefined, y: Value): void {
    const parts = inputs.flatMap((value) => {
      const counted = value?.shape.at(-1) === 1 ? this.one(value, known) : undefined;
      return counted === undefined ? [] : [counted];
    });
    if (parts.length === inputs.length && y.shape.at(-1) === parts.length) this.joined.set(y, parts);
  }
}

/** The axis of a reshaped list, all of whose other extents are 1 before and behind. */
function onlyAxis(from: readonly Dim[], to: readonly Dim[], axis: number): number | undefined {
  const isAlone = from.every((dim, at) => at === axis || dim === 1);
  const [place, ...others] = to.flatMap((dim, at) => (dim === 1 ? [] : [at]));
  return isAlone && others.length === 0 && place !== undefined && to[place] === from[axis] ? place : undefined;
}

/** Where an axis is when axes of extent 1 were put among the others. */
function behind(axes: readonly number[], axis: number | undefined, rank: number): number | undefined {
  const added = new Set(axes.map((at) => (at < 0 ? at + rank : at)));
  const kept = Array.from({ length: rank }, (_, at) => at).filter((at) => !added.has(at));
  return axis === undefined ? undefined : kept[axis];
}
