import type { Attribute } from "../onnx/model.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { UsageError } from "../errors/errors.js";
import { Node, type Value, type ValueType } from "../graph/value.js";

/** The plain form of each kind of attribute, as rules and callers use it. */
interface AttributeForms {
  int: number;
  float: number;
  string: string;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
  tensor: TensorData;
}

/** Kinds of attributes by name; `"ints"` and so on. */
export type AttributeKinds = Readonly<Record<string, keyof AttributeForms>>;

/** Plain attributes: each may be absent, and then ONNX's default holds. */
export type Attributes<K extends AttributeKinds> = { readonly [N in keyof K]?: AttributeForms[K[N]] | undefined };

/** A name without the question mark that says that the input or output may be absent. */
type BareName<I extends string> = I extends `${infer Name}?` ? Name : I;
type InputValues<I extends string> = {
  readonly [N in I as BareName<N>]: N extends `${string}?` ? Value | undefined : Value;
};
type OutputValues<O extends string> = Readonly<Record<BareName<O>, Value>>;
type Cotangents<O extends string> = { readonly [N in O as `d${BareName<N>}`]: Value };
type OutputTypes<O extends string> = Readonly<Record<BareName<O>, ValueType>>;

/** What inference, bodies and rules are given beside the values. */
interface WithAttributes<K extends AttributeKinds> {
  readonly attributes: Attributes<K>;
}

/** What a rule is given: inputs, outputs, the cotangent `d<name>` of each output, attributes. */
type RuleArguments<I extends string, O extends string, K extends AttributeKinds> = InputValues<I> &
  OutputValues<O> &
  Cotangents<O> &
  WithAttributes<K>;

/**
 * The cotangent of one input, or `"none"` where there is none to be had (an index, a shape); a rule that returns
 * `undefined` says so for this call only.
 *
 * A rule may return a value of the shape that the input was broadcast to: the sum down to the input's own shape is taken
 * by `src/autodiff`, as are accumulation and the question whether the rule is needed at all.
 */
type Rule<I extends string, O extends string, K extends AttributeKinds> =
  ((args: RuleArguments<I, O, K>) => Value | undefined) | "none";

/** How an operator is differentiated: exactly one of three ways, of which its type says whether it is the third. */
type Derivative<I extends string, O extends string, K extends AttributeKinds, N extends boolean> = N extends true
  ? { readonly nonDifferentiable: true }
  : | { readonly vjp: Readonly<Record<BareName<I>, Rule<I, O, K>>> }
    | { readonly body: (args: InputValues<I> & WithAttributes<K>) => Value };

/** Everything that Graft knows of an operator with a fixed list of inputs. */
type Definition<I extends string, O extends string, K extends AttributeKinds, N extends boolean> = Derivative<
  I,
  O,
  K,
  N
> & {
  /** First version of the standard operator set in which the operator is what this row says. */
  readonly since: number;
  /** Names of the inputs in order; `"b?"` may be absent. */
  readonly inputs: readonly I[];
  /** Names of the outputs in order; `"indices?"`, at the end, is left out of files where nobody uses it. */
  readonly outputs: readonly O[];
  readonly attributes?: K;
  /** Types and shapes of the outputs; throws a ShapeError for inputs that do not fit. */
  readonly infer: (args: InputValues<I> & WithAttributes<K>) => OutputTypes<O>;
  /**
   * For an operator that no runtime has: how it is written with standard operators. It stands in a graph while that is
   * built and differentiated, and is expanded before the graph is run.
   */
  readonly expand?: (args: InputValues<I> & WithAttributes<K>) => Value;
};

/**
 * A definition as passes over graphs use it: of its types only the operator's name and whether it is non-differentiable are
 * left, from which the table makes the unions of names.
 */
