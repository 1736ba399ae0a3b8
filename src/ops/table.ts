import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { Node, Value } from "../graph/value.js";
import type { OpRow } from "./define.js";
import * as activations from "./activations.js";
import * as attention from "./attention.js";
import * as col2Im from "./col2im.js";
import * as comparison from "./comparison.js";
import * as convolution from "./convolution.js";
import * as convolutionHwnc from "./convolution-hwnc.js";
import * as crop from "./crop.js";
import * as einsum from "./einsum.js";
import * as elementwise from "./elementwise.js";
import * as indexing from "./indexing.js";
import * as joining from "./joining.js";
import * as layout from "./layout.js";
import * as matmul from "./matmul.js";
import * as normalization from "./normalization.js";
import * as pooling from "./pooling.js";
import * as quantization from "./quantization.js";
import * as reduction from "./reduction.js";
import * as resampling from "./resampling.js";
import * as reshaping from "./reshape.js";
import * as rotaryEmbedding from "./rotary-embedding.js";
import * as slicing from "./slicing.js";
import * as softmax from "./softmax.js";
import * as takeRows from "./take-rows.js";
import * as triangles from "./triangles.js";

const exported = {
  ...activations,
  ...attention,
  ...col2Im,
  ...comparison,
  ...convolution,
  ...convolutionHwnc,
  ...crop,
  ...einsum,
  ...elementwise,
  ...indexing,
  ...joining,
  ...layout,
  ...matmul,
  ...normalization,
  ...pooling,
  ...quantization,
  ...reduction,
  ...resampling,
  ...reshaping,
  ...rotaryEmbedding,
  ...slicing,
  ...softmax,
  ...takeRows,
  ...triangles,
};

type Exported = (typeof exported)[keyof typeof exported];
/** Rows of the operators among the exports; beside them there are shorter ways to call operators. */
type Row = Extract<Exported, { readonly row: OpRow }>["row"];

/** The ONNX name of an operator that Graft has. */
export type OperatorName = Row["op"];

/** The ONNX name of an operator that has no derivative anywhere. */
export type NonDifferentiableName = Extract<Row, { readonly nonDifferentiable: true }>["op"];

/** The ONNX name of an operator that has a derivative. */
export type DifferentiableName = Exclude<OperatorName, NonDifferentiableName>;

const rows: ReadonlyMap<string, Row> = new Map(
  Object.values(exported).flatMap((operator) =>
    typeof operator === "function" && "row" in operator ? [[operator.row.op, operator.row] as const] : [],
  ),
);

/**
 * The row of an operator.
 *
 * @param op its ONNX name
 * @throws UsageError when Graft has no such operator
 */
export function rowOf(op: string): OpRow {
  const row = rows.get(op);
  if (row === undefined) {
    throw new UsageError(`Graft has no operator "${op}".`, {
      subject: op,
      expected: "an operator of src/ops",
      received: op,
      advice: didYouMean(op, rows.keys()),
    });
  }
  return row;
}

/** Whether Graft has an operator of this ONNX name. */
export function isOperatorName(op: string): op is OperatorName {
  return rows.has(op);
}

/** Names of all operators. */
export function operatorNames(): OperatorName[] {
  return [...rows.values()].map(({ op }) => op);
}

/** The same call on other inputs, of which the types and shapes are inferred anew; `attributes` replace those of the node. */
export function recreate(
  node: Node,
  inputs: readonly (Value | undefined)[],
  attributes: Readonly<Record<string, unknown>> = {},
): Node {
  const plain = Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
  return rowOf(node.op).create(inputs, { ...plain, ...attributes });
}
