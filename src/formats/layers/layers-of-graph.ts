import { UsageError } from "../../errors/errors.js";
import { dependents, nodesInOrder } from "../../graph/graph.js";
import type { Value } from "../../graph/value.js";
import { type Affine, identity } from "./affine.js";
import { LayerBuilder } from "./layer-builder.js";
import type { Dialect, LayerGraph } from "./layer-spec.js";
import { elementwise } from "./rules/elementwise.js";
import { margins } from "./rules/margins.js";
import { parts } from "./rules/parts.js";
import type { Rules } from "./rules/rule.js";
import { shapes } from "./rules/shapes.js";
import { resizing } from "./rules/resizing.js";
import { windows } from "./rules/windows.js";
import { float32 } from "../../onnx/tensor-data.js";

const rules: Rules = { ...windows, ...margins, ...elementwise, ...shapes, ...parts, ...resizing };

/** What is to become layers. */
export interface GraphOfPictures {
  /** What is done with the picture: `[N, 3, side, side]`. */
  readonly picture: Value;
  readonly output: Value;
  readonly side: number;
  /** What is done to the pixels that the layers take, so that they are that picture. */
  readonly before: PictureArithmetic;
}

/** Pixels, red, green and blue, become a picture: perhaps blue first, times a factor, plus a summand. */
export interface PictureArithmetic {
  readonly bgr: boolean;
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/**
 * Writes a graph as layers of Keras. Pictures have their channels last; what is done to channels goes into the weights beside it where it
 * can, as batch normalizations do.
 *
 * @throws UsageError for an operator that layers cannot do; it names it
 */
export function layersOfGraph({ picture, output, side, before }: GraphOfPictures, dialect: Dialect): LayerGraph {
  const build = new LayerBuilder([output], dialect);
  refuseComputedProducts(build, picture, output);
  const pixels = build.add("InputLayer", [], { batch_shape: [null, side, side, 3], dtype: "float32" });
  build.place(picture, { form: "channels-last", ...pictureOf(build, pixels, before) });
  for (const node of nodesInOrder([output], new Set([picture]))) {
    // Numbers of a shape: what takes them has a known shape by itself, or is refused for them.
    if (node.outputs.every(({ type }) => type === "int64")) continue;
    const rule = rules[node.op];
    if (rule === undefined) throw build.refusal(node, `the operator ${node.op}`);
    rule(node, build);
  }
  const last = build.at(output);
  if (last?.form !== "same") {
    throw new UsageError("This network cannot be written as layers.", {
      subject: "network",
      expected: "a network that ends in a list of probabilities for each photo",
      received: "another one",
      advice: "Export it with --to onnx.",
    });
  }
  // The last layer is the one that gives the answer.
  const name = build.ready(last);
  return [
    ...build.layers.filter((layer) => layer.name !== name),
    ...build.layers.filter((layer) => layer.name === name),
  ];
}

/** Operators that are products of what they take. */
const products: ReadonlySet<string> = new Set(["MatMul", "Gemm", "Einsum", "Attention", "MultiHeadAttention"]);

/**
 * Refuses attention at once, and as such: else something beside it would be named, such as the shape of its heads.
 *
 * @throws UsageError
 */
function refuseComputedProducts(build: LayerBuilder, picture: Value, output: Value): void {
  const ofPicture = dependents([output], new Set([picture]), new Set([picture]));
  for (const node of nodesInOrder([output], new Set([picture]))) {
    const factors = products.has(node.op) ? node.inputs.filter((value) => value && ofPicture.has(value)) : [];
    if (factors.length > 1) throw build.refusal(node, "a product of two things that are computed, as in attention");
  }
}

function pictureOf(
  build: LayerBuilder,
  pixels: string,
  { bgr, scale, offset }: PictureArithmetic,
): { readonly layer: string; readonly affine?: Affine } {
  if (!bgr) {
    const affine = { scale: Float64Array.from(scale), offset: Float64Array.from(offset) };
    return build.dialect === "keras" ? { layer: preprocessing(build, pixels, affine) } : { layer: pixels, affine };
  }
  // A convolution of single pixels that swaps their colours, and does the rest at once.
  const kernel = Float32Array.from({ length: 9 }, (_, index) => {
    const [from, to] = [Math.floor(index / 3), index % 3];
    return from === 2 - to ? (scale[to] ?? 1) : 0;
  });
  const layer = build.add("Conv2D", [pixels], { filters: 3, kernel_size: [1, 1], use_bias: true }, [
    { name: "kernel", tensor: float32(kernel, [1, 1, 3, 3]) },
    { name: "bias", tensor: float32(Float32Array.from(offset), [3]) },
  ]);
  return { layer };
}

/** As people write it in Keras. */
function preprocessing(build: LayerBuilder, pixels: string, { scale, offset }: Affine): string {
  const { scale: ones, offset: zeros } = identity(3);
  if (scale.join() === ones.join() && offset.join() === zeros.join()) return pixels;
  const isUniform = new Set(scale).size === 1 && new Set(offset).size === 1;
  if (isUniform) return build.add("Rescaling", [pixels], { scale: scale[0], offset: offset[0] });
  const mean = Array.from(scale, (factor, channel) => -(offset[channel] ?? 0) / factor);
  return build.add("Normalization", [pixels], {
    axis: -1,
    mean,
    variance: Array.from(scale, (factor) => 1 / factor ** 2),
  });
}
