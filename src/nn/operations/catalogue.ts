import { ownRows } from "../activations/functions.js";
import * as operations from "./index.js";
import type { OperationRow } from "./operation.js";

function named(row: OperationRow): [string, OperationRow] {
  return [`${row.module}.${row.className}`, row];
}

/** All operations, by Keras's names of their files and classes: `numpy.Add`. */
const byName: ReadonlyMap<string, OperationRow> = new Map(
  [...Object.values(operations), ...Object.values(operations.image)]
    .flatMap((one): [string, OperationRow][] => (typeof one === "function" && "row" in one ? [named(one.row)] : []))
    .concat(ownRows.map(named)),
);

/**
 * One of Keras's operations.
 *
 * @param module Keras's module: `"keras.src.ops.numpy"`
 * @param className Keras's class: `"Add"`
 */
export function findOperation(module: string, className: string): OperationRow | undefined {
  return byName.get(`${module.replace(/^.*\.ops\./, "")}.${className}`);
}

/** Keras's names of all operations: `numpy.Add`. */
export function operationNames(): string[] {
  return [...byName.keys()];
}
