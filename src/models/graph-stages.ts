import { nodesInOrder } from "../graph/graph.js";
import type { Dim } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { elementCount } from "../onnx/tensor-data.js";

/** A layer of a graph: its name, and the node that it is. */
export interface StagedLayer {
  readonly name: string;
  readonly node: Node;
  /** Extents of its weights. */
  readonly weightDims: readonly (readonly number[])[];
}

/** By how much the picture shrinks at least from stage to stage: 4 where it is halved, less where it is odd, 3 to 2 pixels. */
const leastShrinking = 1.9;

/** How many layers make a block at least; a name that fewer have is that of a part. */
const leastOfBlock = 3;

/**
 * Layers with which the stages of a network begin, in order. The layers of a stage see the picture at one size; which block begins it, names
 * say where they are those of modules (`layer4.0.conv1`, `/stages/stages.3/blocks.0/conv_dw/Conv`), and otherwise where branches
 * join. Where the picture shrinks nowhere but at the entrance, as in a transformer, there is one stage: the last of the blocks that
 * follow each other.
 *
 * @param outputs what the graph gives
 * @param layers its nodes with weights, in the order in which data passes them
 */
export function stagesOf(outputs: readonly Value[], layers: readonly StagedLayer[]): readonly string[] {
  const paths = modulePaths(layers.map(({ name }) => name));
  const sizes = sizesAhead(usersOf(outputs, layers));
  const spatial = layers.map(
    ({ node }) => node.op === "Conv" && (node.inputs[1]?.shape.slice(2) ?? []).some((k) => k !== 1),
  );
  const shrinks = sizes.flatMap((size, at) => {
    const before = sizes[at - 1] ?? 0;
    // Behind a pooling to one pixel there is no stage, unless something looks at neighbours.
    const isStage = size > 1 || spatial.slice(at).includes(true);
    return at > 0 && before >= leastShrinking * size && isStage ? [at] : [];
  });
  const joints = jointsOf(outputs, layers);
  const units = paths.map((path) => unitOf(path));
  const begun = new Map<string | undefined, number>();
  const starts = shrinks.map((shrink, index) => {
    const earliest = shrinks[index - 1] ?? 1;
    // What shrinks again inside of a stage that names have told is a part of it, such as the pairs of places of a smaller attention.
    const same = begun.get(units[shrink]);
    if (same !== undefined) return same;
    const named = startAtEnd(paths, shrink) ?? startByName(units, shrink, earliest);
    if (named !== undefined) begun.set(units[shrink], named);
    return named ?? startByJoint(joints, shrink, earliest);
  });
  const last = shrinks.at(-1);
  const isBody = last === undefined || isEntrance(paths, last);
  const end = isBody
    ? (lastBlockByName(paths) ?? lastBlockByPattern(layers) ?? joints.at(-1) ?? 0)
    : lastOfBody(paths, starts.at(-1) ?? 0);
  const all = isBody ? [end] : [...starts.filter((at) => at < end), end];
  return [...new Set(all)].flatMap((at) => layers[at]?.name ?? []);
}

/** How many numbers a value has for one picture. */
function numbersOf(shape: readonly Dim[]): number {
  return elementCount(shape.map((dim) => (typeof dim === "number" ? dim : Number(/^\d+(?=\*)/.exec(dim)?.[0] ?? 1))));
}

/** Products and normalizations by which axis their channels are: the second of maps, the last of tokens. */
const channelAxes: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvTranspose: 1,
  BatchNormalization: 1,
  GroupNormalization: 1,
  InstanceNormalization: 1,
  PRelu: 1,
  MatMul: -1,
  Gemm: -1,
  Einsum: -1,
  LayerNormalization: -1,
  RMSNormalization: -1,
  SimplifiedLayerNormalization: -1,
};

/** What uses a layer's result: the layer itself, or, where that is the same for all pictures as a kernel that is standardized, what it goes into. */
function usersOf(outputs: readonly Value[], layers: readonly StagedLayer[]): readonly Node[] {
  const own = new Set(layers.map(({ node }) => node));
  const origins = new Map<Node, readonly Node[]>();
  const users = new Map<Node, Node>();
  for (const node of nodesInOrder(outputs)) {
    const from = node.inputs.flatMap((value) =>
      value?.source.kind === "node" ? (origins.get(value.source.node) ?? []) : [],
    );
    const isOpen = node.outputs.some(({ shape }) => shape.some((dim) => typeof dim === "string"));
    if (!isOpen) origins.set(node, own.has(node) ? [...from, node] : from);
    else if (channelAxes[node.op] !== undefined) from.forEach((one) => users.has(one) || users.set(one, node));
  }
  return layers.map(({ node }) => users.get(node) ?? node);
}

