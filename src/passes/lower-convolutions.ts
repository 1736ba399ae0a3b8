import { nodesInOrder } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { dimAt, dimProduct, staticDim } from "../graph/shape.js";
import { constantData, type Node, producer, type Value } from "../graph/value.js";
import { isElementwise } from "./cancel-transposes.js";
import { constantIntegers } from "../ops/constants.js";
import { convGeometry, type Geometry } from "../ops/convolution.js";
import { convHwnc } from "../ops/convolution-hwnc.js";
import { depthwiseProduct } from "./depthwise-product.js";
import { transpose } from "../ops/layout.js";
import { maxPoolHwnc } from "./pooling-hwnc.js";
import { reshapeTo } from "../ops/reshape.js";
import { recreate } from "../ops/table.js";
import { winogradTile } from "./tile-choice.js";
import { windowOf } from "../ops/window.js";
import { winogradConv } from "./winograd.js";

/**
 * Windows an image, `oh · ow`, up to which im2col and a matrix product are faster than ONNX Runtime's convolution.
 *
 * Forward pass and both gradients of a 3×3 layer, batch 20, two busy cores, best of twelve interleaved runs, milliseconds
 * of `Conv` against this: 7×7×512 254 / 208, 9×9×512 523 / 261, 14×14×256 281 / 232, 14×14×512 1351 / 1191, 28×28×128
 * 562 / 587. (Idle, the whole of VGG16's block 5 and a head: 264 / 174.) On one core both take the same time at 14×14:
 * what `Conv` loses, it loses by sharing each image's small product among the threads.
 */
const smallMap = 14 * 14;

/** Multiplications an image from which on a convolution is worth the time that measuring the machine takes: 1 ms or so. */
const worthMeasuring = 5e7;

/** From ONNX's order of axes to the one of lowered operators, and back: the permutation is its own inverse. */
const swapped = { perm: [2, 3, 0, 1] } as const;

/** What may be lowered. */
export interface LoweringOptions {
  /**
   * Whether the weights are learned in the graph. Constant ones ONNX Runtime lays out for its own kernels, which then are as
   * fast as a matrix product; only tiles, which multiply less, pay.
   */
  readonly learned: boolean;
  /** What the machine needs for elements of tiles; default {@link usualElementWork}. */
  readonly elementWork?: number;
}

/**
 * Writes convolutions over axes in the order `[H, W, N, C]` where that is faster than ONNX Runtime's `Conv`: by tiles
 * after Winograd, or over small maps by im2col and a matrix product. Each stands between two Transposes; those of neighbours
 * cancel in `cancelTransposes`. Pooling between lowered convolutions is lowered too, so as not to separate them.
 *
 * Beside depthwise ones over small maps, only convolutions of two axes, one group and dilation 1 are rewritten, and with a stride only 1×1 ones: the data gradient
 * of the others would multiply zeros (14×14×256, 3×3, stride 2: 120 ms against 45).
 *
 * @param values the graph's outputs
 * @returns for each old value that was reached, its new value
 */
export function lowerConvolutions(values: readonly Value[], options: LoweringOptions): (value: Value) => Value {
  const used = new Set<Value | undefined>([...values, ...nodesInOrder(values).flatMap(({ inputs }) => inputs)]);
  return rebuild(values, new Map(), (node, inputs) => {
    if (node.op === "Conv") {
      const whole = withMargins(recreate(node, inputs));
      return loweredConv(whole, options) ?? whole.outputs;
    }
    if (node.op === "MaxPool" && !used.has(node.outputs[1])) return loweredPool(recreate(node, inputs));
    return undefined;
  });
}

/**
 * A convolution with the margins of zeros that a Pad in front of it makes, as Keras's networks write those of strided layers:
 * the Pad, and the slice that is its gradient, copy the whole image.
 */
function withMargins(node: Node): Node {
  const [padded, w, ...rest] = node.inputs;
  const pad = padded && producer(padded);
  if (padded === undefined || w === undefined || pad?.op !== "Pad") return node;
  const [x, amounts, value, axes] = pad.inputs;
  const mode = pad.attributes["mode"]?.value ?? "constant";
  const zeros = value === undefined || constantData(value)?.data.every((number) => Number(number) === 0) === true;
  if (x === undefined || amounts === undefined || constantData(amounts) === undefined || axes !== undefined)
    return node;
  const margins = constantIntegers(amounts, "Pad", "pads");
  const [begins, ends] = [margins.slice(0, x.rank), margins.slice(x.rank)];
  const spatial = [...begins.slice(0, 2), ...ends.slice(0, 2)].every((margin) => margin === 0);
  if (mode !== "constant" || !zeros || !spatial || margins.some((margin) => margin < 0)) return node;
  const own = geometryOf(node, padded, w);
  const both = (outer: readonly number[], inner: readonly number[]): number[] =>
    inner.map((margin, axis) => margin + (outer[axis + 2] ?? 0));
  return recreate(node, [x, w, ...rest], {
    auto_pad: "NOTSET",
    pads: [...both(begins, own.begins), ...both(ends, own.ends)],
  });
}

