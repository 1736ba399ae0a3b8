import { ShapeError, UsageError } from "../errors/errors.js";
import { dependents, nodesInOrder } from "../graph/graph.js";
import { formatShape, sameShape } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { scalarLike } from "../ops/constants.js";
import type { OpRow } from "../ops/define.js";
import { add } from "../ops/elementwise.js";
import { zerosLike } from "../ops/shape-of.js";
import { rowOf } from "../ops/table.js";
import { sumToShape } from "./sum-to-shape.js";

/** How to differentiate; the default is a scalar's gradient with the rules of the operator table. */
export interface GradientOptions {
  /** Cotangent of the output, of its shape; default 1, and then the output must be a scalar. */
  readonly cotangent?: Value | undefined;
  /** Where the rules come from; default the operator table. A checker puts wrong rules here. */
  readonly rules?: (op: string) => OpRow;
  /**
   * Values taken as independent variables: what they were computed from is not followed. Default none, so that a wanted
   * value that depends on another one passes its cotangent on.
   */
  readonly stopAt?: ReadonlySet<Value>;
}

/** The cotangents of values, each the sum of what its users have passed back so far. */
class Cotangents {
  private readonly sums = new Map<Value, Value>();

  of(value: Value): Value | undefined {
    return this.sums.get(value);
  }

  /** @throws ShapeError when a rule made a cotangent of a shape that the value was not broadcast to */
  add(value: Value, cotangent: Value): void {
    const reduced = sumToShape(cotangent, value.shape);
    if (!sameShape(reduced.shape, value.shape)) {
      throw new ShapeError("A gradient rule returned a cotangent of the wrong shape.", {
        subject: value.source.kind === "node" ? value.source.node.op : value.source.kind,
        expected: formatShape(value.shape),
        received: formatShape(cotangent.shape),
      });
    }
    const sum = this.sums.get(value);
    this.sums.set(value, sum === undefined ? reduced : add(sum, reduced));
  }
}

/** An input of a node that is to be differentiated by. */
interface Target {
  readonly value: Value;
  readonly index: number;
}

type Flow = readonly (readonly [value: Value, cotangent: Value])[];

/** What flows to inputs of a node whose derivative is that of the same computation in other operators. */
function throughBody(
  body: Value,
  node: Node,
  targets: readonly Target[],
  cotangent: Value | undefined,
  options: GradientOptions,
): Flow {
  // An input that is given twice gets the sum of both uses at once.
  const distinct = [...new Set(targets.map(({ value }) => value))];
  const through = gradients(body, distinct, {
    ...options,
    cotangent,
    // The inputs' own past is the caller's business: followed here too, it would be counted twice.
    stopAt: new Set(node.inputs.filter((value) => value !== undefined)),
  });
  return distinct.flatMap((value, index) => {
    const own = through[index];
    return own === undefined ? [] : [[value, own] as const];
  });
}

/**
 * What flows to inputs of a node by its rules.
 *
 * @throws UsageError when the operator has no derivative
 */
function throughRule(row: OpRow, node: Node, targets: readonly Target[], cotangents: readonly Value[]): Flow {
  const { vjp } = row;
  if (vjp === undefined) {
    throw new UsageError(`${node.op} has no derivative, and a trainable weight lies behind it.`, {
      subject: node.op,
      expected: "only differentiable operators between a trainable weight and the loss",
      received: node.op,
      advice: "Freeze the weights that reach the loss only through it.",
    });
  }
  return targets.flatMap(({ value, index }) => {
    const cotangent = vjp(node, index, cotangents);
    return cotangent === undefined ? [] : [[value, cotangent] as const];
  });
}

/**
 * Reverse-mode derivatives of one value with respect to others, as values of the same graph.
 *
 * Only nodes that lie on a path from a wanted value to the output are visited, so what is frozen costs nothing.
 *
 * @param output what is differentiated: a scalar, unless a cotangent is given
 * @param wanted the values to differentiate with respect to
 * @returns for each wanted value the derivative, of the shape of that value; zeros where the output does not depend on it
 * @throws UsageError when an operator on the way has no derivative
 */
export function gradients(output: Value, wanted: readonly Value[], options: GradientOptions = {}): Value[] {
  const rules = options.rules ?? rowOf;
  if (options.cotangent === undefined && output.rank !== 0) {
    throw new ShapeError("Only a scalar has a gradient without a cotangent.", {
      subject: "gradients",
      expected: "an output of shape []",
      received: formatShape(output.shape),
    });
  }
  const needed = dependents([output], new Set(wanted), options.stopAt);
  const flowing = new Cotangents();
  flowing.add(output, options.cotangent ?? scalarLike(output, 1));
  const order = nodesInOrder([output], options.stopAt).filter((node) =>
    node.outputs.some((value) => needed.has(value)),
  );
  for (const node of order.reverse()) {
    const targets = node.inputs.flatMap((value, index) =>
      value !== undefined && needed.has(value) ? [{ value, index }] : [],
    );
    if (targets.length === 0 || node.outputs.every((value) => flowing.of(value) === undefined)) continue;
    const row = rules(node.op);
    const cotangents = node.outputs.map((value) => flowing.of(value) ?? zerosLike(value));
    const flow =
      row.body === undefined
        ? throughRule(row, node, targets, cotangents)
        : throughBody(row.body(node), node, targets, cotangents[0], options);
    for (const [value, cotangent] of flow) flowing.add(value, cotangent);
  }
  return wanted.map((value) => flowing.of(value) ?? zerosLike(value));
}
