import { ShapeError } from "../errors/errors.js";
import { type Dim, dimAt, dimProduct, dimQuotient, formatShape, type Shape, staticDim } from "../graph/shape.js";
import { constant, type Value, type ValueType } from "../graph/value.js";
import { float32 } from "../onnx/tensor-data.js";
import { integers } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { gather } from "./indexing.js";
import { concat } from "./joining.js";
import { pad, slice } from "./slicing.js";
import { cast, transpose } from "./layout.js";
import { gemm, matmul } from "./matmul.js";
import { reduceSum } from "./reduction.js";
import { reshapeTo } from "./reshape.js";
import { automaticPads, perAxis, span, tapsOf, type Window, windowOf } from "./window.js";

/** Attributes of {@link conv}, under ONNX's names; lists hold one number a spatial axis. */
export interface ConvAttributes {
  /** `NOTSET` (default: `pads` holds), `SAME_UPPER`, `SAME_LOWER` or `VALID`. */
  readonly auto_pad?: string | undefined;
  /** Distance of the taps; default 1. */
  readonly dilations?: readonly number[] | undefined;
  /** Into how many groups the channels fall; default 1. */
  readonly group?: number | undefined;
  /** Extent of the kernel; default: as the weight has it. */
  readonly kernel_shape?: readonly number[] | undefined;
  /** Margins of zeros, all beginnings and then all ends; default 0. */
  readonly pads?: readonly number[] | undefined;
  /** Distance of the windows; default 1. */
  readonly strides?: readonly number[] | undefined;
}

const attributeKinds = {
  auto_pad: "string",
  dilations: "ints",
  group: "int",
  kernel_shape: "ints",
  pads: "ints",
  strides: "ints",
} as const;

function kernelOf(operator: string, w: Value): readonly number[] {
  return w.shape.slice(2).map((_, axis) => staticDim(w.shape, axis + 2, operator));
}

function checkBias(operator: string, b: Value | undefined, channels: Dim): void {
  if (b !== undefined && (b.rank !== 1 || b.shape[0] !== channels)) {
    throw new ShapeError(`${operator}: the bias does not fit the weight.`, {
      subject: operator,
      expected: `[${channels}]`,
      received: formatShape(b.shape),
    });
  }
}

/** What the attributes of a convolution come to. */
export interface Geometry extends Window {
  readonly group: number;
}

export function convGeometry(x: Value, w: Value, attributes: ConvAttributes): Geometry {
  return { ...windowOf("Conv", x.shape, kernelOf("Conv", w), attributes), group: attributes.group ?? 1 };
}

/** Attributes that say a geometry outright. */
function explicit({ group, strides, dilations, begins, ends }: Geometry): ConvAttributes {
  return { group, strides, dilations, pads: [...begins, ...ends] };
}

/**
 * Convolution (cross-correlation) of `x [N, C, …]` with `w [O, C/group, …]` and a bias `b [O]`.
 *
 *     y[n, o, p] = b[o] + Σ_{c, t} x[n, c, stride · p + dilation · t - pad] w[o, c, t]
 *
 * @see https://onnx.ai/onnx/operators/onnx__Conv.html
 */
export const conv: Op<"Conv", [x: Value, w: Value, b?: Value, attributes?: ConvAttributes]> = defineOp("Conv", {
  since: 11,
  inputs: ["x", "w", "b?"],
  outputs: ["y"],
  attributes: attributeKinds,
  infer: ({ x, w, b, attributes }) => {
    const group = attributes.group ?? 1;
    const fits = x.rank >= 3 && w.rank === x.rank && w.type === x.type;
    if (!fits || dimProduct([dimAt(w.shape, 1), group]) !== dimAt(x.shape, 1)) {
      throw new ShapeError("Conv: the weight does not fit the input.", {
        subject: "Conv",
        expected: `x [N, C, …] and w [O, C/${group}, …] of one type`,
        received: `${x.type} ${formatShape(x.shape)} and ${w.type} ${formatShape(w.shape)}`,
      });
    }
    const channels = dimAt(w.shape, 0);
    if (dimQuotient(channels, group) === undefined) {
      throw new ShapeError("Conv: the output channels do not fall into the groups.", {
        subject: "Conv",
        expected: `a multiple of ${group}`,
        received: String(channels),
      });
    }
    checkBias("Conv", b, channels);
    const { output } = convGeometry(x, w, attributes);
    return { y: { type: x.type, shape: [dimAt(x.shape, 0), channels, ...output] } };
  },
  vjp: {
    x: ({ x, w, dy, attributes }) => convInputGradient(x, w, dy, convGeometry(x, w, attributes)),
    w: ({ x, w, dy, attributes }) => convWeightGradient(x, dy, convGeometry(x, w, attributes)),
    b: ({ dy }) => sumOverPositions(dy),
  },
});

