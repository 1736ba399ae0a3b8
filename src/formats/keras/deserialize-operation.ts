import { z } from "zod";
import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Argument } from "../../nn/operations/argument.js";
import { findOperation, operationNames } from "../../nn/operations/catalogue.js";
import { Operation, type OperationRow } from "../../nn/operations/operation.js";
import { camelCase } from "../../nn/names.js";
import type { Call } from "./deserialize-call.js";

/** Whether a file's layer is one of Keras's functions: `x * 2` in a functional model is a `keras.src.ops.numpy.Multiply`. */
export function isOperation(module: string | null | undefined): module is string {
  return typeof module === "string" && /\.ops\.|\.activations\.activations$/.test(module);
}

/** Keras 2's names of operations, which are TensorFlow's. */
const oldNames: Readonly<Record<string, string>> = {
  "__operators__.add": "Add",
  "math.add": "Add",
  "math.subtract": "Subtract",
  "math.multiply": "Multiply",
  "math.divide": "Divide",
  "math.truediv": "TrueDivide",
  "math.maximum": "Maximum",
  "math.minimum": "Minimum",
};

/** The operation of a `TFOpLambda`, as which Keras 2 wrote arithmetic on tensors: Keras 3's name of it. */
export function oldOperation(config: unknown): string {
  const named = z.looseObject({ function: z.string() }).safeParse(config);
  const name = named.success ? named.data.function : "?";
  return oldNames[name] ?? `tf.${name}`;
}

/** What a file says of an operation. */
export interface SerializedOperation {
  /** Keras's module: `"keras.src.ops.numpy"`. */
  readonly module: string;
  /** Keras's class: `"Add"`. */
  readonly className: string;
  /** The layer's name. */
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The operation of a functional model that a file says.
 *
 * @param calls its calls; what they say by name may be an option here
 * @throws UsageError for an operation or an argument that Graft does not have
 */
export function operationLayer(
  { module, className, name, config }: SerializedOperation,
  calls: readonly Call[],
): Operation {
  const row = findOperation(module, className);
  if (row === undefined) {
    throw new UsageError(`Graft has no operation "${className}".`, {
      subject: className,
      expected: "one of the functions of ops, or one of Keras's layers",
      received: `${module}.${className}`,
      advice:
        didYouMean(`${module.replace(/^.*\.ops\./, "")}.${className}`, operationNames()) ??
        "Replace it by one of Keras's layers, or export the model as ONNX and load that.",
    });
  }
  const said = Object.assign({}, config, ...calls.map(({ named = {} }) => optionsIn(row, named))) as typeof config;
  const options = Object.entries(said)
    .filter(([key, value]) => key !== "name" && (value !== null || camelCase(key) in row.options))
    .map(([key, value]) => [camelCase(key), value]);
  return new Operation(row, Object.fromEntries(options) as Readonly<Record<string, unknown>>, name);
}

function optionsIn(row: OperationRow, named: Readonly<Record<string, Argument>>): Record<string, Argument> {
  return Object.fromEntries(Object.entries(named).filter(([name]) => !row.call.includes(camelCase(name))));
}

/** All arguments of a call in their places: those that a file says by name, too. */
export function operandsOf({ row }: Operation, { operands = [], named = {} }: Call): readonly Argument[] {
  const all: (Argument | undefined)[] = row.isVariadic === true ? [operands] : [...operands];
  for (const [name, argument] of Object.entries(named)) {
    const place = row.call.indexOf(camelCase(name));
    if (place >= 0) all[place] = argument;
  }
  return Array.from(all, (argument) => argument ?? null);
}
