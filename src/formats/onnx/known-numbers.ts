import { elementCount, type ElementType } from "../../onnx/tensor-data.js";
import { allKnown } from "./all-known.js";
import { type Amount, compare, isWhole, minus, plus, ratio, sameAmount, times } from "./amounts.js";
import { greatest } from "../../onnx/extremes.js";

/** A tensor of which all numbers are known, or how they follow from the extents that are open. */
export interface Known {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** In row-major order; 0 and 1 for `bool`. */
  readonly items: readonly Amount[];
}

/** What a rule is given. */
export interface Arguments {
  readonly inputs: readonly (Known | undefined)[];
  /** Plain attributes. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** How many numbers may be made out of few ones. */
  readonly most: number;
}

/** What an operator makes of known numbers; `undefined` where that depends on the extents, or is no business of shapes. */
type Rule = (args: Arguments) => Known | readonly Known[] | undefined;

function isFloat(type: ElementType): boolean {
  return type === "float32" || type === "float64";
}

/** A number as its type holds it; `undefined` for a whole number that is none. */
function stored(type: ElementType, amount: Amount): Amount | undefined {
  if (typeof amount !== "number" || type === "float64") return amount;
  if (type === "float32") return Math.fround(amount);
  return Number.isFinite(amount) ? Math.trunc(amount) : undefined;
}

function known(type: ElementType, dims: readonly number[], items: readonly (Amount | undefined)[]): Known | undefined {
  const all = allKnown(items.map((item) => (item === undefined ? undefined : stored(type, item))));
  return all && { type, dims, items: all };
}

/** The place among the elements of a tensor for an index along each axis. */
function placeOf(index: readonly number[], dims: readonly number[]): number {
  return dims.reduce((place, extent, axis) => place * extent + (index[axis] ?? 0), 0);
}

/** The index along each axis of a place among the elements. */
function indexOf(place: number, dims: readonly number[]): number[] {
  const index: number[] = [];
  let rest = place;
  for (const extent of dims.toReversed()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}

/** A tensor whose element at an index is that of `x` at another one. */
function taken(x: Known, dims: readonly number[], from: (index: readonly number[]) => readonly number[]): Known {
  const items = Array.from({ length: elementCount(dims) }, (_, place) => {
    return x.items[placeOf(from(indexOf(place, dims)), x.dims)] ?? 0;
  });
  return { type: x.type, dims, items };
}

/** NumPy's broadcasting; `undefined` where extents do not fit, of which the operator itself then complains. */
function broadcastDims(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = greatest(shapes.map((dims) => dims.length));
  const dims = Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((one) => one[axis - rank + one.length] ?? 1).filter((extent) => extent !== 1);
    const [extent = 1] = extents;
    return extents.every((other) => other === extent) ? extent : undefined;
  });
  return allKnown(dims);
}

function spread(x: Known, dims: readonly number[]): Known {
  if (x.dims.length === dims.length && x.dims.every((extent, axis) => extent === dims[axis])) return x;
  return taken(x, dims, (index) =>
    index.slice(index.length - x.dims.length).map((at, axis) => (x.dims[axis] === 1 ? 0 : at)),
  );
}

/** An operator on each element, or on each pair or more of them. */
function each(combine: (items: readonly Amount[], type: ElementType) => Amount | undefined, result?: "bool"): Rule {
  return ({ inputs, most }) => {
    const given = inputs.filter((x) => x !== undefined);
    const dims = broadcastDims(given.map((x) => x.dims));
    // Of Where, the choices say the type; of Pow, the basis.
    const type = given[given.length === 3 ? 2 : 0]?.type;
    if (dims === undefined || type === undefined || given.length < inputs.length || elementCount(dims) > most) {
      return undefined;
    }
    const all = given.map((x) => spread(x, dims).items);
    const items = Array.from({ length: elementCount(dims) }, (_, place) =>
      combine(
        all.map((one) => one[place] ?? 0),
        type,
      ),
    );
    return known(result ?? type, dims, items);
  };
}

function unary(combine: (x: Amount, type: ElementType) => Amount | undefined): Rule {
  return each(([x = 0], type) => combine(x, type));
}