function sumOverPositions(dy: Value): Value {
  return reduceSum(
    dy,
    dy.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
    { keepdims: 0 },
  );
}

/**
 * The adjoint of a convolution in its input: in general the transposed convolution, but where windows lie side by side also
 * the convolution with the turned kernel, which the engine computes faster. Measured, batch 20, ms, convolution against
 * transposed one: 3×3, 64→64 at 150×150 375 / 718; 128→128 at 28×28 47 / 66; 1×1, 96→24 at 40×40 2.6 / 6.7; depthwise 3×3, 144
 * channels at 40×40 8 / 22.
 */
function convInputGradient(x: Value, w: Value, dy: Value, geometry: Geometry): Value {
  const { kernel, strides, dilations, begins, ends, group } = geometry;
  const margin = (given: readonly number[]): number[] =>
    kernel.map((extent, axis) => span(extent, dilations[axis] ?? 1) - 1 - (given[axis] ?? 0));
  const pads = [...margin(begins), ...margin(ends)];
  if (strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0)) {
    return conv(dy, turned(w, kernel, group), undefined, { group, dilations, pads });
  }
  // Pixels at the end that no window reached: they are less than one stride, and ConvTranspose adds them as zeros.
  const unreached = kernel.map((extent, axis) => {
    const windows = staticDim(dy.shape, axis + 2, "Conv");
    const covered = (strides[axis] ?? 1) * (windows - 1) + span(extent, dilations[axis] ?? 1);
    return staticDim(x.shape, axis + 2, "Conv") + (begins[axis] ?? 0) + (ends[axis] ?? 0) - covered;
  });
  const padded = unreached.some((extent) => extent !== 0) ? { output_padding: unreached } : {};
  return convTranspose(dy, w, undefined, { ...explicit(geometry), ...padded });
}

