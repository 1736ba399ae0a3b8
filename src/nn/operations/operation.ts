import { ShapeError, UsageError, GraftError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { constant, Value } from "../../graph/value.js";
import { fromTensor, isTensor, type Tensor } from "../../runtime/runtime.js";
import type { CallContext } from "../context.js";
import { evaluate } from "../eager/evaluate.js";
import { Layer } from "../layer.js";
import { automaticName, snakeCase } from "../names.js";
import { presentContext } from "../scope.js";
import { type CallArguments, SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import type { Argument, EllipsisArgument, SliceArgument } from "./argument.js";
import { besideImages, describeOperand, inGraphOrder, inKerasOrder } from "./operand.js";

/** An argument as an operation computes with it: tensors are values in Keras's order of axes. */
export type Computable =
  Value | SliceArgument | EllipsisArgument | number | string | boolean | null | readonly Computable[];

/** Options of an operation: what Keras's constructor of it takes, by camelCase names. */
export type OperationOptions = Readonly<Record<string, unknown>>;

/** All that Graft knows of one of Keras's operations. */
export interface OperationRow {
  /** Its name in `ops`, for messages: `expandDims`. */
  readonly name: string;
  /** Keras's class, as files name it: `"ExpandDims"`. */
  readonly className: string;
  /** Keras's file of it in `keras.src.ops`: `"numpy"`. */
  readonly module: string;
  /** Names of the arguments of a call, in order: those that may be tensors. */
  readonly call: readonly string[];
  /** How many arguments a call must have; default all. */
  readonly required?: number;
  /** What else the function takes, in order, with the defaults; `undefined` where it must be said. */
  readonly options: OperationOptions;
  /** Those of the options that Keras's files say by name in the call rather than in the configuration. */
  readonly namedInCall?: readonly string[];
  /** Whether Keras's configuration of it leaves its name out. */
  readonly isNameless?: boolean;
  /** Whether its only argument is a list here, where Keras's call takes the entries one by one. */
  readonly isVariadic?: boolean;
  /** Whether every element is treated by itself, so that it may as well be computed in the graph's order of axes. */
  readonly isElementwise?: boolean;
  /** Whether `compute` wants values in the graph's order of axes, and gives them so; default: Keras's. */
  readonly wantsGraphOrder?: boolean;
  /** Writes it for values in Keras's order of axes. */
  readonly compute: (args: readonly Computable[], options: OperationOptions) => Value | readonly Value[];
}

/** Whether something is an object of options rather than an argument. */
function isOptions(given: unknown): given is OperationOptions {
  return typeof given === "object" && given !== null && Object.getPrototypeOf(given) === Object.prototype
    ? !("kind" in given)
    : false;
}

function valuesIn(argument: Computable): readonly Value[] {
  if (argument instanceof Value) return [argument];
  return Array.isArray(argument) ? (argument as readonly Computable[]).flatMap(valuesIn) : [];
}

function mapped(argument: Computable, change: (value: Value) => Value): Computable {
  if (argument instanceof Value) return change(argument);
  return Array.isArray(argument) ? (argument as readonly Computable[]).map((one) => mapped(one, change)) : argument;
}

function listed(result: Value | readonly Value[]): readonly Value[] {
  return result instanceof Value ? [result] : result;
}

/** Writes an operation for values in the graph's order of axes. */
function write(row: OperationRow, args: readonly Computable[], options: OperationOptions): readonly Value[] {
  const values = args.flatMap(valuesIn);
  if (row.isElementwise === true && values.some(({ rank }) => rank === 4)) {
    const beside = new Map(values.map((value) => [value, besideImages(value)]));
    if (values.every((value) => beside.get(value) !== undefined)) {
      return listed(
        row.compute(
          args.map((one) => mapped(one, (value) => beside.get(value) ?? value)),
          options,
        ),
      );
    }
  }
  if (row.wantsGraphOrder === true) return listed(row.compute(args, options));
  const results = row.compute(
    args.map((one) => mapped(one, inKerasOrder)),
    options,
  );
  return listed(results).map(inGraphOrder);
}

/** {@link write}, with the operation's name in front of what goes wrong. */
function writeNamed(row: OperationRow, args: readonly Computable[], options: OperationOptions): readonly Value[] {
  try {
    return write(row, args, options);
  } catch (error) {
    if (!(error instanceof GraftError) || error.message.startsWith("ops.")) throw error;
    throw new ShapeError(`ops.${row.name}: ${error.message}`, { subject: row.name, cause: error });
  }
}

/** Names of options as the function takes them. */
function checkedOptions(row: OperationRow, given: OperationOptions): OperationOptions {
  const known = [...row.call, ...Object.keys(row.options)];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`ops.${row.name} has no argument "${unknown}".`, {
      subject: unknown,
      expected: known.join(", "),
      received: unknown,
      advice: didYouMean(unknown, known),
    });
  }
  const missing = Object.keys(row.options).find((name) => row.options[name] === undefined && given[name] === undefined);
  if (missing !== undefined) {
    throw new UsageError(`ops.${row.name} needs to be told its ${missing}.`, {
      subject: missing,
      expected: `ops.${row.name}(${known.join(", ")})`,
      received: "nothing",
    });
  }
  return Object.fromEntries(Object.entries(row.options).map(([name, value]) => [name, given[name] ?? value]));
}