function binary(combine: (a: Amount, b: Amount, type: ElementType) => Amount | undefined): Rule {
  return each(([first, ...others], type) =>
    others.reduce<Amount | undefined>(
      (total, one) => (total === undefined ? undefined : combine(total, one, type)),
      first,
    ),
  );
}

/** A function of numbers alone. */
function ofNumber(compute: (x: number) => number): Rule {
  return unary((x) => (typeof x === "number" ? compute(x) : undefined));
}

/** A rounding: a whole formula stays what it is. */
function rounding(compute: (x: number) => number): Rule {
  return unary((x) => (typeof x === "number" ? compute(x) : isWhole(x) ? x : undefined));
}

function comparison(holds: (order: -1 | 0 | 1) => boolean): Rule {
  return each(([a = 0, b = 0]) => {
    const order = compare(a, b);
    return order === undefined ? undefined : Number(holds(order));
  }, "bool");
}

function logic(compute: (a: boolean, b: boolean) => boolean): Rule {
  return each(([a = 0, b = 0]) => Number(compute(a !== 0, b !== 0)), "bool");
}

/** The greater or the less one. */
function extreme(order: -1 | 1): Rule {
  return binary((a, b) => {
    const found = compare(a, b);
    return found === undefined ? undefined : found === order ? a : b;
  });
}

/** ONNX divides whole numbers towards 0, as C does. */
function quotient(a: Amount, b: Amount, type: ElementType): Amount | undefined {
  if (!isFloat(type) && b === 0) return undefined;
  const exact = ratio(a, b);
  if (exact === undefined || isFloat(type)) return exact;
  if (typeof exact === "number") return Math.trunc(exact);
  return isWhole(exact) ? exact : undefined;
}

/** With `fmod` 0 the sign is that of the divisor. */
const modulo: Rule = (args) =>
  binary((a, b) => {
    if (b === 0) return undefined;
    if (typeof a === "number" && typeof b === "number") {
      return args.attributes["fmod"] === 1 ? a % b : a - b * Math.floor(a / b);
    }
    const exact = ratio(a, b);
    return exact !== undefined && isWhole(exact) ? 0 : undefined;
  })(args);

function power(a: Amount, b: Amount): Amount | undefined {
  if (typeof a === "number" && typeof b === "number") return a ** b;
  return b === 1 ? a : b === 2 ? times(a, a) : undefined;
}

/** The numbers of an input that says places or extents. */
function numbersOf(x: Known | undefined): readonly number[] | undefined {
  const numbers = x?.items.filter((item) => typeof item === "number");
  return numbers?.length === x?.items.length ? numbers : undefined;
}

function axisOf(given: unknown, rank: number): number | undefined {
  const axis = Number(given);
  const place = axis < 0 ? axis + rank : axis;
  return place >= 0 && place < rank ? place : undefined;
}

/** All axes that an input names, counted from the front; `undefined` where one does not exist. */
function axesOf(given: Known | undefined, rank: number): readonly number[] | undefined {
  return allKnown(numbersOf(given)?.map((axis) => axisOf(axis, rank)));
}

const gather: Rule = ({ inputs: [x, places], attributes, most }) => {
  const numbers = numbersOf(places);
  const axis = x && axisOf(attributes["axis"] ?? 0, x.dims.length);
  if (x === undefined || places === undefined || numbers === undefined || axis === undefined) return undefined;
  const extent = x.dims[axis] ?? 0;
  if (numbers.some((at) => at < -extent || at >= extent)) return undefined;
  const dims = [...x.dims.slice(0, axis), ...places.dims, ...x.dims.slice(axis + 1)];
  if (elementCount(dims) > most) return undefined;
  return taken(x, dims, (index) => {
    const at = numbers[placeOf(index.slice(axis, axis + places.dims.length), places.dims)] ?? 0;
    return [...index.slice(0, axis), at < 0 ? at + extent : at, ...index.slice(axis + places.dims.length)];
  });
};

