import { nodesInOrder } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { dimAt, dimProduct, normalizeAxis, type Shape } from "../graph/shape.js";
import { constant, constantData, type Node, producer, type Value } from "../graph/value.js";
import { allocate, elementCount, type TensorData } from "../onnx/tensor-data.js";
import { constantIntegers, integers } from "../ops/constants.js";
import { transpose } from "../ops/layout.js";
import { canReshape, reshapeTo } from "../ops/reshape.js";
import { recreate } from "../ops/table.js";

/** Operators that treat every element by itself, so that they may as well work on permuted axes. */
const elementwise: ReadonlySet<string> = new Set(
  (
    "Add Sub Mul Div Neg Abs Sqrt Exp Log Reciprocal Pow Erf Sign Floor Ceil Round Max Min Clip Where Greater Less " +
    "GreaterOrEqual LessOrEqual Equal And Or Not Relu LeakyRelu PRelu Elu Selu Sigmoid Tanh Softplus Softsign Sin Cos Sum Mean Mish Celu ThresholdedRelu HardSigmoid " +
    "HardSwish Cast Identity"
  ).split(" "),
);
/** Reductions, which can work on permuted axes where they keep the axes: these give the same numbers in any order. */
const orderlessReductions: ReadonlySet<string> = new Set(["ReduceMax", "ReduceMin"]);
/** These round differently in the last bits. */
const sums: ReadonlySet<string> = new Set(
  "ReduceSum ReduceMean ReduceSumSquare ReduceL1 ReduceL2 ReduceLogSumExp ReduceProd".split(" "),
);

function isReduction({ op }: Node): boolean {
  return orderlessReductions.has(op) || sums.has(op);
}

/** What may be changed beside the places of the elements. */
export interface CancelOptions {
  /**
   * Whether sums over several axes may run in another order, so that their last bits differ; default `false`. With it a
   * batch normalization that computes its statistics does not stand in the way.
   */
  readonly reorderSums?: boolean;
}

/** Whether an operator treats every element by itself. */
export function isElementwise({ op }: Node): boolean {
  return elementwise.has(op);
}

/** Operators that can work on permuted axes: elementwise ones, Concat along another axis, reductions and the like over other axes. */
function isPermutable(node: Node, { reorderSums = false }: CancelOptions): boolean {
  if (elementwise.has(node.op) || node.op === "Concat") return true;
  const keeps = node.attributes["keepdims"]?.value !== 0 && constantData(node.inputs[1]) !== undefined;
  if (node.op === "Standardize") return reorderSums;
  return keeps && (orderlessReductions.has(node.op) || (reorderSums && sums.has(node.op)));
}

/** The inputs whose axes are those of the output; a reduction's other input says over which axes it runs. */
function operandsOf(node: Node): readonly (Value | undefined)[] {
  return isReduction(node) ? node.inputs.slice(0, 1) : node.inputs;
}

type Permutation = readonly number[];

function permutationOf(node: Node | undefined): Permutation | undefined {
  if (node?.op !== "Transpose") return undefined;
  const perm = node.attributes["perm"];
  const rank = node.outputs[0]?.rank ?? 0;
  return perm?.type === "ints" ? perm.value : Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
}

function inverse(perm: Permutation): Permutation {
  return perm.map((_, axis) => perm.indexOf(axis));
}

/** `transpose(transpose(x, first), second)` as one permutation. */
function compose(first: Permutation, second: Permutation): Permutation {
  return second.map((axis) => first[axis] ?? axis);
}

function isIdentity(perm: Permutation): boolean {
  return perm.every((from, to) => from === to);
}

/** Whether moving axes leaves the elements in their order: axes of extent 1 may move freely. */
function keepsOrder(shape: Shape, perm: Permutation): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, place) => place === 0 || axis > (moved[place - 1] ?? 0));
}

/** Weight of a symbolic extent where work is compared: any batch is larger than one. */
const assumedBatch = 16;

/** How many elements a Transpose of this shape moves. */
function work(shape: Shape): number {
  return String(dimProduct(shape))
    .split("*")
    .reduce((product, factor) => product * (/^\d+$/.test(factor) ? Number(factor) : assumedBatch), 1);
}

/**
 * Takes Transposes away that undo each other, and Reshapes behind Reshapes; numbers stay the same to the last bit
 * (unless `reorderSums` allows otherwise).
 *
 * Two Transposes in a row become one or none. Then regions are looked for: elementwise operators (and Concats) connected with
 * each other. A region can work on permuted axes; where its inputs and outputs then need to move fewer elements in
 * all than before, it does. So a Transpose sinks through activations, sums and residual connections until it meets one
 * that it cancels, and never becomes two that cost more.
 *
 * @param values the graph's outputs
 * @param options what may change beside
 * @returns for each old value that was reached, its new value
 */
export function cancelTransposes(values: readonly Value[], options: CancelOptions = {}): (value: Value) => Value {
  let renew = simplify(values);
  for (;;) {
    const before = renew;
    const better = improve(values.map(before), options);
    if (better === undefined) return renew;
    renew = (value) => better(before(value));
  }
}

