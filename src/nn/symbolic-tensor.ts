import type { ElementType } from "../onnx/tensor-data.js";
import type { Shape } from "../graph/shape.js";
import type { Layer } from "./layer.js";

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
}

/** Keras's names of arguments that are masks. */
export type MaskName = "attention_mask" | "mask";

/** Options of a call in the functional API. */
export interface CallOptions {
  /**
   * `false`: the layer runs in inference mode even while the model is trained, so that dropout drops nothing and batch
   * normalization neither uses nor moves statistics of batches. Default: as the model.
   */
  readonly training?: false | undefined;
  /** For attention: whether no place sees those behind it; default `false`. */
  readonly useCausalMask?: boolean;
  /** For attention: whether the weights of attention are a second output, which `applyAll` gives; default `false`. */
  readonly returnAttentionScores?: boolean;
  /** For `MultiHeadAttention`: `[N, T of the query, T of the value]`, not 0 where a place may be seen; default everywhere. */
  readonly attentionMask?: SymbolicTensor | undefined;
  /** For `Softmax` and `BatchNormalization`: not 0 where values count; default everywhere. */
  readonly mask?: SymbolicTensor | undefined;
}

/** A placeholder of the functional API: what `layers.Input` and `layer.apply` return. */
export class SymbolicTensor {
  /**
   * @param shape in Keras's order; the batch is a name
   * @param call the call that makes it; an input's is the call of its `InputLayer`, on nothing
   */
  constructor(
    readonly shape: Shape,
    readonly type: ElementType,
    readonly call: (() => LayerCall) | undefined,
  ) {}
}
