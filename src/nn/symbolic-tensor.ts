import type { ElementType } from "../onnx/tensor-data.js";
import type { Shape } from "../graph/shape.js";
import type { Layer } from "./layer.js";

/** A call of a layer in the functional API. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** `false`: the layer runs in inference mode even while the model is trained. */
  readonly training?: false;
}

/** Options of a call in the functional API. */
export interface CallOptions {
  /**
   * `false`: the layer runs in inference mode even while the model is trained, so that dropout drops nothing and batch
   * normalization neither uses nor moves statistics of batches. Default: as the model.
   */
  readonly training?: false;
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