/**
 * One of Keras's operations in a functional model: what `ops.add(x, 1)` puts there. Its class in files is Keras's.
 *
 * @see https://keras.io/api/ops/
 */
export class Operation extends Layer {
  static readonly className: string = "Operation";
  readonly options: OperationOptions;

  /** @throws UsageError when an option is not known */
  constructor(
    readonly row: OperationRow,
    options: OperationOptions = {},
    name?: string,
  ) {
    super({ name: name ?? automaticName(row.className) });
    this.options = checkedOptions(row, options);
  }

  override get className(): string {
    return this.row.className;
  }

  protected override compute(
    inputs: readonly Value[],
    context: CallContext,
    { operands = [] }: CallArguments,
  ): readonly Value[] {
    return this.written(inputs, context, operands);
  }

  /** Writes the operation for values in the graph's order of axes, and arguments in which they stand by their numbers. */
  written(inputs: readonly Value[], context: CallContext, operands: readonly Argument[]): readonly Value[] {
    const resolve = (argument: Argument): Computable => {
      if (argument === null || typeof argument !== "object") return argument;
      if (!("kind" in argument)) return argument.map(resolve);
      switch (argument.kind) {
        case "input": {
          const value = inputs[argument.index];
          if (value === undefined) throw new TypeError(`The operation has no input ${argument.index}.`);
          return value;
        }
        case "array":
          return inGraphOrder(constant(argument.data));
        case "weight":
          return inGraphOrder(context.weight(argument.variable));
        case "slice":
        case "ellipsis":
          return argument;
      }
    };
    return writeNamed(this.row, operands.map(resolve), this.options);
  }

  /** Calls the operation on arguments as they are written down, and tensors for the places in them. */
  connectArguments(inputs: readonly SymbolicTensor[], operands: readonly Argument[]): readonly SymbolicTensor[] {
    return this.connect(inputs, inputs.length, undefined, { operands });
  }

  override getConfig(): Record<string, unknown> {
    const name = this.row.isNameless === true ? {} : { name: this.name };
    return { ...name, ...this.said((name) => this.row.namedInCall?.includes(name) !== true) };
  }

  /** Options that files say by name in the call. */
  get callConfig(): Record<string, unknown> {
    return this.said((name) => this.row.namedInCall?.includes(name) === true);
  }

  private said(which: (name: string) => boolean): Record<string, unknown> {
    const entries = Object.entries(this.options).filter(([name]) => which(name));
    return Object.fromEntries(entries.map(([name, value]) => [snakeCase(name), value]));
  }
}

/** What stands in an argument of a call. */
interface Gathered {
  readonly inputs: SymbolicTensor[];
  readonly arrays: Tensor[];
}

/** Writes an argument down, with tensors by their numbers: symbolic ones, or arrays where there are no others. */
function writtenDown(row: OperationRow, given: unknown, gathered: Gathered, arraysAreInputs: boolean): Argument {
  if (given instanceof SymbolicTensor) {
    const known = gathered.inputs.indexOf(given);
    return { kind: "input", index: known < 0 ? gathered.inputs.push(given) - 1 : known };
  }
  if (given instanceof Variable) return { kind: "weight", variable: given };
  if (isTensor(given)) {
    if (!arraysAreInputs) return { kind: "array", data: fromTensor(given) };
    return { kind: "input", index: gathered.arrays.push(given) - 1 };
  }
  if (given === null || typeof given === "number" || typeof given === "string" || typeof given === "boolean") {
    return given;
  }
  if (Array.isArray(given)) {
    return (given as readonly unknown[]).map((one) => writtenDown(row, one, gathered, arraysAreInputs));
  }
  if (typeof given === "object" && "kind" in given) return given as Argument;
  throw new UsageError(`ops.${row.name} cannot compute with this.`, {
    subject: row.name,
    expected: "symbolic tensors, weights, arrays (Tensor) or numbers",
    received: describeOperand(given),
    advice: given instanceof Promise ? "Await what ops gives for arrays." : undefined,
  });
}