function geometryOf(node: Node, x: Value, w: Value): Geometry {
  return convGeometry(x, w, plainAttributes(node));
}

/** Attributes as operators take them; their row has checked the types. */
function plainAttributes({ attributes }: Node): Readonly<Record<string, never>> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value as never]));
}

/**
 * Whether it depends on the machine how convolutions of a graph are lowered that take so long that it matters.
 *
 * @param values the graph's outputs
 * @param elementWorks what machines need for elements of tiles
 */
export function choiceDepends(values: readonly Value[], elementWorks: readonly number[]): boolean {
  return nodesInOrder(values).some((node) => {
    const [x, w] = node.inputs;
    if (node.op !== "Conv" || x === undefined || w?.rank !== 4) return false;
    const geometry = geometryOf(node, x, w);
    const windows = dimProduct(geometry.output);
    if (typeof windows !== "number" || windows * Number(dimProduct(w.shape)) < worthMeasuring) return false;
    return new Set(elementWorks.map((work) => tileOf(geometry, w, { learned: false, elementWork: work }))).size > 1;
  });
}

function tileOf(geometry: Geometry, w: Value, { learned, elementWork }: LoweringOptions): number | undefined {
  const channels = [staticDim(w.shape, 1, "Conv"), staticDim(w.shape, 0, "Conv")] as const;
  return geometry.group === 1 ? winogradTile(geometry, channels, learned, elementWork) : undefined;
}

function loweredConv(node: Node, options: LoweringOptions): readonly Value[] | undefined {
  const { learned } = options;
  const [x, w, b] = node.inputs;
  if (x === undefined || w?.rank !== 4) return undefined;
  const geometry = geometryOf(node, x, w);
  const { kernel, strides, dilations, begins, ends, output, group } = geometry;
  const depthwise = learned ? depthwiseProduct(x, w, b, geometry) : undefined;
  if (depthwise !== undefined) return [depthwise];
  const tile = tileOf(geometry, w, options);
  const windows = dimProduct(output);
  const small = typeof windows === "number" && windows <= smallMap;
  const strided = strides.some((stride) => stride !== 1) && kernel.some((extent) => extent !== 1);
  const product = learned && !strided && group === 1 && dilations.every((dilation) => dilation === 1) && small;
  if (tile === undefined && !product) return undefined;
  // [O, C, kh, kw] → [kh · kw · C, O]; where the weight is kept as Keras's [kh, kw, C, O] this Transpose cancels one.
  const turned = transpose(w, { perm: [2, 3, 1, 0] });
  const matrix = reshapeTo(turned, [dimProduct(turned.shape.slice(0, 3)), dimAt(w.shape, 0)]);
  const image = transpose(x, swapped);
  const y =
    tile === undefined
      ? convHwnc(image, matrix, b, { kernel_shape: kernel, pads: [...begins, ...ends], strides })
      : winogradConv(image, matrix, b, geometry, tile);
  return [transpose(y, swapped)];
}

/** Whether a value is that of a lowered operator, but for elementwise operators behind it. */
function isLowered(value: Value): boolean {
  const node = producer(value);
  if (node === undefined) return false;
  if (node.op === "Transpose") return String(plainAttributes(node)["perm"]) === String(swapped.perm);
  return (
    isElementwise(node) &&
    node.inputs.some((input) => input !== undefined && constantData(input) === undefined && isLowered(input))
  );
}

function loweredPool(node: Node): readonly Value[] | undefined {
  const [x] = node.inputs;
  const kernel = node.attributes["kernel_shape"];
  if (x?.rank !== 4 || kernel?.type !== "ints" || !isLowered(x)) return undefined;
  const window = windowOf("MaxPool", x.shape, kernel.value, plainAttributes(node));
  const pooled = maxPoolHwnc(transpose(x, swapped), window);
  return pooled === undefined ? undefined : [transpose(pooled, swapped), ...node.outputs.slice(1)];
}
