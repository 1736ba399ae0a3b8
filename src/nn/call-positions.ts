import { isTensor, type Tensor } from "../runtime/runtime.js";
import { isPlainObject, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import type { Positions } from "./positions.js";
import { SymbolicTensor } from "./symbolic-tensor.js";
import { Variable } from "./variable.js";

/** Something that a layer is called on: a tensor, an array, a weight, or a list of them. */
function isInput(value: unknown): boolean {
  return value instanceof SymbolicTensor || isTensor(value) || value instanceof Variable || Array.isArray(value);
}

/** The arguments of a call: all that it is called on in one list, how that was given, and the options behind. */
export interface CallGiven {
  readonly inputs: readonly unknown[];
  readonly positions: Positions;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Takes the arguments of `apply` apart: tensors or lists of them by position, and one object of options at the end.
 *
 * @param owner whose call it is, for messages
 * @param names of inputs that may be given in the options, in the order of positions; what stands there goes behind those by
 * position
 * @throws UsageError for what is neither, and for an input that is given twice or left out
 */
export function takeCall(owner: string, given: readonly unknown[], names: readonly string[]): CallGiven {
  const end = given.findLastIndex((one, index) => index === 0 || (one !== undefined && one !== null)) + 1;
  const all = given.slice(0, end);
  const [first] = all;
  const isNamed = all.length === 1 && isPlainObject(first) && names.some((name) => name in first);
  const last = all.at(-1);
  const hasOptions = isNamed || (all.length > 1 && !isInput(last));
  const byPosition = hasOptions ? all.slice(0, -1) : all;
  const options = hasOptions ? last : {};
  const strange = byPosition.slice(1).find((one) => !isInput(one));
  if (strange !== undefined || !isPlainObject(options)) {
    refuse(owner, "options", "an object, such as { training: false }", strange ?? options);
  }
  const inputs: unknown[] = byPosition.flat();
  const named = names.filter((name) => options[name] !== undefined);
  const missing = names
    .slice(0, inputs.length + named.length)
    .find((name, place) => place >= inputs.length && !named.includes(name));
  const twice = named.find((name) => names.indexOf(name) < inputs.length);
  if (twice !== undefined || missing !== undefined) {
    throw new UsageError(
      `${owner} was ${twice === undefined ? "not given" : "given twice"} its ${twice ?? missing ?? ""}.`,
      {
        subject: twice ?? missing ?? "",
        expected: `${names.join(", ")} by position or by name, each once`,
        received: `${inputs.length} by position, and ${named.join(", ") || "none"} by name`,
      },
    );
  }
  const others = Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
  return {
    inputs: [...inputs, ...named.map((name) => options[name])],
    positions: byPosition.length > 1 ? byPosition.map((one) => (Array.isArray(one) ? one.length : null)) : undefined,
    options: others,
  };
}

/** What a layer may be called on. */
export type Inputs<T extends SymbolicTensor | Tensor> = T | readonly T[];