/** One flip after which fewer elements are moved, or `undefined` when there is none. */
function improve(values: readonly Value[], options: CancelOptions): ((value: Value) => Value) | undefined {
  const moved = movedElements(values);
  for (const flip of promisingFlips(values, options)) {
    const flipped = apply(values, flip);
    const simplified = simplify(values.map(flipped));
    // The gain is an estimate: it does not see, for one, that two operands may be the same Transpose of one value.
    if (movedElements(values.map((value) => simplified(flipped(value)))) < moved)
      return (value) => simplified(flipped(value));
  }
  return undefined;
}

/** How many elements all Transposes move together. */
function movedElements(values: readonly Value[]): number {
  return nodesInOrder(values)
    .filter(({ op }) => op === "Transpose")
    .flatMap(({ outputs }) => outputs)
    .reduce((sum, { shape }) => sum + work(shape), 0);
}

/** Merges neighbouring Transposes and neighbouring Reshapes, and drops those that do nothing. */
function simplify(values: readonly Value[]): (value: Value) => Value {
  return rebuild(values, new Map(), (node, [input]) => {
    const [output] = node.outputs;
    if (input === undefined || output === undefined) return undefined;
    const source = producer(input);
    const [origin] = source?.inputs ?? [];
    if (node.op === "Transpose") {
      const own = permutationOf(node) ?? [];
      const inner = permutationOf(source);
      const perm = inner === undefined ? own : compose(inner, own);
      const from = inner === undefined ? input : (origin ?? input);
      if (isIdentity(perm)) return [from];
      return inner === undefined ? undefined : [transpose(from, { perm })];
    }
    if (node.op === "Reshape") {
      const from =
        source?.op === "Reshape" && origin !== undefined && canReshape(origin.shape, output.shape) ? origin : input;
      if (canReshape(from.shape, output.shape) && (from !== input || from.shape.join() === output.shape.join())) {
        return [reshapeTo(from, output.shape)];
      }
    }
    return undefined;
  });
}

/** A region that works on permuted axes: each of its values `v` becomes `u` with `v = transpose(u, perm)`. */
interface Flip {
  readonly nodes: ReadonlySet<Node>;
  readonly perm: Permutation;
}

/** Consumers of each value, the graph itself (`undefined`) among them. */
function consumersOf(values: readonly Value[], order: readonly Node[]): Map<Value, (Node | undefined)[]> {
  const consumers = new Map<Value, (Node | undefined)[]>();
  const note = (value: Value | undefined, consumer: Node | undefined): void => {
    if (value === undefined) return;
    const list = consumers.get(value);
    if (list === undefined) consumers.set(value, [consumer]);
    else list.push(consumer);
  };
  for (const node of order) for (const value of node.inputs) note(value, node);
  for (const value of values) note(value, undefined);
  return consumers;
}

/** Permutable nodes of one rank that are connected with each other. */
function regionsOf(order: readonly Node[], options: CancelOptions): Set<Node>[] {
  const regions = new Map<Node, Set<Node>>();
  const rank = (node: Node | undefined): number | undefined => node?.outputs[0]?.rank;
  for (const node of order) {
    if (!isPermutable(node, options)) continue;
    let region = new Set([node]);
    for (const value of operandsOf(node)) {
      const source = value && producer(value);
      const other = source && rank(source) === rank(node) ? regions.get(source) : undefined;
      if (other === undefined || other === region) continue;
      const [larger, smaller] = other.size > region.size ? [other, region] : [region, other];
      for (const member of smaller) {
        larger.add(member);
        regions.set(member, larger);
      }
      region = larger;
    }
    regions.set(node, region);
  }
  return [...new Set(regions.values())];
}

/** Flips that should gain something, the best one first. */
function promisingFlips(values: readonly Value[], options: CancelOptions): Flip[] {
  const order = nodesInOrder(values);
  const consumers = consumersOf(values, order);
  const flips: { readonly flip: Flip; readonly gain: number }[] = [];
  for (const nodes of regionsOf(order, options)) {
    const inside = (value: Value): boolean => {
      const source = producer(value);
      return source !== undefined && nodes.has(source);
    };
    const inputs = new Set(
      [...nodes]
        .flatMap((node) => node.inputs)
        .filter((value) => value !== undefined)
        .filter((value) => !inside(value)),
    );
    const outputs = [...nodes].flatMap((node) => node.outputs);
    const rank = outputs[0]?.rank ?? 0;
    const candidates = new Map<string, Permutation>();
    const suggest = (perm: Permutation | undefined): void => {
      if (perm?.length === rank) candidates.set(perm.join(), perm);
    };
    for (const value of inputs) suggest(permutationOf(producer(value)));
    for (const value of outputs) {
      for (const consumer of consumers.get(value) ?? []) {
        const perm = permutationOf(consumer);
        suggest(perm && inverse(perm));
      }
    }
    for (const perm of candidates.values()) {
      const gain = gainOf(nodes, perm, inputs, outputs, consumers);
      if (gain > 0) flips.push({ flip: { nodes, perm }, gain });
    }
  }
  return flips.sort((a, b) => b.gain - a.gain).map(({ flip }) => flip);
}