/** The kernel of the adjoint: taps in reverse order, and in each group the channels of input and output exchanged. */
function turned(w: Value, kernel: readonly number[], group: number): Value {
  const [outputs, inputs] = [staticDim(w.shape, 0, "Conv"), staticDim(w.shape, 1, "Conv")];
  const taps = kernel.reduce((product, extent) => product * extent, 1);
  const apart = transpose(reshapeTo(w, [group, outputs / group, inputs, taps]), { perm: [0, 2, 1, 3] });
  const reversed = integers(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  const exchanged = taps === 1 ? apart : gather(apart, reversed, { axis: 3 });
  return reshapeTo(exchanged, [group * inputs, outputs / group, ...kernel]);
}

/**
 * Whether the weight gradient lays out im2col, which holds each pixel once for each tap, or makes one product a tap.
 *
 * One product wins on small maps and where there are few channels, by up to half; on larger maps both take the same time and
 * the layout takes nine times the memory. Measured on two busy cores, batch 20, milliseconds of processor time, products
 * by tap against im2col: 9×9×512 163 / 123, 28×28×128 121 / 139, 56×56×128 383 / 414, 150×150×3→64 181 / 114,
 * 224×224×3→64 of 7×7 751 / 630.
 *
 * @param elements of im2col an image: `taps · channels · windows`
 */
function laysOut(elements: Dim, channels: number): boolean {
  return typeof elements === "number" && elements <= (channels < 64 ? 2_000_000 : 500_000);
}

/**
 * Whether the weight gradient of a 1×1 convolution is computed image by image and then summed. The engine reads transposed
 * matrices in place, so nothing but the products is written; that is less than both transposed maps where these are large.
 * Measured, batch 20, ms, image by image against transposed: 32→16 at 80×80 1.2 / 3.8, 16→96 at 80×80 2.2 / 9.3,
 * 32→192 at 20×20 0.58 / 0.73, 64→384 at 10×10 0.85 / 0.61, 320→1280 at 5×5 8.6 / 2.3.
 */
function inImages(channels: number, outputs: number, windows: Dim): boolean {
  return typeof windows === "number" && windows >= (4 * channels * outputs) / (channels + outputs);
}

/** The gradient of a convolution's weight, `[O, C/group, …]`, from its input and the cotangent of its output. */
function convWeightGradient(x: Value, dy: Value, geometry: Geometry): Value {
  if (geometry.group === 1) return denseWeightGradient(x, dy, geometry);
  return byRows(x, dy, geometry) ? depthwiseWeightGradient(x, dy, geometry) : groupedWeightGradient(x, dy, geometry);
}

/**
 * Whether the weight gradient is computed by products of rows. Measured with 3×3 kernels, batch 20, ms, against the grouped
 * convolution that it is in general: 960 channels at 5×5 1.9 / 3.4, 384 at 10×10 2.0 / 7.0, 192 at 20×20 9 / 16, 144 at 40×40
 * 22 / 32, 32 at 80×80 31 / 45; but 32 at 112×112 66 / 55, and with stride 2 144 at 40×40 14 / 10.
 */
function byRows(x: Value, dy: Value, { kernel, strides, group }: Geometry): boolean {
  const depthwise = x.shape[1] === group && dy.shape[1] === group;
  return (
    depthwise && kernel.length === 2 && strides.every((stride) => stride === 1) && staticDim(x.shape, 3, "Conv") <= 80
  );
}

/** dw[o, t, c] = Σ_{n, p} dy[n, o, p] x[n, c, stride · p + dilation · t - pad]: a matrix product over images and windows. */
function denseWeightGradient(x: Value, dy: Value, { kernel, strides, dilations, begins, ends }: Geometry): Value {
  const rank = kernel.length;
  const spatial = kernel.map((_, axis) => axis + 1);
  const channels = staticDim(x.shape, 1, "Conv");
  const outputs = staticDim(dy.shape, 1, "Conv");
  const windows = dy.shape.slice(2);
  const margins = [...begins, ...ends];
  // The image of a transposed convolution with output padding is larger than its windows.
  const covered = x.shape.slice(2).join() === windows.join() && margins.every((margin) => margin === 0);
  const pointwise = covered && [...kernel, ...strides].every((extent) => extent === 1);
  if (pointwise && inImages(channels, outputs, dimProduct(windows))) {
    const matrices = (value: Value, rows: number): Value =>
      reshapeTo(value, [dimAt(value.shape, 0), rows, dimProduct(windows)]);
    const products = matmul(matrices(dy, outputs), transpose(matrices(x, channels), { perm: [0, 2, 1] }));
    return reshapeTo(reduceSum(products, [0], { keepdims: 0 }), [outputs, channels, ...kernel]);
  }
  const last = transpose(x, { perm: [0, ...kernel.map((_, axis) => axis + 2), 1] });
  const padded = margins.every((margin) => margin === 0) ? last : pad(last, margins, { axes: spatial });
  // [O, N · windows]
  const rows = dimProduct([dimAt(dy.shape, 0), ...windows]);
  const cotangent = reshapeTo(transpose(dy, { perm: [1, 0, ...kernel.map((_, axis) => axis + 2)] }), [outputs, rows]);
  const pixels = (tap: readonly number[]): Value =>
    slice(padded, {
      starts: tap.map((position, axis) => position * (dilations[axis] ?? 1)),
      ends: tap.map(
        (position, axis) =>
          position * (dilations[axis] ?? 1) + (staticDim(windows, axis, "Conv") - 1) * (strides[axis] ?? 1) + 1,
      ),
      axes: spatial,
      steps: [...strides],
    });
  const taps = tapsOf(kernel);
  const laidOut = dimProduct([...kernel, channels, ...windows]);
  const product =
    taps.length === 1 || laysOut(laidOut, channels)
      ? gemm(cotangent, reshapeTo(concat(taps.map(pixels), { axis: rank + 1 }), [rows, taps.length * channels]))
      : concat(
          taps.map((tap) => gemm(cotangent, reshapeTo(pixels(tap), [rows, channels]))),
          { axis: 1 },
        );
  // [O, taps, C] → [O, C, taps]
  const byTap = transpose(reshapeTo(product, [outputs, taps.length, channels]), { perm: [0, 2, 1] });
  return reshapeTo(byTap, [outputs, channels, ...kernel]);
}

/**
 * The gradient of a depthwise convolution's weight by products of rows: for each row of taps one product a channel gives what
 * all columns of `dy` and of `x` have in common, of which each tap takes a diagonal.
 *
 *     dw[c, r, s] = Σ_p P_r[c, p, p + dilation · s - pad],   P_r[c, p, q] = Σ_{n, i} dy[n, c, i, p] x[n, c, i + dilation · r - pad, q]
 */
function depthwiseWeightGradient(x: Value, dy: Value, { kernel, dilations, begins, ends, group }: Geometry): Value {
  const [height, width] = [staticDim(dy.shape, 2, "Conv"), staticDim(dy.shape, 3, "Conv")];
  const columns = staticDim(x.shape, 3, "Conv");
  const [kh = 1, kw = 1] = kernel;
  const [along = 1, across = 1] = dilations;
  const byChannel = { perm: [1, 0, 2, 3] };
  const lines = dimProduct([dimAt(x.shape, 0), height]);
  const cotangent = reshapeTo(transpose(dy, byChannel), [group, lines, width]);
  const padded = pad(transpose(x, byChannel), [begins[0] ?? 0, ends[0] ?? 0], { axes: [2] });
  const diagonals = new Float32Array(width * columns * kw);
  for (let column = 0; column < width; column++) {
    for (let tap = 0; tap < kw; tap++) {
      const place = column + across * tap - (begins[1] ?? 0);
      if (place >= 0 && place < columns) diagonals[(column * columns + place) * kw + tap] = 1;
    }
  }
  const chosen = cast(constant(float32(diagonals, [width * columns, kw])), x.type);
  const taps = Array.from({ length: kh }, (_, row) => {
    const shifted = slice(padded, { starts: [along * row], ends: [along * row + height], axes: [2] });
    const common = matmul(transpose(cotangent, { perm: [0, 2, 1] }), reshapeTo(shifted, [group, lines, columns]));
    return matmul(reshapeTo(common, [group, width * columns]), chosen);
  });
  return reshapeTo(concat(taps, { axis: 1 }), [group, 1, ...kernel]);
}

/**
 * The sum over images and windows as a grouped convolution: the images take the place of the channels, and `dy` that of
 * the kernel, whose windows are `stride` apart and whose taps are `dilation` apart.
 */
function groupedWeightGradient(x: Value, dy: Value, geometry: Geometry): Value {
  const { kernel, strides, dilations, begins, ends, group } = geometry;
  const rank = kernel.length;
  const spatial = x.shape.slice(2);
  const [batch, channels] = [dimAt(x.shape, 0), staticDim(x.shape, 1, "Conv")];
  const inGroup = channels / group;
  // [N, G · c, …] → [c, G · N, …]
  const apart = reshapeTo(x, [batch, group, inGroup, ...spatial]);
  const turned = transpose(apart, { perm: [2, 1, 0, ...kernel.map((_, axis) => axis + 3)] });
  const images = reshapeTo(turned, [inGroup, dimProduct([group, batch]), ...spatial]);
  const cotangent = transpose(dy, { perm: [1, 0, ...kernel.map((_, axis) => axis + 2)] });
  const all = conv(images, cotangent, undefined, {
    group,
    strides: dilations,
    dilations: strides,
    pads: [...begins, ...ends],
  });
  // Where the stride leaves pixels over there is room for more taps than the kernel has.
  const exact = kernel.every((extent, axis) => all.shape[axis + 2] === extent);
  const axes = kernel.map((_, axis) => axis + 2);
  const product = exact ? all : slice(all, { starts: kernel.map(() => 0), ends: kernel, axes });
  return transpose(product, { perm: [1, 0, ...Array.from({ length: rank }, (_, axis) => axis + 2)] });
}

/** Attributes of {@link convTranspose}, under ONNX's names. */
export interface ConvTransposeAttributes extends ConvAttributes {
  /** Rows and columns added at the end of the output, less than a stride (or a dilation); default 0. */
  readonly output_padding?: readonly number[] | undefined;
}

/** The geometry of the convolution whose adjoint this is, and the extents of its input, which are this one's output. */
function convTransposeGeometry(
  x: ValueType,
  w: Value,
  attributes: ConvTransposeAttributes,
): Geometry & { readonly image: readonly number[] } {
  const kernel = kernelOf("ConvTranspose", w);
  const rank = kernel.length;
  const strides = perAxis("ConvTranspose", "strides", attributes.strides, rank, 1);
  const dilations = perAxis("ConvTranspose", "dilations", attributes.dilations, rank, 1);
  const added = perAxis("ConvTranspose", "output_padding", attributes.output_padding, rank, 0);
  const given = perAxis("ConvTranspose", "pads", attributes.pads, 2 * rank, 0);
  const windows = kernel.map((_, axis) => staticDim(x.shape, axis + 2, "ConvTranspose"));
  // Without pads, the output holds all windows.
  const whole = windows.map(
    (count, axis) =>
      (strides[axis] ?? 1) * (count - 1) + (added[axis] ?? 0) + span(kernel[axis] ?? 1, dilations[axis] ?? 1),
  );
  const automatic = automaticPads("ConvTranspose", attributes.auto_pad, () =>
    // The output is to be `stride` times the input.
    whole.map((extent, axis) =>
      attributes.auto_pad === "VALID" ? 0 : Math.max(0, extent - (windows[axis] ?? 0) * (strides[axis] ?? 1)),
    ),
  );
  const { begins, ends } = automatic ?? { begins: given.slice(0, rank), ends: given.slice(rank) };
  const image = whole.map((extent, axis) => extent - (begins[axis] ?? 0) - (ends[axis] ?? 0));
  if (image.some((extent) => extent < 1)) {
    throw new ShapeError("ConvTranspose: the pads leave nothing of the output.", {
      subject: "ConvTranspose",
      expected: `pads less than ${whole.join(" and ")} together`,
      received: [...begins, ...ends].join(", "),
    });
  }
  return { kernel, strides, dilations, begins, ends, output: windows, group: attributes.group ?? 1, image };
}

/**
 * The adjoint of a convolution in its input: `x [N, C, …]`, `w [C, O/group, …]`, bias `b [O]`.
 *
 *     y[n, o, q] = b[o] + Σ x[n, c, p] w[c, o, t]  over all p, t with stride · p + dilation · t - pad = q
 *
 * @see https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export const convTranspose: Op<"ConvTranspose", [x: Value, w: Value, b?: Value, attributes?: ConvTransposeAttributes]> =
  defineOp("ConvTranspose", {
    since: 11,
    inputs: ["x", "w", "b?"],
    outputs: ["y"],
    attributes: { ...attributeKinds, output_padding: "ints" },
    infer: ({ x, w, b, attributes }) => {
      const group = attributes.group ?? 1;
      const fits = x.rank >= 3 && w.rank === x.rank && w.type === x.type && w.shape[0] === x.shape[1];
      if (!fits || dimQuotient(dimAt(x.shape, 1), group) === undefined) {
        throw new ShapeError("ConvTranspose: the weight does not fit the input.", {
          subject: "ConvTranspose",
          expected: `x [N, C, …] and w [C, O/${group}, …] of one type, C a multiple of ${group}`,
          received: `${x.type} ${formatShape(x.shape)} and ${w.type} ${formatShape(w.shape)}`,
        });
      }
      const channels = dimProduct([dimAt(w.shape, 1), group]);
      checkBias("ConvTranspose", b, channels);
      const { image } = convTransposeGeometry(x, w, attributes);
      return { y: { type: x.type, shape: [dimAt(x.shape, 0), channels, ...image] } };
    },
    vjp: {
      x: ({ x, w, dy, attributes }) => {
        const geometry = convTransposeGeometry(x, w, attributes);
        return cropped(conv(dy, w, undefined, explicit(geometry)), x.shape);
      },
      // This one's output is the image of the convolution, its input the cotangent.
      w: ({ x, w, dy, attributes }) => convWeightGradient(dy, x, convTransposeGeometry(x, w, attributes)),
      b: ({ dy }) => sumOverPositions(dy),
    },
  });

/** Takes away windows at the end, of which an output padding larger than the stride makes room for more. */
function cropped(y: Value, shape: Shape): Value {
  const axes = shape.flatMap((dim, axis) => (axis > 1 && dim !== y.shape[axis] ? [axis] : []));
  if (axes.length === 0) return y;
  return slice(y, { starts: axes.map(() => 0), ends: axes.map((axis) => staticDim(shape, axis, "Conv")), axes });
}
