import { UsageError } from "../../../errors/errors.js";
import type { Value } from "../../../graph/value.js";
import { elementwiseOperators } from "./elementwise.js";
import { layoutOperators } from "./layout.js";
import type { Known, NodeInputs, Operator } from "./node-inputs.js";
import { pictureOperators } from "./pictures.js";
import { productOperators } from "./products.js";
import { reductionOperators } from "./reductions.js";
import { windowOperators } from "./windows.js";

/** TensorFlow's operators by name, family by family. */
const operators: ReadonlyMap<string, Operator> = new Map(
  [
    elementwiseOperators,
    windowOperators,
    productOperators,
    reductionOperators,
    pictureOperators,
    layoutOperators,
  ].flatMap((family) => Object.entries(family)),
);

/**
 * What a node gives, output by output.
 *
 * @throws UsageError when Graft does not have the operator, or not with these inputs
 */
export function importOperator(inputs: NodeInputs): readonly Known[] {
  const { name, op } = inputs.node;
  const operator = operators.get(op);
  if (operator === undefined) {
    throw new UsageError(`Graft does not have TensorFlow's operator "${op}".`, {
      subject: name,
      expected: "operators of networks for images",
      received: op,
    });
  }
  const made = operator(inputs);
  const list = Array.isArray(made) ? (made as readonly (Value | Known)[]) : [made as Value | Known];
  return list.map((one) => ("kind" in one ? one : { kind: "value", value: one }));
}