/** How many elements fewer are moved when the region works on permuted axes. */
function gainOf(
  nodes: ReadonlySet<Node>,
  perm: Permutation,
  inputs: ReadonlySet<Value>,
  outputs: readonly Value[],
  consumers: ReadonlyMap<Value, readonly (Node | undefined)[]>,
): number {
  let gain = 0;
  for (const value of inputs) {
    const source = producer(value);
    const own = permutationOf(source);
    const elements = work(value.shape);
    const onlyHere = (consumers.get(value) ?? []).every((consumer) => consumer !== undefined && nodes.has(consumer));
    if (own?.length === perm.length) {
      // A Transpose on the way in vanishes, or becomes another one; if others use it too, it stays in any case.
      const vanishes = isIdentity(compose(own, inverse(perm)));
      gain += (onlyHere ? elements : 0) - (vanishes ? 0 : elements);
    } else if (!isFreeToPermute(value, perm)) {
      gain -= elements;
    }
  }
  for (const value of outputs) {
    const outside = (consumers.get(value) ?? []).filter((consumer) => consumer === undefined || !nodes.has(consumer));
    const others = outside.filter((consumer) => permutationOf(consumer) === undefined);
    if (others.length > 0) gain -= work(value.shape);
    for (const consumer of new Set(outside)) {
      const own = permutationOf(consumer);
      if (own !== undefined && isIdentity(compose(perm, own))) gain += work(value.shape);
    }
  }
  return gain;
}

/** Whether the permuted operand costs nothing when the graph runs: constants, and values with one long axis. */
function isFreeToPermute(value: Value, perm: Permutation): boolean {
  return constantData(value) !== undefined || keepsOrder(withRank(value.shape, perm.length), inverse(perm));
}

/** The shape with ones in front, as broadcasting sees it. */
function withRank(shape: Shape, rank: number): Shape {
  return [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
}

/** The operand `u` with `value = transpose(u, perm)`, as far as broadcasting is concerned. */
function permuted(value: Value, perm: Permutation): Value {
  // One number fits anywhere.
  if (value.shape.every((dim) => dim === 1)) return value;
  const back = inverse(perm);
  const own = permutationOf(producer(value));
  const [origin] = producer(value)?.inputs ?? [];
  if (own !== undefined && origin !== undefined && own.join() === perm.join()) return origin;
  const shape = withRank(value.shape, perm.length);
  const data = constantData(value);
  if (data !== undefined) return constant(permutedData({ ...data, dims: shape as readonly number[] }, back));
  const target = back.map((axis) => dimAt(shape, axis));
  if (keepsOrder(shape, back) && canReshape(value.shape, target)) return reshapeTo(value, target);
  return transpose(reshapeTo(value, shape), { perm: back });
}

/** A constant with its axes permuted. */
function permutedData({ type, dims, data }: TensorData, perm: Permutation): TensorData {
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const target = perm.map((axis) => dims[axis] ?? 1);
  const moved = perm.map((axis) => strides[axis] ?? 0);
  const result = allocate(type, data.length);
  const index = target.map(() => 0);
  for (let element = 0; element < data.length; element++) {
    const offset = index.reduce((sum, position, axis) => sum + position * (moved[axis] ?? 0), 0);
    const number = data[offset];
    if (number !== undefined) result[element] = number;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === target[axis] ? 0 : next;
      if (index[axis] !== 0) break;
    }
  }
  return { type, dims: target, data: result };
}

/** Makes the region work on permuted axes; its outputs are transposed for whoever uses them outside. */
function apply(values: readonly Value[], { nodes, perm }: Flip): (value: Value) => Value {
  const inside = new Map<Value, Value>();
  return rebuild(values, new Map(), (node, inputs) => {
    if (!nodes.has(node)) return undefined;
    const operands = operandsOf(node).map((old, index) => {
      const renewed = inputs[index];
      return old === undefined || renewed === undefined ? undefined : (inside.get(old) ?? permuted(renewed, perm));
    });
    const moved = (axis: number): number => perm[normalizeAxis(axis, perm.length, node.op)] ?? axis;
    const [, axes] = inputs;
    const reduced = isReduction(node) && axes !== undefined ? constantIntegers(axes, node.op, "axes").map(moved) : [];
    const { axis, axes: own } = node.attributes;
    const { outputs } = recreate(node, reduced.length > 0 ? [...operands, integers(reduced)] : operands, {
      axis: axis?.type === "int" ? moved(axis.value) : undefined,
      axes: own?.type === "ints" ? own.value.map(moved) : undefined,
    });
    node.outputs.forEach((old, index) => {
      const renewed = outputs[index];
      if (renewed !== undefined) inside.set(old, renewed);
    });
    return outputs.map((output) => transpose(output, { perm }));
  });
}
