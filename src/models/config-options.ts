import type { Layer } from "../nn/layer.js";
import type { CustomObjects } from "../nn/saving/custom-objects.js";
import type { CallOptions, SymbolicTensor } from "../nn/symbolic-tensor.js";

/** Options of `model.toJson`. */
export interface ToJsonOptions {
  /** Number of blanks at the beginning of inner lines; default: all in one line. */
  readonly indent?: number | undefined;
}

/** Options of `models.cloneModel`. */
export interface CloneModelOptions {
  /** What the copy begins with; default: entrances like the model's. */
  readonly inputTensors?: SymbolicTensor | readonly SymbolicTensor[] | undefined;
  /** Gives the copy's layer for each layer but entrances; default: a layer of the same configuration, with new weights. */
  readonly cloneFunction?: ((layer: Layer) => Layer) | undefined;
  /** How layers of a functional model are called; default `layer.applyAll(inputs, options)`. */
  readonly callFunction?:
    | ((
        layer: Layer,
        inputs: readonly SymbolicTensor[],
        options: CallOptions,
      ) => SymbolicTensor | readonly SymbolicTensor[])
    | undefined;
}

/** Options of `models.modelFromJson`. */
export interface ModelFromJsonOptions {
  /** Classes and functions of one's own that the JSON names, by these names. */
  readonly customObjects?: CustomObjects | undefined;
}
