import type { OnnxModel, OnnxNode } from "../../onnx/model.js";
import { isOperatorName } from "../../ops/table.js";
import { contributed, contributedDomain } from "./contributed.js";
import { hasRule } from "./known-numbers.js";
import { recurrentOperators } from "./recurrent.js";

/** Operators that have no row, since what a file does with them is written with others when it is read. */
const rewritten: ReadonlySet<string> = new Set([
  ...["CastLike", "Constant", "ConstantOfShape", "Dropout", "If", "Sum", "Upsample"],
  ...["SplitToSequence", "SequenceConstruct", "SequenceAt", "ConcatFromSequence"],
  ...recurrentOperators,
]);

/** An operator that Graft does not have, and the nodes that need it. */
export interface MissingOperator {
  readonly op: string;
  /** `""` for the standard domain. */
  readonly domain: string;
  readonly nodes: readonly string[];
}

function isKnown({ op, domain }: OnnxNode): boolean {
  if (domain === contributedDomain) return contributed(op) !== undefined;
  return domain === "" && (isOperatorName(op) || hasRule(op) || rewritten.has(op));
}

/** Operators of a file that Graft has no row for, in the order in which they come. */
export function missingOperators({ nodes }: OnnxModel): readonly MissingOperator[] {
  const missing = new Map<string, { readonly op: string; readonly domain: string; readonly nodes: string[] }>();
  for (const node of nodes) {
    if (isKnown(node)) continue;
    const key = `${node.domain} ${node.op}`;
    const known = missing.get(key) ?? { op: node.op, domain: node.domain, nodes: [] };
    known.nodes.push(node.name);
    missing.set(key, known);
  }
  return [...missing.values()];
}