const concat: Rule = ({ inputs, attributes }) => {
  const parts = inputs.filter((x) => x !== undefined);
  const [first] = parts;
  const axis = first && axisOf(attributes["axis"] ?? 0, first.dims.length);
  if (first === undefined || axis === undefined || parts.length < inputs.length) return undefined;
  const fits = parts.every(({ dims }) => dims.length === first.dims.length);
  if (!fits || parts.some(({ dims }) => dims.some((extent, at) => at !== axis && extent !== first.dims[at]))) {
    return undefined;
  }
  const total = parts.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const inner = elementCount(first.dims.slice(axis + 1));
  const outer = elementCount(first.dims.slice(0, axis));
  const items = Array.from({ length: outer }, (_, row) =>
    parts.flatMap(({ dims, items: own }) => {
      const width = (dims[axis] ?? 0) * inner;
      return own.slice(row * width, (row + 1) * width);
    }),
  ).flat();
  return { type: first.type, dims: first.dims.map((extent, at) => (at === axis ? total : extent)), items };
};

const slice: Rule = ({ inputs: [x, from, to, along, by] }) => {
  const [starts, ends, steps] = [from, to, by].map(numbersOf);
  if (x === undefined || starts === undefined || ends === undefined || (by !== undefined && steps === undefined)) {
    return undefined;
  }
  const axes = along === undefined ? starts.map((_, axis) => axis) : axesOf(along, x.dims.length);
  if (axes === undefined || steps?.includes(0) === true) return undefined;
  const parts = new Map(
    axes.map((axis, index) => {
      const extent = x.dims[axis] ?? 0;
      const step = steps?.[index] ?? 1;
      const clamp = (given: number): number => {
        const place = given < 0 ? given + extent : given;
        return step > 0 ? Math.min(Math.max(place, 0), extent) : Math.min(Math.max(place, -1), extent - 1);
      };
      const start = clamp(starts[index] ?? 0);
      return [axis, { start, step, count: Math.max(0, Math.ceil((clamp(ends[index] ?? 0) - start) / step)) }] as const;
    }),
  );
  const dims = x.dims.map((extent, axis) => parts.get(axis)?.count ?? extent);
  return taken(x, dims, (index) =>
    index.map((at, axis) => {
      const part = parts.get(axis);
      return part === undefined ? at : part.start + at * part.step;
    }),
  );
};

const unsqueeze: Rule = ({ inputs: [x, added] }) => {
  const rank = x === undefined || added === undefined ? 0 : x.dims.length + added.items.length;
  const axes = axesOf(added, rank);
  if (x === undefined || new Set(axes).size !== axes?.length) return undefined;
  const rest = x.dims.values();
  const dims = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.next().value ?? 1)));
  return { ...x, dims };
};

const squeeze: Rule = ({ inputs: [x, removed] }) => {
  const axes = x && (removed === undefined ? undefined : axesOf(removed, x.dims.length));
  if (x === undefined || (removed !== undefined && axes === undefined)) return undefined;
  const gone = axes ?? x.dims.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  if (gone.some((axis) => x.dims[axis] !== 1)) return undefined;
  return { ...x, dims: x.dims.filter((_, axis) => !gone.includes(axis)) };
};

const reshape: Rule = ({ inputs: [x, target] }) => {
  const wanted = numbersOf(target)?.map((extent, axis) => (extent === 0 ? (x?.dims[axis] ?? 0) : extent));
  if (x === undefined || wanted === undefined) return undefined;
  const rest = x.items.length / elementCount(wanted.filter((extent) => extent !== -1));
  const dims = wanted.map((extent) => (extent === -1 ? rest : extent));
  return elementCount(dims) === x.items.length ? { ...x, dims } : undefined;
};

const flatten: Rule = ({ inputs: [x], attributes }) => {
  if (x === undefined) return undefined;
  const given = Number(attributes["axis"] ?? 1);
  const axis = given < 0 ? given + x.dims.length : given;
  return { ...x, dims: [elementCount(x.dims.slice(0, axis)), elementCount(x.dims.slice(axis))] };
};