export interface OpRow<Name extends string = string, N extends boolean = boolean> {
  readonly op: Name;
  readonly since: number;
  /** Names of the inputs, or `"variadic"`. */
  readonly inputs: readonly string[] | "variadic";
  readonly outputs: readonly string[];
  readonly attributeKinds: AttributeKinds;
  /** Makes a node, after checking and inferring. */
  readonly create: (inputs: readonly (Value | undefined)[], attributes: Readonly<Record<string, unknown>>) => Node;
  /** Whether the operator has no derivative anywhere. */
  readonly nonDifferentiable: N;
  /** The cotangent of input `index`, or `undefined` where the rule says `"none"`. */
  readonly vjp: ((node: Node, index: number, cotangents: readonly Value[]) => Value | undefined) | undefined;
  /** The same computation in other operators, for differentiating through it. */
  readonly body: ((node: Node) => Value) | undefined;
  /** The same computation in standard operators, for an operator that no runtime has. */
  readonly expand: ((node: Node) => Value) | undefined;
}

/** An operator of an ONNX name that can be called on values; `A` are its arguments, `R` what it returns. */
export interface Op<Name extends string, A extends readonly unknown[], R = Value, N extends boolean = false> {
  (...args: A): R;
  readonly row: OpRow<Name, N>;
}

/** An operator that has no derivative anywhere, and so needs no sample. */
export type NonDifferentiableOp<Name extends string, A extends readonly unknown[]> = Op<Name, A, Value, true>;

/**
 * Attributes as a node holds them; those that are `undefined` are left out.
 *
 * @throws UsageError when the operator has no attribute of that name
 */
export function encode(
  op: string,
  kinds: AttributeKinds,
  plain: Readonly<Record<string, unknown>>,
): Record<string, Attribute> {
  const encoded: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined) continue;
    const type = kinds[name];
    if (type === undefined) {
      throw new UsageError(`${op} has no attribute "${name}".`, {
        subject: op,
        expected: Object.keys(kinds).join(", ") || "no attributes",
        received: name === "" ? "an empty name" : name,
      });
    }
    encoded[name] = { type, value } as Attribute;
  }
  return encoded;
}

function decode(node: Node): Record<string, unknown> {
  return Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
}

/** A name without its question mark. */
function bare(name: string): string {
  return name.replace(/\?$/, "");
}

/** Pairs names with values; absent optional inputs stay `undefined`. */
function byName(names: readonly string[], values: readonly (Value | undefined)[]): Record<string, Value | undefined> {
  return Object.fromEntries(names.map((name, index) => [bare(name), values[index]]));
}

/** @throws UsageError when an input is missing that must be there */
function checkInputs(op: string, names: readonly string[], inputs: readonly (Value | undefined)[]): void {
  names.forEach((name, index) => {
    if (inputs[index] !== undefined || name.endsWith("?")) return;
    throw new UsageError(`${op} lacks its input "${name}".`, {
      subject: op,
      expected: names.join(", "),
      received: `${inputs.filter((value) => value !== undefined).length} inputs`,
    });
  });
}

/** The rules of an operator as passes call them: by a node and the number of an input. */
function byRules(
  names: readonly string[],
  outputNames: readonly string[],
  rules: Readonly<Record<string, ((args: never) => Value | undefined) | "none">>,
): OpRow["vjp"] {
  return (node, index, cotangents) => {
    const rule = rules[bare(names[index] ?? "")];
    if (rule === undefined || rule === "none") return undefined;
    const derivatives = byName(
      outputNames.map((output) => `d${output}`),
      cotangents,
    );
    return rule({
      ...byName(names, node.inputs),
      ...byName(outputNames, node.outputs),
      ...derivatives,
      attributes: decode(node),
    } as never);
  };
}

/**
 * Defines an operator: its name, versions, shapes and derivative in one place.
 *
 * The constant that it is kept in says in its type the name, the arguments, and whether there is no derivative: rules call
 * each other, so the compiler could not find that out. What it says must agree with the definition.
 *
 * @param op the operator's ONNX name
 * @param definition see {@link Definition}
 */
export function defineOp<
  Name extends string,
  const I extends string,
  const O extends string,
  A extends readonly unknown[],
  R,
  const K extends AttributeKinds = Record<never, never>,
  N extends boolean = false,
