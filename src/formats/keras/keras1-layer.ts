import { UsageError } from "../../errors/errors.js";
import { without } from "./deserialize-check.js";
import type { Config } from "../../nn/config.js";

/** A layer in a file: its class and what its constructor takes. */
export interface LayerConfig {
  readonly className: string;
  readonly config: Config;
}

/** Keras 1's names of classes, where they are not those of Keras 2. */
const classNames: Readonly<Record<string, string>> = {
  Convolution2D: "Conv2D",
  AtrousConvolution2D: "Conv2D",
  AtrousConv2D: "Conv2D",
  SeparableConvolution2D: "SeparableConv2D",
  Deconvolution2D: "Conv2DTranspose",
};

/** Keras 1's names of options that are called alike in all layers. */
const common: Readonly<Record<string, string>> = {
  nb_filter: "filters",
  output_dim: "units",
  border_mode: "padding",
  subsample: "strides",
  atrous_rate: "dilation_rate",
  bias: "use_bias",
  W_regularizer: "kernel_regularizer",
  b_regularizer: "bias_regularizer",
  W_constraint: "kernel_constraint",
  b_constraint: "bias_constraint",
  p: "rate",
  sigma: "stddev",
  beta_init: "beta_initializer",
  gamma_init: "gamma_initializer",
};

/** Options that have no use any more: what the input is like says the input itself. */
const useless = ["input_dim", "input_length", "input_dtype", "nb_row", "nb_col", "init", "dim_ordering", "mode_type"];

/** Layers that Keras 1 has for joining tensors, by `mode`. */
const joins: Readonly<Record<string, string>> = {
  sum: "Add",
  mul: "Multiply",
  ave: "Average",
  max: "Maximum",
  concat: "Concatenate",
  dot: "Dot",
  cos: "Dot",
};

/** Options by which Keras 1's layers are known; its classes have for the most part the names of Keras 2's. */
const marks = [
  "nb_filter",
  "output_dim",
  "border_mode",
  "subsample",
  "dim_ordering",
  "p",
  "W_regularizer",
  "mode_type",
];

/** Whether a layer is written as Keras 1 did, whatever the version that the file says. */
export function isKeras1({ className, config }: LayerConfig): boolean {
  const isOldNormalization = className === "BatchNormalization" && "mode" in config;
  // What is a number of units elsewhere is still called so in this layer.
  const own = className === "Embedding" ? marks.filter((mark) => mark !== "output_dim") : marks;
  return className === "Merge" || isOldNormalization || own.some((mark) => mark in config);
}

/** `{ name: "WeightRegularizer", l1, l2 }` → `{ class_name: "L1L2", config: { l1, l2 } }`; constraints alike. */
function object(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("name" in value) || "class_name" in value) return value;
  const { name, m, ...others } = value as Config;
  const isRegularizer = typeof name === "string" && /regularizer$/i.test(name);
  return {
    class_name: isRegularizer ? "L1L2" : name,
    config: m === undefined ? others : { ...others, max_value: m },
  };
}

function merge(config: Config): LayerConfig {
  const { name, trainable, mode, concat_axis: axis, dot_axes: axes } = config;
  const className = typeof mode === "string" ? joins[mode] : undefined;
  if (className === undefined || "layers" in config) {
    throw new UsageError("Graft does not have this Merge of Keras 1.", {
      subject: "mode",
      expected: `${Object.keys(joins).join(", ")}, in a functional model`,
      received: "layers" in config ? "branches in a Sequential" : JSON.stringify(mode),
      advice: "Write the model with layers of today, and load the weights: loadWeights(path).",
    });
  }
  const own = className === "Concatenate" ? { axis } : className === "Dot" ? { axes, normalize: mode === "cos" } : {};
  return { className, config: { name, trainable, ...own } };
}

function embedding(config: Config): LayerConfig {
  const { W_regularizer: penalty, W_constraint: bounds, init, dropout, ...others } = config;
  return {
    className: "Embedding",
    config: {
      ...without(others, "weights"),
      embeddings_initializer: init,
      embeddings_regularizer: object(penalty),
      embeddings_constraint: object(bounds),
      // Whole vectors were dropped; without, there is no such option.
      ...(dropout === 0 || dropout === undefined ? {} : { dropout }),
    },
  };
}

/** `[top, bottom, left, right]`, or by names, as pairs. */
function margins(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 4 ? [value.slice(0, 2), value.slice(2)] : value;
  if (typeof value !== "object" || value === null) return value;
  const by = (name: string): unknown => (value as Config)[name] ?? 0;
  return [
    [by("top_pad"), by("bottom_pad")],
    [by("left_pad"), by("right_pad")],
  ];
}

/** Refuses what Keras 1 computes and later ones do not. */
function check({ className, config }: LayerConfig): void {
  const { mode, dim_ordering: order } = config;
  if (className === "BatchNormalization" && mode !== undefined && mode !== 0) {
    throw new UsageError("Graft has batch normalization by channels only.", {
      subject: "mode",
      expected: "0",
      received: JSON.stringify(mode),
      advice: "Keras 2 and 3 do not have the other modes either.",
    });
  }
  if (order === "th") {
    throw new UsageError("Graft takes images with the channels last.", {
      subject: "dim_ordering",
      expected: '"tf"',
      received: '"th"',
      advice: "Convert the model in Keras 1 or 2, or export it as ONNX and load that.",
    });
  }
}

/**
 * A layer of Keras 1 as Keras 2 writes it.
 *
 * @throws UsageError for what Keras 2 has dropped
 * @see https://github.com/keras-team/keras/blob/2.0.0/keras/legacy/interfaces.py
 */
export function keras2OfKeras1(layer: LayerConfig): LayerConfig {
  check(layer);
  if (layer.className === "Embedding") return embedding(layer.config);
  const { className, config } = layer;
  if (className === "Merge") return merge(config);
  const { nb_row: rows, nb_col: columns, init, padding, mode } = config;
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (useless.includes(key) || (key === "mode" && mode === 0)) continue;
    read[common[key] ?? key] = object(value);
  }
  if (rows !== undefined) read["kernel_size"] = [rows, columns];
  if (className === "ZeroPadding2D") read["padding"] = margins(padding);
  if (init !== undefined && init !== null) {
    const own = className === "PReLU" ? "alpha" : "kernel";
    const names = className === "SeparableConvolution2D" ? ["depthwise", "pointwise"] : [own];
    for (const name of names) read[`${name}_initializer`] = init;
  }
  // Weights that a script gave to the constructor stand in the file anyway.
  delete read["weights"];
  return { className: classNames[className] ?? className, config: read };
}
