import { dimAt, dimProduct } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { rebuild } from "../graph/rebuild.js";
import { convGeometry } from "./convolution.js";
import { convNhwc } from "./convolution-nhwc.js";
import { transpose } from "./layout.js";
import { reshapeTo } from "./shape-of.js";
import { recreate } from "./table.js";

/**
 * Windows an image, `oh · ow`, up to which im2col and a matrix product are faster than ONNX Runtime's convolution.
 *
 * Forward pass and both gradients of a 3×3 layer, batch 20, two busy cores, best of twelve interleaved runs, milliseconds
 * of `Conv` against this: 7×7×512 254 / 208, 9×9×512 523 / 261, 14×14×256 281 / 232, 14×14×512 1351 / 1191, 28×28×128
 * 562 / 587. (Idle, the whole of VGG16's block 5 and a head: 264 / 174.) On one core both take the same time at 14×14:
 * what `Conv` loses, it loses by sharing each image's small product among the threads.
 */
export const smallMap = 14 * 14;

/**
 * Writes convolutions over small maps as `[N, H, W, C]` ones, which are matrix products, between two Transposes; those of
 * neighbouring convolutions cancel in `cancelTransposes`.
 *
 * Only convolutions of two axes, one group and dilation 1 whose output has up to {@link smallMap} windows an image are
 * rewritten, and of those with a stride only 1×1 ones: the data gradient of the others would multiply zeros (14×14×256, 3×3,
 * stride 2: 120 ms against 45). It pays where the weights are trained; with constant weights ONNX Runtime lays them out for its own kernels.
 *
 * @param values the graph's outputs
 * @param onlyIf which convolutions may be rewritten: those with a trainable weight
 * @returns for each old value that was reached, its new value
 */
export function lowerConvolutions(values: readonly Value[], onlyIf: (node: Node) => boolean): (value: Value) => Value {
  return rebuild(values, new Map(), (node, inputs) =>
    node.op === "Conv" && onlyIf(node) ? lowered(recreate(node, inputs)) : undefined,
  );
}

function lowered(node: Node): readonly Value[] | undefined {
  const [x, w, b] = node.inputs;
  if (x === undefined || w?.rank !== 4) return undefined;
  const plain = Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
  const { kernel, strides, dilations, begins, ends, output, group } = convGeometry(x, w, plain);
  const windows = dimProduct(output);
  const small = typeof windows === "number" && windows <= smallMap;
  const strided = strides.some((stride) => stride !== 1) && kernel.some((extent) => extent !== 1);
  if (strided || group !== 1 || dilations.some((dilation) => dilation !== 1) || !small) return undefined;
  // [O, C, kh, kw] → [kh · kw · C, O]; where the weight is kept as Keras's [kh, kw, C, O] this Transpose cancels one.
  const turned = transpose(w, { perm: [2, 3, 1, 0] });
  const matrix = reshapeTo(turned, [dimProduct(turned.shape.slice(0, 3)), dimAt(w.shape, 0)]);
  const y = convNhwc(transpose(x, { perm: [0, 2, 3, 1] }), matrix, b, {
    kernel_shape: kernel,
    pads: [...begins, ...ends],
    strides,
  });
  return [transpose(y, { perm: [0, 3, 1, 2] })];
}
