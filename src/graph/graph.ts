import type { Node, Value } from "./value.js";
import { producer } from "./value.js";

/** Named outputs of a graph; the graph is everything that they reach. */
export type Outputs = Readonly<Record<string, Value>>;

/** The same outputs with other values. */
export function mapOutputs(outputs: Outputs, change: (value: Value) => Value): Outputs {
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, change(value)]));
}

/**
 * All nodes that the values reach, each after the nodes that it needs.
 *
 * @param outputs where to start
 * @param stopAt values whose producers are not followed
 */
export function nodesInOrder(outputs: Iterable<Value>, stopAt: ReadonlySet<Value> = new Set()): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  // A stack of its own: networks are deeper than the call stack.
  const stack: { node: Node; next: number }[] = [];
  const enter = (value: Value | undefined): void => {
    if (value === undefined || stopAt.has(value)) return;
    const node = producer(value);
    if (node === undefined || done.has(node)) return;
    done.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next < top.node.inputs.length) {
        enter(top.node.inputs[top.next++]);
      } else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** All inputs (fed values) that the values reach, in the order in which the nodes use them. */
export function inputsOf(outputs: readonly Value[], stopAt: ReadonlySet<Value> = new Set()): Value[] {
  const found = new Set<Value>();
  const visit = (value: Value | undefined): void => {
    if (value !== undefined && (value.source.kind === "input" || stopAt.has(value))) found.add(value);
  };
  for (const node of nodesInOrder(outputs, stopAt)) node.inputs.forEach(visit);
  outputs.forEach(visit);
  return [...found];
}

/**
 * All values that depend on one of `sources`, the sources among them.
 *
 * @param outputs where the graph ends
 * @param sources what the values must depend on
 * @param stopAt values whose producers are not followed
 */
export function dependents(
  outputs: readonly Value[],
  sources: ReadonlySet<Value>,
  stopAt: ReadonlySet<Value> = new Set(),
): Set<Value> {
  const reached = new Set<Value>(sources);
  for (const node of nodesInOrder(outputs, stopAt)) {
    if (node.inputs.some((value) => value !== undefined && reached.has(value))) {
      for (const output of node.outputs) reached.add(output);
    }
  }
  return reached;
}

/** How many nodes, the graph's outputs among them, use each value. */
export function usesOf(values: readonly Value[]): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of [...values, ...nodesInOrder(values).flatMap(({ inputs }) => inputs)]) {
    if (value !== undefined) uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  return uses;
}