function contains(given: unknown, test: (one: unknown) => boolean): boolean {
  return Array.isArray(given) ? given.some((one) => contains(one, test)) : test(given);
}

/** Arguments as they were given to a function, sorted into those of the call and options. */
function sorted(
  row: OperationRow,
  given: readonly unknown[],
): { readonly args: readonly unknown[]; readonly options: OperationOptions } {
  const last = given.at(-1);
  const named = isOptions(last) ? last : {};
  const placed = isOptions(last) ? given.slice(0, -1) : given;
  const names = Object.keys(row.options);
  const options: Record<string, unknown> = {};
  placed.slice(row.call.length).forEach((value, index) => {
    const name = names[index];
    if (name === undefined) {
      throw new UsageError(`ops.${row.name} was given too many arguments.`, {
        subject: row.name,
        expected: [...row.call, ...names].join(", "),
        received: `${placed.length} arguments`,
      });
    }
    options[name] = value;
  });
  const args = row.call.map((name, index) => placed[index] ?? named[name]);
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  if (args.length < (row.required ?? row.call.length)) {
    throw new UsageError(`ops.${row.name} was given too few arguments.`, {
      subject: row.name,
      expected: [...row.call, ...names].join(", "),
      received: `${args.length} ${args.length === 1 ? "argument" : "arguments"}`,
    });
  }
  const others = Object.entries({ ...options, ...named }).filter(([name]) => !row.call.includes(name));
  return { args, options: Object.fromEntries(others) };
}

/**
 * Calls one of Keras's operations as a function: on placeholders it is added to a functional model, inside of `call` it
 * becomes part of what is computed, of arrays and numbers alone it is computed at once.
 */
export function callOperation(
  row: OperationRow,
  given: readonly unknown[],
): readonly SymbolicTensor[] | Promise<readonly Tensor[]> {
  const { args, options } = sorted(row, given);
  const context = presentContext();
  const isSymbolic = args.some((one) => contains(one, (part) => part instanceof SymbolicTensor));
  const gathered: Gathered = { inputs: [], arrays: [] };
  const inCall = context !== undefined || isSymbolic;
  const operands = args.map((one) => writtenDown(row, one === undefined ? null : one, gathered, !inCall));
  const traced = gathered.inputs.find((tensor) => tensor.traced !== undefined)?.traced?.context ?? context;
  const inTrace = traced !== undefined && gathered.inputs.every((tensor) => tensor.traced !== undefined);
  // A name is given only where something will be seen of it.
  const operation = new Operation(row, options, inCall && !inTrace ? undefined : row.name);
  if (inTrace) {
    const values = gathered.inputs.flatMap((tensor) => tensor.traced?.value ?? []);
    return operation.written(values, traced, operands).map((value) => SymbolicTensor.of(value, traced));
  }
  if (isSymbolic) return operation.connectArguments(gathered.inputs, operands);
  return evaluate(gathered.arrays, false, (values, own) => operation.written(values, own, operands));
}

/** A function of `ops`, with what is known of it. */
export type OperationFunction<F> = F & { readonly row: OperationRow };

/** The function of an operation with one output. */
export function operation<F>(row: OperationRow): OperationFunction<F> {
  const call = (...given: readonly unknown[]): unknown => {
    const outputs = callOperation(row, given);
    return outputs instanceof Promise ? outputs.then(([only]) => only) : outputs[0];
  };
  return Object.assign(call, { row }) as unknown as OperationFunction<F>;
}

/** The function of an operation with a list of outputs. */
export function listOperation<F>(row: OperationRow): OperationFunction<F> {
  const call = (...given: readonly unknown[]): unknown => callOperation(row, given);
  return Object.assign(call, { row }) as unknown as OperationFunction<F>;
}
