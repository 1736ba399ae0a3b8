import { UsageError } from "../errors/errors.js";
import type { ElementType } from "../onnx/tensor-data.js";
import { formatShape, type Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { channelsLast } from "./channels.js";
import type { Positions } from "./positions.js";
import type { CallContext } from "./context.js";
import type { Layer } from "./layer.js";
import type { Tensor } from "../runtime/runtime.js";
import type { Argument } from "./operations/argument.js";

/** A call of a layer in the functional API. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** `false`: the layer runs in inference mode even while the model is trained. */
  readonly training?: false | undefined;
  /** What the layer is told beside its inputs. */
  readonly arguments?: CallArguments | undefined;
}

/** What some layers are told beside their inputs. */
export interface CallArguments {
  /** Attention: whether no place sees those behind it; default `false`. */
  readonly useCausalMask?: boolean;
  /** Attention: whether the weights of attention are a second output; default `false`. */
  readonly returnAttentionScores?: boolean;
  /** Keras's names of the masks that stand behind the inputs, in order. */
  readonly masks?: readonly MaskName[] | undefined;
  /** How the inputs of a `call` of a user's own were given, where they were several arguments. */
  readonly positions?: Positions;
  /** Operations: all arguments of the call, with the inputs by their numbers. */
  readonly operands?: readonly Argument[] | undefined;
}

/** Keras's names of arguments that are masks. */
export type MaskName = "attention_mask" | "mask";

/** Options of a call. */
export interface CallOptions {
  /**
   * `false`: the layer runs in inference mode even while the model is trained, so that dropout drops nothing and batch
   * normalization neither uses nor moves statistics of batches. Default: as the model; of arrays `false`.
   *
   * `true` is for arrays, and inside of `call` for passing on what it was told.
   */
  readonly training?: boolean | undefined;
  /** For attention: whether no place sees those behind it; default `false`. */
  readonly useCausalMask?: boolean;
  /** For attention: whether the weights of attention are a second output, which `applyAll` gives; default `false`. */
  readonly returnAttentionScores?: boolean;
  /** For `MultiHeadAttention`: `[N, T of the query, T of the value]`, not 0 where a place may be seen; default everywhere. */
  readonly attentionMask?: SymbolicTensor | undefined;
  /** For `MultiHeadAttention`: what it is called on, by name. */
  readonly query?: SymbolicTensor | undefined;
  /** For `MultiHeadAttention`: see {@link query}. */
  readonly value?: SymbolicTensor | undefined;
  /** For `MultiHeadAttention`: see {@link query}; default the value. */
  readonly key?: SymbolicTensor | undefined;
  /** For `Softmax` and `BatchNormalization`: not 0 where values count; default everywhere. */
  readonly mask?: SymbolicTensor | undefined;
}

/** What a tensor stands for while a computation is being written as a graph: inside of `call`, of a loss or a metric. */
export interface Traced {
  /** In the graph's order of axes: rank 4 is `[N, C, H, W]`. */
  readonly value: Value;
  readonly context: CallContext;
}

/**
 * A tensor that has no values yet: a placeholder of the functional API, which `layers.Input` and `layer.apply` return, or
 * what is computed inside of `call`. Functions of it are in `ops`.
 */
export class SymbolicTensor {
  /**
   * @param shape in Keras's order; the batch is a name
   * @param call the call that makes it; an input's is the call of its `InputLayer`, on nothing
   * @param traced what it stands for inside of `call`
   */
  constructor(
    readonly shape: Shape,
    readonly type: ElementType,
    readonly call: (() => LayerCall) | undefined,
    readonly traced?: Traced,
  ) {}

  /** A tensor inside of `call`, for a value in the graph's order of axes. */
  static of(value: Value, context: CallContext): SymbolicTensor {
    return new SymbolicTensor(channelsLast(value.shape), value.type, undefined, { value, context });
  }

  /** Keras's name of {@link type}. */
  get dtype(): ElementType {
    return this.type;
  }

  /**
   * The values: of what was computed on a `GradientTape`.
   *
   * @returns an array of the same shape
   * @throws UsageError for a placeholder, and inside of `call`, where there are no values yet
   */
  async numpy(): Promise<Tensor> {
    const { traced } = this;
    const context = traced?.context.origin ?? traced?.context;
    if (traced === undefined || context?.evaluate === undefined) {
      throw noValue(traced === undefined ? "a placeholder of a functional model" : "one that is being written down");
    }
    const [only] = await context.evaluate([traced.value]);
    if (only === undefined) throw new TypeError("A computation gave no value.");
    return only;
  }

  /**
   * JavaScript's operators cannot be given a meaning, so `x + 1` would be text.
   *
   * @throws UsageError for operators
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return `SymbolicTensor(${formatShape(this.shape)}, ${this.type})`;
    throw new UsageError("A symbolic tensor has no value, so JavaScript's operators cannot compute with it.", {
      subject: `a tensor of shape ${formatShape(this.shape)}`,
      expected: "a function of ops",
      received: "an operator such as + or *, or a comparison",
      advice: "Write ops.add(x, 1), ops.subtract, ops.multiply, ops.divide, ops.greater, …",
    });
  }
}

/** The error of a tensor that has no values. */
export function noValue(received: string): UsageError {
  return new UsageError("A symbolic tensor has no values here.", {
    subject: "numpy",
    expected: "a tensor that was computed on a GradientTape",
    received,
    advice: "Call layers and ops on arrays, or ask the model: await model.predict(x).",
  });
}
