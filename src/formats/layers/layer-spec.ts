import type { TensorData } from "../../onnx/tensor-data.js";

/** A layer of a functional model as files of Keras and TensorFlow.js name it. */
export interface LayerSpec {
  readonly name: string;
  /** Keras's. */
  readonly className: string;
  /** Options that are not Keras's defaults, under Keras 3's names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes. */
  readonly inputs: readonly string[];
  /** In Keras's order and layout, under Keras's names. */
  readonly weights: readonly LayerWeight[];
}

/** A weight of a layer. */
export interface LayerWeight {
  readonly name: string;
  readonly tensor: TensorData<"float32">;
}

/** Layers, each behind those whose outputs it takes: the first takes pictures, the last gives what is asked for. */
export type LayerGraph = readonly LayerSpec[];

/** Whose layers they are to be. TensorFlow.js has fewer of them, and fewer options. */
export type Dialect = "keras" | "tfjs";
