import { z } from "zod";
import { FileError, UsageError } from "../../errors/errors.js";
import type { Argument } from "../../nn/operations/argument.js";
import type { CallArguments, MaskName } from "../../nn/symbolic-tensor.js";
import { readArgument } from "./deserialize-argument.js";

/** A tensor of a functional model: an output of a call of a layer. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A call of a layer, as a file says it. */
export interface Call {
  readonly inputs: readonly Reference[];
  /** For operations: all arguments, with the inputs by their numbers; `x * 2` is a call, too. */
  readonly operands?: readonly Argument[] | undefined;
  /** For operations: what a file says by name. */
  readonly named?: Readonly<Record<string, Argument>> | undefined;
  readonly training: false | undefined;
  /** What the layer is told; its masks stand behind the inputs. */
  readonly told: CallArguments;
  /** Whether it is written in Keras 2's way, as lists. */
  readonly isOld: boolean;
}

const tensorSchema = z.looseObject({
  class_name: z.literal("__keras_tensor__"),
  config: z.looseObject({ keras_history: z.tuple([z.string(), z.number(), z.number()]) }),
});

const callSchema = z.looseObject({ args: z.array(z.unknown()), kwargs: z.record(z.string(), z.unknown()).default({}) });

/** Arguments by name that are tensors, in the order in which Graft takes them: those of MultiHeadAttention. */
const tensorArguments = ["inputs", "query", "value", "key"];

/** Arguments by name that are masks. */
const maskArguments: readonly MaskName[] = ["attention_mask", "mask"];

/** Arguments by name that are truth values. */
const flags = { use_causal_mask: "useCausalMask", return_attention_scores: "returnAttentionScores" } as const;

/** Whether this is `[layer, call, output]`, perhaps with arguments behind. */
export function isReference(data: unknown): data is [string, number, number, unknown?] {
  return (
    Array.isArray(data) && typeof data[0] === "string" && typeof data[1] === "number" && typeof data[2] === "number"
  );
}

function reference([layer, call, output]: readonly [string, number, number, unknown?]): Reference {
  return { layer, call, output };
}

/** All tensors in an argument, in order; `undefined` when something else is in it. */
function tensorsIn(argument: unknown): Reference[] | undefined {
  if (Array.isArray(argument)) {
    const parts = argument.map(tensorsIn);
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  const tensor = tensorSchema.safeParse(argument);
  return tensor.success ? [reference(tensor.data.config.keras_history)] : undefined;
}

/**
 * Options of a call: `training`, and tensors by name.
 *
 * @param isOld whether Keras 2 wrote it, where `training=True` holds for predictions too
 */
function options(
  kwargs: Readonly<Record<string, unknown>>,
  isOld: boolean,
): Pick<Call, "inputs" | "training" | "told"> & { readonly masks: readonly Reference[] } {
  const tensors = new Map<string, readonly Reference[]>();
  const told: Record<string, boolean> = {};
  for (const [name, value] of Object.entries(kwargs)) {
    // What is null or false is left out, but for `training`.
    if (value === null || value === undefined || value === false) continue;
    // Keras 3 writes the default of layers like Resizing, and a model's own `training` stands above it in every call.
    if (name === "training" && value === true && !isOld) continue;
    const found = isReference(value) ? [reference(value)] : tensorsIn(value);
    const known: readonly string[] = [...tensorArguments, ...maskArguments];
    if (found !== undefined && known.includes(name)) tensors.set(name, found);
    else if (value === true && Object.hasOwn(flags, name)) told[flags[name as keyof typeof flags]] = true;
    else {
      throw new UsageError(`Graft cannot call a layer with the argument "${name}".`, {
        subject: name,
        expected: "training=False, or tensors",
        received: JSON.stringify(value),
      });
    }
  }
  const masks = maskArguments.filter((name) => tensors.has(name));
  return {
    inputs: tensorArguments.flatMap((name) => tensors.get(name) ?? []),
    masks: masks.flatMap((name) => tensors.get(name) ?? []),
    training: kwargs["training"] === false ? false : undefined,
    told: masks.length === 0 ? told : { ...told, masks },
  };
}

/** A list of `[layer, call, output, arguments]`, as Keras 2 writes a call. */
function oldCall(node: readonly unknown[]): Call {
  const tensors = isReference(node) ? [node] : node;
  const parts = tensors.map((item) => {
    if (!isReference(item)) throw unreadable(node);
    const kwargs = z.record(z.string(), z.unknown()).safeParse(item[3] ?? {});
    if (!kwargs.success) throw unreadable(node);
    const { inputs, masks, training, told } = options(kwargs.data, true);
    return { inputs: [reference(item), ...inputs], masks, training, told };
  });
  return {
    inputs: [...parts.flatMap(({ inputs }) => inputs), ...parts.flatMap(({ masks }) => masks)],
    told: Object.assign({}, ...parts.map(({ told }) => told)) as CallArguments,
    training: parts.some(({ training }) => training === false) ? false : undefined,
    isOld: true,
  };
}

function unreadable(node: unknown): FileError {
  return new FileError("A call of a layer cannot be read.", {
    subject: "inbound_nodes",
    expected: "calls as Keras 2 or 3 writes them",
    received: JSON.stringify(node).slice(0, 200),
  });
}

/**
 * Reads one of a layer's `inbound_nodes`.
 *
 * @throws UsageError for arguments that Graft does not have
 * @throws FileError when this is no call
 */
export function readCall(node: unknown): Call {
  if (Array.isArray(node)) return oldCall(node);
  const parsed = callSchema.safeParse(node);
  if (!parsed.success) throw unreadable(node);
  const { args, kwargs } = parsed.data;
  const positional = args.flatMap((argument) => {
    if (argument === null) return [];
    const tensors = tensorsIn(argument);
    if (tensors !== undefined) return [{ tensors, count: Array.isArray(argument) ? tensors.length : null }];
    throw new UsageError("Graft calls layers with tensors only.", {
      subject: "args",
      expected: "outputs of other layers",
      received: JSON.stringify(argument),
    });
  });
  const named = options(kwargs, false);
  const inputs = [...positional.flatMap(({ tensors }) => tensors), ...named.inputs, ...named.masks];
  const positions = positional.length > 1 ? positional.map(({ count }) => count) : undefined;
  return { inputs, training: named.training, told: { ...named.told, positions }, isOld: false };
}

/**
 * Reads one of the `inbound_nodes` of an operation as Keras 3 writes it.
 *
 * @throws UsageError for arguments that Graft does not have
 * @throws FileError when this is no call
 */
export function readOperationCall(node: unknown): Call {
  const parsed = callSchema.safeParse(node);
  if (!parsed.success) throw unreadable(node);
  const inputs: Reference[] = [];
  const place = (data: unknown): Argument | undefined => {
    const tensor = tensorSchema.safeParse(data);
    if (!tensor.success) return undefined;
    return { kind: "input", index: inputs.push(reference(tensor.data.config.keras_history)) - 1 };
  };
  const operands = parsed.data.args.map((argument) => readArgument(argument, place));
  const named = Object.fromEntries(
    Object.entries(parsed.data.kwargs).map(([name, argument]) => [name, readArgument(argument, place)]),
  );
  return { inputs, operands, named, training: undefined, told: {}, isOld: false };
}
