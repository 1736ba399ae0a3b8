import { UsageError } from "../../errors/errors.js";
import { camelCase } from "../../errors/former-names.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Argument } from "../../nn/operations/argument.js";
import { findOperation, operationNames } from "../../nn/operations/catalogue.js";
import { Operation, type OperationRow } from "../../nn/operations/operation.js";
import type { Call } from "./deserialize-call.js";
import type { Generation } from "./generation.js";

/** What a file says of a layer, as far as it may be one of Keras's functions. */
interface MaybeOperation {
  readonly class_name: string;
  readonly module?: string | null | undefined;
  readonly config: unknown;
}

/**
 * Keras's module of a file's layer that is one of its functions: `x * 2` in a functional model is a `keras.src.ops.numpy.Multiply`.
 * The `.h5` files of Keras 3 say no modules; there, what is no layer has no `trainable`.
 *
 * @returns `undefined` for a layer
 */
export function moduleOfOperation(
  { class_name: className, module, config }: MaybeOperation,
  generation: Generation,
): string | undefined {
  if (typeof module === "string") return /\.ops\.|\.activations\.activations$/.test(module) ? module : undefined;
  const isLayer = generation < 3 || typeof config !== "object" || config === null || "trainable" in config;
  if (isLayer) return undefined;
  const name = operationNames().find((one) => one.endsWith(`.${className}`));
  return name === undefined ? undefined : `keras.src.ops.${name.slice(0, name.indexOf("."))}`;
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