/**
 * At how many places of a picture a node computes; 0 for a table that is the same for all pictures, and where a scale or bias may belong to
 * pairs of places.
 */
function placesOf(node: Node): number {
  const shape = node.outputs[0]?.shape ?? [];
  const axis = channelAxes[node.op];
  const channels = axis === undefined ? 0 : Number(shape.at(axis));
  return channels > 0 && shape.some((dim) => typeof dim === "string") ? numbersOf(shape) / channels : 0;
}

/**
 * For each layer at how many places it or one behind it computes: what looks at a pooled picture aside does not count. A layer that computes at fewer
 * places than one behind it, or does not say at how many, belongs to the one before: so a bias follows its product.
 */
function sizesAhead(nodes: readonly Node[]): readonly number[] {
  const all = nodes.map(placesOf);
  const entrance = all.find((places) => places > 0) ?? 0;
  // Far more than the entrance has, are pairs of places: heads of an attention that are mixed. A class token makes one place more.
  const own = all.map((places) => (places > leastShrinking * entrance ? 0 : places));
  const ahead: number[] = [];
  for (const places of own.toReversed()) ahead.unshift(Math.max(places, ahead[0] ?? 0));
  const sizes: number[] = [];
  own.forEach((places, at) => {
    const most = ahead[at] ?? 0;
    // A class token makes one place more.
    sizes.push(leastShrinking * places > most ? most : (sizes.at(-1) ?? most));
  });
  return sizes;
}

/** Layers that come first behind a place where branches join. */
function jointsOf(outputs: readonly Value[], layers: readonly StagedLayer[]): readonly number[] {
  const position = new Map(nodesInOrder(outputs).map((node, index) => [node, index]));
  const places = layers.map(({ node }) => position.get(node) ?? -1);
  const behind = [...position].flatMap(([node, index]) => {
    const first = isJoint(node) ? places.findIndex((place) => place > index) : -1;
    return first < 0 ? [] : [first];
  });
  return [...new Set(behind)].sort((a, b) => a - b);
}

/** Whether branches join here: a sum or concatenation of computed values. */
function isJoint({ op, inputs }: Node): boolean {
  return (op === "Add" || op === "Concat") && inputs.every((value) => value?.source.kind === "node");
}

/** The block in which the picture shrinks begins where branches joined before it. */
function startByJoint(joints: readonly number[], shrink: number, earliest: number): number {
  const joint = joints.filter((at) => at <= shrink && at > earliest).at(-1);
  return joint ?? shrink;
}

/** What a layer is called inside its modules, such as `layer4.0.conv1`; empty where its name says nothing of modules. */
function modulePaths(names: readonly string[]): readonly (readonly string[])[] {
  const paths = names.map(tokensOf);
  const known = paths.filter((path) => path.length > 0);
  const [first = []] = known;
  const different = first.findIndex((token, at) => known.some((path) => path[at] !== token));
  return paths.map((path) => path.slice(Math.max(different, 0)));
}

/** `/stages/stages.3/blocks/blocks.0/conv_dw/Conv` as `stages`, `3`, `blocks`, `0`, `conv_dw`. */
function tokensOf(name: string): readonly string[] {
  if (!name.includes("/")) return name.includes(".") ? name.split(".") : [];
  // What stands behind the last stroke is the operator.
  const parts = name
    .split("/")
    .slice(0, -1)
    .filter((part) => part !== "");
  const within = parts.filter((part, at) => parts[at + 1]?.startsWith(`${part}.`) !== true);
  return within.flatMap((part) => part.split("."));
}

/** A path up to a token with a number, the first or a later one: `stages.3` of `stages.3.blocks.0`. */
function unitOf(path: readonly string[], level = 0): string | undefined {
  const numbered = path.flatMap((token, at) => (/\d/.test(token) ? [at] : []));
  const end = numbered[level];
  return end === undefined || end + 1 >= path.length ? undefined : path.slice(0, end + 1).join(".");
}

/** A module's name without its own number: `blocks.#`. */
function familyOf(unit: string): string {
  return unit.replace(/\d+(?=\D*$)/, "#");
}

/**
 * Whether the picture shrinks for the last time before the body of the network: before all of several modules that are called alike and make up
 * half of it, or, where names do not say it, before nine tenths of all layers. So it is where a transformer sees patches that convolutions made.
 */
