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
  const accumulated = new Map<Value, Value>();
  const accumulate = (value: Value, cotangent: Value): void => {
    const reduced = sumToShape(cotangent, value.shape);
    if (!sameShape(reduced.shape, value.shape)) {
      throw new ShapeError("A gradient rule returned a cotangent of the wrong shape.", {
        subject: value.source.kind === "node" ? value.source.node.op : value.source.kind,
        expected: formatShape(value.shape),
        received: formatShape(cotangent.shape),
      });
    }
    const sum = accumulated.get(value);
    accumulated.set(value, sum === undefined ? reduced : add(sum, reduced));
  };
  accumulate(output, options.cotangent ?? scalarLike(output, 1));

  const visit = (node: Node): void => {
    const flowing = node.outputs.map((value) => accumulated.get(value));
    const targets = node.inputs.flatMap((value, index) =>
      value !== undefined && needed.has(value) ? [{ value, index }] : [],
    );
    if (targets.length === 0 || flowing.every((cotangent) => cotangent === undefined)) return;
    const row = rules(node.op);
    const cotangents = node.outputs.map((value, index) => flowing[index] ?? zerosLike(value));
    if (row.body !== undefined) {
      const [cotangent] = cotangents;
      // An input that is given twice gets the sum of both uses at once.
      const distinct = [...new Set(targets.map(({ value }) => value))];
      const through = gradients(row.body(node), distinct, {
        ...options,
        cotangent,
        // The inputs' own past is this call's business: followed here too, it would be counted twice.
        stopAt: new Set(node.inputs.filter((value) => value !== undefined)),
      });
      distinct.forEach((value, index) => {
        const cotangentOfInput = through[index];
        if (cotangentOfInput !== undefined) accumulate(value, cotangentOfInput);
      });
      return;
    }
    if (row.vjp === undefined) {
      throw new UsageError(`${node.op} has no derivative, and a trainable weight lies behind it.`, {
        subject: node.op,
        expected: "only differentiable operators between a trainable weight and the loss",
        received: node.op,
        advice: "Freeze the weights that reach the loss only through it.",
      });
    }
    for (const { value, index } of targets) {
      const cotangent = row.vjp(node, index, cotangents);
      if (cotangent !== undefined) accumulate(value, cotangent);
    }
  };
  const order = nodesInOrder([output], options.stopAt).filter((node) =>
    node.outputs.some((value) => needed.has(value)),
  );
  for (const node of order.reverse()) visit(node);
  return wanted.map((value) => accumulated.get(value) ?? zerosLike(value));
}