>(op: Name, definition: Definition<I, O, K, N>): Op<Name, A, R, N> {
  const kinds: AttributeKinds = definition.attributes ?? {};
  const names = definition.inputs;
  const outputNames = definition.outputs.map((name) => bare(name) as BareName<O>);
  const argumentsOf = (inputs: readonly (Value | undefined)[], attributes: unknown): never =>
    ({ ...byName(names, inputs), attributes }) as never;

  const create: OpRow["create"] = (inputs, attributes) => {
    checkInputs(op, names, inputs);
    const types = definition.infer(argumentsOf(inputs, attributes));
    return new Node(
      op,
      trimmed(inputs),
      encode(op, kinds, attributes),
      outputNames.map((name) => types[name]),
      definition.outputs.filter((name) => !name.endsWith("?")).length,
    );
  };

  const row: OpRow<Name> = {
    op,
    since: definition.since,
    inputs: names.map(bare),
    outputs: outputNames,
    attributeKinds: kinds,
    create,
    nonDifferentiable: "nonDifferentiable" in definition,
    vjp: "vjp" in definition ? byRules(names, outputNames, definition.vjp) : undefined,
    body: "body" in definition ? (node) => definition.body(argumentsOf(node.inputs, decode(node))) : undefined,
    expand: definition.expand && expansion(definition.expand),
  };

  function expansion(expand: NonNullable<typeof definition.expand>): (node: Node) => Value {
    return (node) => expand(argumentsOf(node.inputs, decode(node)));
  }

  const call = (...args: readonly unknown[]): unknown => {
    const inputs = args.slice(0, names.length) as (Value | undefined)[];
    const attributes = (args[names.length] ?? {}) as Readonly<Record<string, unknown>>;
    const node = create(inputs, attributes);
    return definition.outputs.length === 1 ? only(node.outputs) : byName(outputNames, node.outputs);
  };
  return Object.assign(call, { row }) as unknown as Op<Name, A, R, N>;
}

function only(outputs: readonly Value[]): Value {
  const [y] = outputs;
  if (y === undefined) throw new TypeError("An operator made no output.");
  return y;
}

/** Drops absent inputs at the end, which ONNX leaves out. */
function trimmed(inputs: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  const last = inputs.findLastIndex((value) => value !== undefined);
  return inputs.slice(0, last + 1);
}

/** Everything that Graft knows of an operator with any number of inputs and one output. */
interface VariadicDefinition<K extends AttributeKinds> {
  readonly since: number;
  readonly attributes?: K;
  readonly infer: (args: { readonly inputs: readonly Value[] } & WithAttributes<K>) => ValueType;
  /** The cotangent of input `index`. */
  readonly vjp: (
    args: {
      readonly inputs: readonly Value[];
      readonly index: number;
      readonly y: Value;
      readonly dy: Value;
    } & WithAttributes<K>,
  ) => Value;
}

/** Defines an operator with any number of inputs, such as Concat; it is called with a list of values and the attributes. */
export function defineVariadic<Name extends string, const K extends AttributeKinds = Record<never, never>>(
  op: Name,
  definition: VariadicDefinition<K>,
): Op<Name, [inputs: readonly Value[], attributes?: Attributes<K>]> {
  const kinds: AttributeKinds = definition.attributes ?? {};
  const present = (inputs: readonly (Value | undefined)[]): readonly Value[] =>
    inputs.filter((value): value is Value => value !== undefined);
  const create = (inputs: readonly (Value | undefined)[], attributes: Readonly<Record<string, unknown>>): Node => {
    const type = definition.infer({ inputs: present(inputs), attributes: attributes as Attributes<K> });
    return new Node(op, inputs, encode(op, kinds, attributes), [type]);
  };
  const row: OpRow<Name, false> = {
    op,
    since: definition.since,
    inputs: "variadic",
    outputs: ["y"],
    attributeKinds: kinds,
    create,
    nonDifferentiable: false,
    vjp: (node, index, [dy]) => {
      const [y] = node.outputs;
      if (y === undefined || dy === undefined) return undefined;
      return definition.vjp({ inputs: present(node.inputs), index, y, dy, attributes: decode(node) as Attributes<K> });
    },
    body: undefined,
    expand: undefined,
  };
  const call = (inputs: readonly Value[], attributes: Attributes<K> = {}): Value => {
    const { outputs } = create(inputs, attributes);
    return only(outputs);
  };
  return Object.assign(call, { row });
}
