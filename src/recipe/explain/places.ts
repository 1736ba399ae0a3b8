import { nodesInOrder } from "../../graph/graph.js";
import { type Node, producer, type Value } from "../../graph/value.js";
import { toChannelsFirst } from "../../nn/channels.js";
import { transpose } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { slice } from "../../ops/slicing.js";

/** What a network computes for each place of a picture. */
export interface Places {
  /** As the network computes it: `[N, C, h, w]`, `[N, h, w, C]`, or tokens `[N, T, C]`. */
  readonly value: Value;
  /** Rows and columns of places. */
  readonly rows: number;
  readonly columns: number;
  /** Brings what has the value's shape to `[N, C, h, w]`: tokens that stand for no place are left out. */
  toMap(like: Value): Value;
}

/** Operators that only arrange what comes in: what they give is not looked at, but what they were given. */
const arranging: ReadonlySet<string> = new Set(
  "Reshape Transpose Squeeze Unsqueeze Flatten Identity Cast Expand MatMul Softmax Split".split(" "),
);

/** Operators that take some tokens of all. */
const picking: ReadonlySet<string> = new Set(["Gather", "GatherElements", "GatherND", "Slice", "Split"]);

/** Tokens before those of places, at most: that of the class, of a teacher, and registers. */
const mostOthers = 16;

/** How much higher than wide a picture is; 1 where its size is open. */
function proportionOf(output: Value): number {
  for (const { outputs } of nodesInOrder([output])) {
    for (const { shape } of outputs) {
      const [, channels, height, width] = shape;
      if (shape.length === 4 && channels === 3 && typeof height === "number" && typeof width === "number")
        return height / width;
    }
  }
  return 1;
}

/** How far rows and columns are from the picture's proportion. */
function misfit(rows: number, columns: number, proportion: number): number {
  return Math.abs(Math.log(rows / columns / proportion));
}

/** What rounding of sides may change of a proportion. */
const roundedSides = 0.35;

function placesOfMap(value: Value, proportion: number): Places | undefined {
  const [a, b, c] = value.shape.slice(1);
  if (typeof a !== "number" || typeof b !== "number" || typeof c !== "number") return undefined;
  const [first, last] = [misfit(b, c, proportion), misfit(a, b, proportion)];
  // Where both could be meant, it is the order of the operators.
  if (b * c > 1 && first <= Math.min(roundedSides, last)) {
    return { value, rows: b, columns: c, toMap: (like) => like };
  }
  if (a * b > 1 && last <= roundedSides) return { value, rows: a, columns: b, toMap: toChannelsFirst };
  return undefined;
}

/** Rows and columns of so many tokens, of which the first may stand for no place. */
function gridOf(
  tokens: number,
  proportion: number,
): { readonly others: number; readonly rows: number; readonly columns: number } | undefined {
  for (let others = 0; others <= Math.min(mostOthers, tokens - 2); others++) {
    const places = tokens - others;
    const rows = Math.round(Math.sqrt(places * proportion));
    const columns = places / rows;
    // Almost the picture's proportion: a row more would already be another one.
    if (Number.isInteger(columns) && Math.abs(rows / proportion - columns) < 1) return { others, rows, columns };
  }
  return undefined;
}

function placesOfTokens(value: Value, proportion: number): Places | undefined {
  const [first, second] = value.shape.slice(1);
  if (typeof first !== "number" || typeof second !== "number") return undefined;
  const grid = first > 3 ? gridOf(first, proportion) : undefined;
  if (grid === undefined) return undefined;
  const { others, rows, columns } = grid;
  const toMap = (like: Value): Value => {
    const placed = others === 0 ? like : slice(like, { starts: [others], ends: [first], axes: [1] });
    const batch = like.shape[0] ?? "N";
    return reshapeTo(transpose(placed, { perm: [0, 2, 1] }), [batch, second, rows, columns]);
  };
  return { value, rows, columns, toMap };
}

function placesIn(value: Value, proportion: number): Places | undefined {
  const op = producer(value)?.op;
  if (op === undefined || arranging.has(op)) return undefined;
  if (value.rank === 4) return placesOfMap(value, proportion);
  return value.rank === 3 ? placesOfTokens(value, proportion) : undefined;
}

/** Whether a node takes some of many tokens, such as that of the class. */
function picks(node: Node, from: Value): boolean {
  const [taken] = node.outputs;
  return picking.has(node.op) && from.rank === 3 && node.inputs[0] === from && taken?.shape[1] !== from.shape[1];
}