const transpose: Rule = ({ inputs: [x], attributes }) => {
  if (x === undefined) return undefined;
  const perm = (attributes["perm"] as readonly number[] | undefined) ?? x.dims.map((_, axis) => axis).reverse();
  if (perm.length !== x.dims.length) return undefined;
  const dims = perm.map((axis) => x.dims[axis] ?? 1);
  return taken(x, dims, (index) => x.dims.map((_, axis) => index[perm.indexOf(axis)] ?? 0));
};

const expand: Rule = ({ inputs: [x, shape], most }) => {
  const target = numbersOf(shape);
  const dims = x && target && broadcastDims([x.dims, target]);
  return x === undefined || dims === undefined || elementCount(dims) > most ? undefined : spread(x, dims);
};

const tile: Rule = ({ inputs: [x, repeats], most }) => {
  const counts = numbersOf(repeats);
  if (x === undefined || counts?.length !== x.dims.length) return undefined;
  const dims = x.dims.map((extent, axis) => extent * (counts[axis] ?? 1));
  if (elementCount(dims) > most) return undefined;
  return taken(x, dims, (index) => index.map((at, axis) => at % (x.dims[axis] ?? 1)));
};

const oneHot: Rule = ({ inputs: [indices, depth, values], attributes, most }) => {
  const [at, [extent] = []] = [numbersOf(indices), numbersOf(depth)];
  if (indices === undefined || at === undefined || extent === undefined || values === undefined) return undefined;
  const rank = indices.dims.length + 1;
  const axis = (Number(attributes["axis"] ?? -1) + rank) % rank;
  const dims = [...indices.dims.slice(0, axis), extent, ...indices.dims.slice(axis)];
  if (elementCount(dims) > most) return undefined;
  return taken(values, dims, (index) => {
    const place = at[placeOf(index.toSpliced(axis, 1), indices.dims)] ?? 0;
    return [Number((place < 0 ? place + extent : place) === index[axis])];
  });
};

const range: Rule = ({ inputs: [start, limit, delta], most }) => {
  const [[from], [to], [by]] = [start, limit, delta].map((x) => numbersOf(x) ?? []) as [number[], number[], number[]];
  if (start === undefined || from === undefined || to === undefined || by === undefined || by === 0) return undefined;
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > most) return undefined;
  return known(
    start.type,
    [count],
    Array.from({ length: count }, (_, index) => from + index * by),
  );
};

function reduction(combine: (a: Amount, b: Amount) => Amount | undefined, empty: number): Rule {
  return ({ inputs: [x, over], attributes }) => {
    const axes = x && (over === undefined || over.items.length === 0 ? undefined : axesOf(over, x.dims.length));
    if (x === undefined || (over !== undefined && over.items.length > 0 && axes === undefined)) return undefined;
    if (axes === undefined && attributes["noop_with_empty_axes"] === 1) return x;
    const gone = axes ?? x.dims.map((_, axis) => axis);
    const kept = x.dims.map((extent, axis) => (gone.includes(axis) ? 1 : extent));
    const sums = new Array<Amount | undefined>(elementCount(kept)).fill(empty);
    x.items.forEach((item, place) => {
      const index = indexOf(place, x.dims).map((at, axis) => (gone.includes(axis) ? 0 : at));
      const to = placeOf(index, kept);
      const sum = sums[to];
      sums[to] = sum === undefined ? undefined : sum === empty ? item : combine(sum, item);
    });
    const dims = attributes["keepdims"] === 0 ? kept.filter((_, axis) => !gone.includes(axis)) : kept;
    return known(x.type, dims, sums);
  };
}

const split: Rule = ({ inputs: [x, sizes], attributes }) => {
  const axis = x && axisOf(attributes["axis"] ?? 0, x.dims.length);
  const given = numbersOf(sizes);
  const count = Number(attributes["num_outputs"] ?? 0);
  if (x === undefined || axis === undefined || (given === undefined && count === 0)) return undefined;
  const extent = x.dims[axis] ?? 0;
  const width = Math.ceil(extent / count);
  const parts =
    given ?? Array.from({ length: count }, (_, part) => Math.max(0, Math.min(width, extent - part * width)));
  let start = 0;
  return parts.map((part) => {
    const first = start;
    start += part;
    const dims = x.dims.map((one, at) => (at === axis ? part : one));
    return taken(x, dims, (index) => index.map((place, at) => (at === axis ? place + first : place)));
  });
};