function isEntrance(paths: readonly (readonly string[])[], shrink: number): boolean {
  const units = paths.map((path) => unitOf(path));
  const before = new Set(units.slice(0, shrink).flatMap((unit) => (unit === undefined ? [] : [familyOf(unit)])));
  const behind = units.slice(shrink).filter((unit) => unit !== undefined);
  const repeated = behind.filter((unit) => behind.some((one) => one !== unit && familyOf(one) === familyOf(unit)));
  const body = repeated.filter((unit) => !before.has(familyOf(unit)));
  return 2 * body.length >= paths.length || (behind.length === 0 && shrink <= 0.1 * paths.length);
}

/**
 * Where the last stage begins: where the picture shrinks for the last time, unless that is a layer or two of a head. Then it is the last of the
 * modules that most layers belong to: branches of several sizes are put together behind them.
 */
function lastOfBody(paths: readonly (readonly string[])[], start: number): number {
  if (paths.length - start >= leastOfBlock) return start;
  const units = paths.map((path) => unitOf(path));
  const counts = new Map<string, number>();
  for (const unit of units) if (unit !== undefined) counts.set(familyOf(unit), (counts.get(familyOf(unit)) ?? 0) + 1);
  const [body] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  const own = units[start];
  if (body === undefined || (own !== undefined && familyOf(own) === body)) return start;
  return units.indexOf(units.findLast((unit) => unit !== undefined && familyOf(unit) === body));
}

/**
 * Where the picture shrinks at the end of a module, behind all of its blocks, and others like it follow: the first layer of the part that
 * does it. It makes the picture of the module that follows, as `layers.2.downsample` does.
 */
function startAtEnd(paths: readonly (readonly string[])[], shrink: number): number | undefined {
  const path = paths[shrink] ?? [];
  const unit = unitOf(path);
  if (unit === undefined) return undefined;
  const units = paths.map((one) => unitOf(one));
  const own = units.flatMap((one, at) => (one === unit ? [at] : []));
  const behind = own.filter((at) => at >= shrink).length;
  const follows = units
    .slice(shrink)
    .some((one) => one !== undefined && one !== unit && familyOf(one) === familyOf(unit));
  if (!follows || own.length < 3 * behind || own.length < 3 * leastOfBlock) return undefined;
  const depth = unit.split(".").length + 1;
  const part = path.slice(0, depth).join(".");
  return own.find((at) => (paths[at] ?? []).slice(0, depth).join(".") === part);
}

/** The first layer of the module in which the picture shrinks. */
function startByName(units: readonly (string | undefined)[], shrink: number, earliest: number): number | undefined {
  const unit = units[shrink];
  if (unit === undefined || units.filter((one) => one === unit).length < leastOfBlock) return undefined;
  let start = shrink;
  for (let at = shrink - 1; at >= 0 && (units[at] === unit || units[at] === undefined); at--) {
    if (units[at] === unit) start = at;
  }
  return start >= earliest ? start : undefined;
}

/** The first layer of the last of several modules that are called alike, such as `blocks.11`. */
function lastBlockByName(paths: readonly (readonly string[])[]): number | undefined {
  for (const level of [0, 1, 2]) {
    const units = paths.map((path) => unitOf(path, level));
    const families = new Map<string, Set<string>>();
    for (const unit of units) {
      if (unit === undefined) continue;
      const family = familyOf(unit);
      families.set(family, (families.get(family) ?? new Set()).add(unit));
    }
    const last = units.findLast((unit) => {
      if (unit === undefined) return false;
      const alike = families.get(familyOf(unit))?.size ?? 0;
      return alike > 1 && units.filter((one) => one === unit).length >= leastOfBlock;
    });
    if (last !== undefined) return units.indexOf(last);
  }
  return undefined;
}

/** The first layer of the last of several like sequences of layers, in front of at most a few others. */
function lastBlockByPattern(layers: readonly StagedLayer[]): number | undefined {
  const kinds = layers.map(({ node, weightDims }) => `${node.op} ${weightDims.map(String).join(" ")}`);
  const most = 6;
  for (let behind = 0; behind <= most; behind++) {
    const end = kinds.length - behind;
    for (let length = 2; 2 * length <= end; length++) {
      const start = end - length;
      if (kinds.slice(start, end).every((kind, at) => kind === kinds[start - length + at])) return start;
    }
  }
  return undefined;
}