/** Values that a score was computed from, with the node that they were used by, nearest first. */
function* towardsInputs(score: Value, isEnd: (value: Value) => boolean): Generator<readonly [Value, Node | undefined]> {
  const waiting: (readonly [Value, Node | undefined])[] = [[score, undefined]];
  const seen = new Set<Value>();
  for (const step of waiting) {
    const [value] = step;
    if (seen.has(value)) continue;
    seen.add(value);
    yield step;
    const node = producer(value);
    if (node === undefined || isEnd(value)) continue;
    for (const input of node.inputs) if (input !== undefined) waiting.push([input, node]);
  }
}

/** Weights of attention, `[…, queries, keys]`, that a value was computed with: the nearest ones. */
function nearestAttention(from: Value): Value | undefined {
  for (const [value] of towardsInputs(from, () => false)) {
    const node = producer(value);
    if (node?.op === "Softmax" && value.rank >= 3 && Number(value.shape.at(-1)) > 3) return value;
  }
  return undefined;
}

/**
 * Where a network knows for the last time what is where in the picture: going back from a score, the first maps and tokens that are met,
 * each path's own. Most networks have one: what goes into the pooling, or is flattened. A classifier of Graft has two where it looks at
 * the map before the last one too.
 *
 * Where a transformer takes the token of its class alone, the others count for it no more: then it is what goes into the last attention.
 *
 * @param score any value that was computed from pictures
 * @param fewest only maps with so many places are looked at, which have features: pictures themselves are left out. Default: any
 * @returns nearest first; none where the network has no maps of a known size
 */
export function lastPlaces(score: Value, fewest = 1): readonly Places[] {
  const proportion = proportionOf(score);
  const found = new Map<Value, Places>();
  const known = new Map<Value, Places | undefined>();
  const placesAt = (value: Value): Places | undefined => {
    if (!known.has(value)) known.set(value, fineEnough(placesIn(value, proportion), fewest));
    return known.get(value);
  };
  for (const [value, user] of towardsInputs(score, (one) => placesAt(one) !== undefined)) {
    const places = placesAt(value);
    if (places === undefined) continue;
    if (user === undefined || !picks(user, value)) {
      found.set(value, places);
      continue;
    }
    const weights = nearestAttention(value);
    if (weights === undefined) continue;
    for (const [before] of towardsInputs(weights, (one) => placesAt(one) !== undefined)) {
      const attended = placesAt(before);
      if (attended === undefined) continue;
      found.set(before, attended);
      break;
    }
  }
  return [...found.values()];
}

/** More channels than pictures have. */
const fewestFeatures = 5;

function fineEnough(places: Places | undefined, fewest: number): Places | undefined {
  if (places === undefined || fewest === 1) return places;
  const features = places.toMap(places.value).shape[1];
  return places.rows * places.columns >= fewest && Number(features) >= fewestFeatures ? places : undefined;
}

/** One attention of a transformer that sees all tokens. */
export interface AttentionWeights {
  /** `[N, heads, T, T]`. */
  readonly value: Value;
  readonly tokens: number;
}

/**
 * The attentions of all tokens to all, in the order in which they are computed.
 *
 * @returns none for networks without, and for those that attend within windows, between channels, or at several sizes
 */
export function attentionsOf(score: Value): readonly AttentionWeights[] {
  const values = nodesInOrder([score]).flatMap(({ outputs }) => outputs);
  const all = values.flatMap((value) => {
    const [queries, keys] = value.shape.slice(-2);
    const isSquare = value.rank >= 3 && typeof queries === "number" && queries === keys && queries > 3;
    return producer(value)?.op === "Softmax" && isSquare ? [{ value, tokens: queries }] : [];
  });
  const isOfAll = ({ value, tokens }: AttentionWeights): boolean =>
    value.rank === 4 &&
    isBatch(value.shape[0]) &&
    tokens === all[0]?.tokens &&
    // Others are of channels.
    values.some(({ shape }) => shape.length === 3 && shape[1] === tokens && isBatch(shape[0]));
  return all.every(isOfAll) ? all : [];
}

/** Windows are put beside the pictures of a batch, whose number is then another one. */
function isBatch(extent: unknown): boolean {
  return typeof extent === "string" && /^[A-Za-z]+$/.test(extent);
}

/**
 * Rows and columns of a transformer's tokens.
 *
 * @param tokens number of all, with those that stand for no place
 */
export function gridOfTokens(tokens: number, score: Value): ReturnType<typeof gridOf> {
  return gridOf(tokens, proportionOf(score));
}