/** A bound that is left out bounds nothing. */
const clip: Rule = ({ inputs: [x, low, high], ...rest }) => {
  const raised = x && low ? extreme(1)({ inputs: [x, low], ...rest }) : x;
  return raised && high ? extreme(-1)({ inputs: [raised as Known, high], ...rest }) : raised;
};

const where = each(([condition = 0, a = 0, b = 0]) =>
  typeof condition !== "number" ? (sameAmount(a, b) ? a : undefined) : condition === 0 ? b : a,
);

/** Operators of files whose results are computed when the file is read, where their inputs are known. */
const rules: Readonly<Record<string, Rule>> = {
  Add: binary(plus),
  Sub: binary((a, b) => plus(a, minus(b))),
  Mul: binary(times),
  Div: binary(quotient),
  Mod: modulo,
  Pow: binary(power),
  Max: extreme(1),
  Min: extreme(-1),
  Clip: clip,
  Sum: binary(plus),
  Neg: unary(minus),
  Abs: unary((x) => (compare(x, 0) === undefined ? undefined : compare(x, 0) === -1 ? minus(x) : x)),
  Floor: rounding(Math.floor),
  Ceil: rounding(Math.ceil),
  Round: rounding((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))),
  Sqrt: ofNumber(Math.sqrt),
  Exp: ofNumber(Math.exp),
  Log: ofNumber(Math.log),
  Sin: ofNumber(Math.sin),
  Cos: ofNumber(Math.cos),
  Reciprocal: unary((x) => ratio(1, x)),
  Equal: comparison((order) => order === 0),
  Greater: comparison((order) => order === 1),
  GreaterOrEqual: comparison((order) => order !== -1),
  Less: comparison((order) => order === -1),
  LessOrEqual: comparison((order) => order !== 1),
  And: logic((a, b) => a && b),
  Or: logic((a, b) => a || b),
  Xor: logic((a, b) => a !== b),
  Not: logic((a) => !a),
  Where: where,
  Gather: gather,
  Concat: concat,
  Slice: slice,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  OneHot: oneHot,
  Range: range,
  Split: split,
  ReduceProd: reduction(times, 1),
  ReduceSum: reduction(plus, 0),
  ReduceMax: reduction((a, b) => (compare(a, b) === undefined ? undefined : compare(a, b) === 1 ? a : b), -Infinity),
  ReduceMin: reduction((a, b) => (compare(a, b) === undefined ? undefined : compare(a, b) === -1 ? a : b), Infinity),
};

/** Operators that only put numbers elsewhere: of weights, too, their result is a constant. */
export const movesOnly: ReadonlySet<string> = new Set(["Reshape", "Transpose", "Unsqueeze", "Squeeze", "Flatten"]);

/** Whether results of an operator can be known. */
export function hasRule(op: string): boolean {
  return Object.hasOwn(rules, op);
}

/**
 * What an operator of a file makes of numbers that are known.
 *
 * @returns `undefined` where the result follows from open extents in another way than by sums and products, or where the inputs
 * do not fit: then the operator itself is asked
 */
export function evaluate(op: string, args: Arguments): readonly Known[] | undefined {
  const result = rules[op]?.(args);
  return result === undefined ? undefined : Array.isArray(result) ? (result as readonly Known[]) : [result as Known];
}

/** Numbers in another element type; `undefined` where a formula would be cut off. */
export function cast(x: Known, type: ElementType): Known | undefined {
  const whole = isFloat(x.type) && !isFloat(type);
  const items = x.items.map((item): Amount | undefined => {
    if (type === "bool") return typeof item === "number" ? Number(item !== 0) : compare(item, 0) === 1 ? 1 : undefined;
    if (typeof item === "number") return item;
    return whole && !isWhole(item) ? undefined : item;
  });
  return known(type, x.dims, items);
}
