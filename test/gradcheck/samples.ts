import fc from "fast-check";
import type { Shape } from "../../src/graph/shape.js";
import type { Value } from "../../src/graph/value.js";
import * as activations from "../../src/ops/activations.js";
import { attention } from "../../src/ops/attention.js";
import { col2Im } from "../../src/ops/col2im.js";
import { where } from "../../src/ops/comparison.js";
import { conv, convTranspose } from "../../src/ops/convolution.js";
import { convHwnc } from "../../src/ops/convolution-hwnc.js";
import { einsum } from "../../src/ops/einsum.js";
import * as elementwise from "../../src/ops/elementwise.js";
import * as indexing from "../../src/ops/indexing.js";
import * as joining from "../../src/ops/joining.js";
import * as layout from "../../src/ops/layout.js";
import { gemm, matmul } from "../../src/ops/matmul.js";
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lpNormalization,
  lrn,
  rmsNormalization,
  simplifiedLayerNormalization,
  standardize,
} from "../../src/ops/normalization.js";
import * as pooling from "../../src/ops/pooling.js";
import * as reduction from "../../src/ops/reduction.js";
import { resize } from "../../src/ops/resampling.js";
import { rotaryEmbedding } from "../../src/ops/rotary-embedding.js";
import { expandTo } from "../../src/ops/shape-of.js";
import { reshapeTo } from "../../src/ops/reshape.js";
import * as slicing from "../../src/ops/slicing.js";
import { logSoftmax, softmax } from "../../src/ops/softmax.js";
import type { DifferentiableName } from "../../src/ops/table.js";
import { takeRowsOp } from "../../src/ops/take-rows.js";
import { cumSum, trilu } from "../../src/ops/triangles.js";
import { integers, scalar } from "../../src/ops/constants.js";
import { type Case, margin, type Numbers, type Operand } from "./check.js";

/** A sample: random calls of one operator. */
type Sample = fc.Arbitrary<Case>;

const small = fc.integer({ min: 1, max: 4 });

/** The extent of a batch, and whether the graph knows it. */
interface Batch {
  readonly extent: number;
  readonly dim: number | string;
}
const batches: fc.Arbitrary<Batch> = fc
  .record({ extent: fc.integer({ min: 1, max: 3 }), symbolic: fc.boolean() })
  .map(({ extent, symbolic }) => ({ extent, dim: symbolic ? "N" : extent }));

/** An operand whose first axis is the batch. */
function batched(
  { extent, dim }: Batch,
  rest: readonly number[],
  options: Omit<Operand, "dims" | "shape"> = {},
): Operand {
  return { dims: [extent, ...rest], shape: [dim, ...rest], ...options };
}

/** Elements with any number of axes, the first of them perhaps a symbol. */
function anyShape(numbers: Numbers, options: Omit<Operand, "dims" | "shape"> = {}): fc.Arbitrary<Operand> {
  return fc
    .tuple(batches, fc.array(small, { maxLength: 3 }))
    .map(([batch, rest]) => batched(batch, rest, { numbers, ...options }));
}

const anywhere: Numbers = { range: [-2, 2] };

function unary(
  build: (x: Value) => Value,
  numbers: Numbers = anywhere,
  options: { readonly linear?: boolean; readonly precision?: "float32" } = {},
): Sample {
  const { linear = false, ...rest } = options;
  return anyShape(numbers, { linear }).map((x) => ({ inputs: [x], build, ...rest }));
}

/** Two operands that broadcast to each other: either may lack leading axes or have extents of 1. */
const broadcasting: fc.Arbitrary<readonly [Operand, Operand]> = fc
  .record({
    batch: batches,
    rest: fc.array(small, { maxLength: 3 }),
    dropped: fc.integer({ min: 0, max: 4 }),
    ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    swapped: fc.boolean(),
  })
  .map(({ batch, rest, dropped, ones, swapped }): readonly [Operand, Operand] => {
    const full = batched(batch, rest);
    const shape: Shape = full.shape ?? full.dims;
    const narrow = <T>(extents: readonly (T | number)[]): (T | number)[] =>
      extents.map((extent, axis) => (ones[axis] === true ? 1 : extent)).slice(Math.min(dropped, extents.length));
    const partial: Operand = { dims: narrow<number>(full.dims), shape: narrow<number | string>(shape) };
    return swapped ? [partial, full] : [full, partial];
  });

function binary(
  build: (a: Value, b: Value) => Value,
  a: Omit<Operand, "dims" | "shape"> = {},
  b: Omit<Operand, "dims" | "shape"> = {},
): Sample {
  return broadcasting.map(([left, right]) => ({
    inputs: [
      { ...left, ...a },
      { ...right, ...b },
    ],
    build,
  }));
}

const linear = { linear: true } as const;

/** A window: extents, strides, dilations, margins for two axes, and an image of odd or even size that it fits into. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly image: readonly number[];
  readonly auto: "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";
}
const pair = (max: number, min = 1): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 2 });
const windows: fc.Arbitrary<Windows> = fc
  .record({
    kernel: pair(3),
    strides: pair(3),
    dilations: pair(2),
    begins: pair(2, 0),
    ends: pair(2, 0),
    extra: pair(5, 0),
    auto: fc.constantFrom("NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
  })
  .map(({ kernel, strides, dilations, begins, ends, extra, auto }) => {
    // A margin as wide as the window would make windows that see no pixel.
    const spans = kernel.map((extent, axis) => (extent - 1) * (dilations[axis] ?? 1) + 1);
    const narrow = (margins: readonly number[]): number[] =>
      margins.map((width, axis) => Math.min(width, (kernel[axis] ?? 1) - 1));
    return {
      kernel,
      strides,
      dilations,
      pads: [...narrow(begins), ...narrow(ends)],
      image: spans.map((extent, axis) => extent + (extra[axis] ?? 0)),
      auto,
    };
  });

/** ONNX Runtime's pooling refuses auto_pad where windows are farther apart than they are wide. */
function closeTogether(window: Windows): Windows {
  if (window.auto === "NOTSET") return window;
  return { ...window, strides: window.strides.map((stride, axis) => Math.min(stride, window.kernel[axis] ?? 1)) };
}

/** Pads or auto_pad, whichever holds. */
function margins({ auto, pads }: Windows): { readonly pads: readonly number[] } | { readonly auto_pad: string } {
  return auto === "NOTSET" ? { pads } : { auto_pad: auto };
}

const convolutions: Sample = fc
  .record({
    batch: batches,
    window: windows,
    group: small,
    // Depthwise ones have gradients of their own.
    each: fc.oneof(fc.tuple(small, small), fc.constant([1, 1] as const)),
    bias: fc.boolean(),
  })
  .map(({ batch, window, group, each: [inGroup, outGroup], bias }): Case => {
    const { kernel, strides, image } = window;
    // ONNX Runtime wants dilations of 1 with auto_pad.
    const dilations = window.auto === "NOTSET" ? window.dilations : [1, 1];
    return {
      inputs: [
        batched(batch, [group * inGroup, ...image], linear),
        { dims: [group * outGroup, inGroup, ...kernel], ...linear },
        ...(bias ? [{ dims: [group * outGroup], ...linear }] : []),
      ],
      build: (x, w, b) => conv(x, w, b, { group, strides, dilations, ...margins(window) }),
      precision: "float32",
    };
  });

const convolutionsHwnc: Sample = fc
  .record({ batch: batches, window: windows, channels: small, outputs: small, bias: fc.boolean() })
  .map(({ batch, window, channels, outputs, bias }): Case => {
    const { kernel, strides, pads, image } = window;
    return {
      inputs: [
        batched(batch, [...image, channels], linear),
        { dims: [kernel.reduce((taps, extent) => taps * extent, channels), outputs], ...linear },
        ...(bias ? [{ dims: [outputs], ...linear }] : []),
      ],
      build: (x, w, b) =>
        convHwnc(layout.transpose(x, { perm: [1, 2, 0, 3] }), w, b, { kernel_shape: kernel, strides, pads }),
    };
  });

const rowsTaken: Sample = fc
  .record({ extent: small, rest: fc.array(small, { maxLength: 2 }), picks: fc.array(fc.nat(), { maxLength: 9 }) })
  .map(({ extent, rest, picks }): Case => {
    // The first one is there, so that there is something to differentiate; -1 stands for zeros.
    const rows = [0, ...picks.map((pick) => (pick % (extent + 1)) - 1)];
    return { inputs: [{ dims: [extent, ...rest], ...linear }], build: (x) => takeRowsOp(x, integers(rows)) };
  });

const transposedConvolutions: Sample = fc
  .record({
    batch: batches,
    window: windows,
    group: small,
    inGroup: small,
    outGroup: small,
    bias: fc.boolean(),
    added: pair(2, 0),
  })
  .map(({ batch, window, group, inGroup, outGroup, bias, added }): Case => {
    const { kernel, strides, dilations, pads } = window;
    const attributes = {
      group,
      strides,
      dilations,
      pads,
      output_padding: added.map((extent, axis) => Math.min(extent, (strides[axis] ?? 1) - 1)),
    };
    return {
      // An image large enough that the pads leave something of it.
      inputs: [
        batched(batch, [group * inGroup, 4, 5], linear),
        { dims: [group * inGroup, outGroup, ...kernel], ...linear },
        ...(bias ? [{ dims: [group * outGroup], ...linear }] : []),
      ],
      build: (x, w, b) => convTranspose(x, w, b, attributes),
      precision: "float32",
    };
  });

const distinct: Numbers = { distinct: 0 };

const reductions = (
  build: (x: Value, axes: readonly number[] | undefined, options: { readonly keepdims: number }) => Value,
  numbers: Numbers = anywhere,
  options: { readonly linear?: boolean; readonly precision?: "float32" } = {},
): Sample =>
  fc
    .record({
      x: anyShape(numbers, { linear: options.linear ?? false }),
      picked: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      all: fc.boolean(),
      keepdims: fc.constantFrom(0, 1),
    })
    .map(({ x, picked, all, keepdims }): Case => {
      const axes = x.dims.flatMap((_, axis) => (picked[axis] === true ? [axis] : []));
      return {
        inputs: [x],
        build: (value) => build(value, all || axes.length === 0 ? undefined : axes, { keepdims }),
        precision: options.precision,
      };
    });

const matrices: Sample = fc
  .record({
    n: small,
    k: small,
    m: small,
    batch: batches,
    outer: small,
    left: fc.constantFrom("vector", "matrix", "batch", "outer"),
    right: fc.constantFrom("vector", "matrix", "batch", "outer", "one"),
  })
  .map(({ n, k, m, batch, outer, left, right }): Case => {
    const a: Record<typeof left, Operand> = {
      vector: { dims: [k] },
      matrix: { dims: [n, k] },
      batch: batched(batch, [n, k]),
      outer: batched(batch, [outer, n, k]),
    };
    const b: Record<typeof right, Operand> = {
      vector: { dims: [k] },
      matrix: { dims: [k, m] },
      // Behind an `outer` axis of its own a batch would have to be as long as that.
      batch: left === "outer" ? { dims: [outer, k, m] } : batched(batch, [k, m]),
      outer: left === "batch" ? { dims: [outer, 1, k, m] } : batched(batch, [outer, k, m]),
      one: { dims: [1, k, m] },
    };
    return {
      inputs: [
        { ...a[left], ...linear },
        { ...b[right], ...linear },
      ],
      build: (x, y) => matmul(x, y),
    };
  });

const gemms: Sample = fc
  .record({
    batch: batches,
    k: small,
    m: small,
    transA: fc.constantFrom(0, 1),
    transB: fc.constantFrom(0, 1),
    alpha: fc.constantFrom(1, 0.5),
    beta: fc.constantFrom(1, 2),
    c: fc.constantFrom("none", "scalar", "row", "full"),
  })
  .map(({ batch, k, m, transA, transB, alpha, beta, c }): Case => {
    const a: Operand =
      transA === 0 ? batched(batch, [k], linear) : { dims: [k, batch.extent], shape: [k, batch.dim], ...linear };
    const bias: Record<typeof c, readonly Operand[]> = {
      none: [],
      scalar: [{ dims: [], ...linear }],
      row: [{ dims: [m], ...linear }],
      full: [batched(batch, [m], linear)],
    };
    return {
      inputs: [a, { dims: transB === 0 ? [k, m] : [m, k], ...linear }, ...bias[c]],
      build: (x, y, z) => gemm(x, y, z, { transA, transB, alpha, beta }),
    };
  });

const norms: Sample = fc
  .record({ batch: batches, channels: small, spatial: fc.array(small, { maxLength: 2 }) })
  .map(({ batch, channels, spatial }): Case => ({
    inputs: [
      batched(batch, [channels, ...spatial], linear),
      { dims: [channels], ...linear },
      { dims: [channels], ...linear },
      { dims: [channels], ...linear },
      { dims: [channels], numbers: { range: [1, 2] } },
    ],
    build: (x, scale, bias, mean, variance) =>
      batchNormalization(x, scale, bias, mean, variance, {
        epsilon: 1e-3,
      }),
  }));

const layerNorms: Sample = fc
  .record({
    batch: batches,
    rest: fc.array(fc.integer({ min: 3, max: 5 }), { minLength: 1, maxLength: 2 }),
    bias: fc.boolean(),
  })
  .map(({ batch, rest, bias }): Case => ({
    inputs: [
      batched(batch, rest, { numbers: distinct }),
      { dims: rest, ...linear },
      ...(bias ? [{ dims: rest, ...linear }] : []),
    ],
    build: (x, scale, b) => layerNormalization(x, scale, b, { axis: 1, epsilon: 0.1 }),
  }));

const maxPools: Sample = fc
  .record({
    batch: batches,
    channels: small,
    window: windows.map(closeTogether),
    apart: fc.boolean(),
    ceil_mode: fc.constantFrom(0, 1),
  })
  .map(({ batch, channels, window, apart, ceil_mode }): Case => {
    const { kernel, image } = window;
    const dilations = window.auto === "NOTSET" && !apart ? window.dilations : [1, 1];
    return {
      inputs: [batched(batch, [channels, ...image], { numbers: distinct })],
      build: (x) =>
        pooling.maxPool(x, {
          kernel_shape: kernel,
          strides: apart ? kernel : window.strides,
          dilations,
          ...margins(window),
          ceil_mode: window.auto === "NOTSET" ? ceil_mode : undefined,
        }),
      // MaxUnpool has no float64 kernel.
      precision: "float32",
    };
  });

const averagePools: Sample = fc
  .record({
    batch: batches,
    channels: small,
    window: windows.map(closeTogether),
    ceil_mode: fc.constantFrom(0, 1),
    count_include_pad: fc.constantFrom(0, 1),
  })
  .map(({ batch, channels, window, ceil_mode, count_include_pad }): Case => {
    const { kernel, image, strides } = window;
    return {
      inputs: [batched(batch, [channels, ...image], linear)],
      build: (x) =>
        pooling.averagePool(x, {
          kernel_shape: kernel,
          strides,
          count_include_pad,
          ...margins(window),
          ceil_mode: window.auto === "NOTSET" ? ceil_mode : undefined,
        }),
      precision: "float32",
    };
  });

/** Slices of an axis of extent 6: forwards and backwards, from either end, with ends beyond. */
const slices: Sample = fc
  .record({
    batch: batches,
    other: small,
    start: fc.integer({ min: -7, max: 7 }),
    length: fc.integer({ min: 1, max: 8 }),
    step: fc.constantFrom(1, 2, 3, -1, -2, -4),
    whole: fc.boolean(),
  })
  .filter(({ start, step }) => (step > 0 ? start < 6 : start > -7))
  .map(({ batch, other, start, length, step, whole }): Case => ({
    inputs: [batched(batch, [other, 6], linear)],
    build: (x) => {
      // A start counted from the end, with an end counted from the front, would be another slice.
      const from = start < 0 ? Math.max(start + 6, 0) : start;
      const end = from + Math.sign(step) * length;
      const rows = whole
        ? { starts: [0], ends: [2 ** 31 - 1], axes: [0], steps: [1] }
        : { starts: [], ends: [], axes: [], steps: [] };
      return slicing.slice(x, {
        starts: [...rows.starts, start],
        ends: [...rows.ends, end < 0 ? -(2 ** 31) : end],
        axes: [...rows.axes, -1],
        steps: [...rows.steps, step],
      });
    },
  }));

const pads: Sample = fc
  .record({
    batch: batches,
    mode: fc.constantFrom("constant", "constant", "reflect", "edge"),
    margins: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 4, maxLength: 4 }),
    filled: fc.boolean(),
  })
  .map(({ batch, mode, margins: given, filled }): Case => {
    // ONNX Runtime's mirrored margins do not take pixels away at the same time.
    const widths = mode === "constant" ? given : given.map((width) => Math.max(width, 0));
    const fill: readonly Operand[] = mode === "constant" && filled ? [{ dims: [], ...linear }] : [];
    return {
      inputs: [batched(batch, [3, 4], linear), ...fill],
      build: (x, value) => slicing.padOp(x, integers(widths), value, integers([1, 2]), { mode }),
    };
  });

const gathers: Sample = fc
  .record({
    batch: batches,
    axis: fc.constantFrom(1, 2, -1),
    indices: fc.oneof(
      fc.constant({ dims: [], values: [1] }),
      fc
        .array(fc.integer({ min: -3, max: 2 }), { minLength: 4, maxLength: 4 })
        .map((values) => ({ dims: [2, 2], values })),
    ),
  })
  .map(({ batch, axis, indices }): Case => ({
    inputs: [batched(batch, [3, 3], linear), { dims: indices.dims, numbers: indices, fixed: "int64" }],
    build: (x, places) => indexing.gather(x, places, { axis }),
  }));

const resizes: Sample = fc
  .record({
    batch: batches,
    from: pair(4),
    to: pair(7),
    mode: fc.constantFrom("nearest", "linear", "cubic"),
    coordinates: fc.constantFrom("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"),
    rounding: fc.constantFrom("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
  })
  .map(({ batch, from, to: [height = 1, width = 1], mode, coordinates, rounding }): Case => ({
    inputs: [batched(batch, [2, ...from], linear)],
    build: (x) =>
      resize(x, height, width, {
        mode,
        coordinate_transformation_mode: coordinates,
        nearest_mode: mode === "nearest" ? rounding : undefined,
      }),
    precision: "float32",
  }));

const col2Ims: Sample = fc
  .record({
    batch: batches,
    extents: fc.tuple(fc.integer({ min: 3, max: 5 }), fc.integer({ min: 3, max: 5 })),
    block: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
    strides: pair(2),
    dilation: fc.integer({ min: 1, max: 2 }),
    pads: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ batch, extents, block, strides, dilation, pads }): Case => {
    const pixels = (axis: number): number => (extents[axis] ?? 0) + (pads[axis] ?? 0) + (pads[axis + 2] ?? 0);
    const dilations = block.map((taps, axis) => (dilation * (taps - 1) < pixels(axis) ? dilation : 1));
    const windows = block.map((taps, axis) =>
      Math.floor((pixels(axis) - (dilations[axis] ?? 1) * (taps - 1) - 1) / (strides[axis] ?? 1) + 1),
    );
    const product = (numbers: readonly number[]): number => numbers.reduce((total, number) => total * number, 1);
    return {
      inputs: [batched(batch, [2 * product(block), product(windows)], linear)],
      build: (x) => col2Im(x, integers(extents), integers(block), { strides: [...strides], dilations, pads }),
      precision: "float32",
    };
  });

const places = (count: number, below: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: below - 1 }), { minLength: count, maxLength: count });

/** Equations as files of transformers have them, and each kind of axis: summed in one term, in both, an ellipsis, extent 1. */
const einsums: Sample = fc
  .record({
    batch: batches,
    extents: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 3, maxLength: 3 }),
    equation: fc.constantFrom(
      "bhid,bhjd->bhij",
      "bi,ij->bj",
      "...i,ji->...j",
      "bij,k->bk",
      "bij->bj",
      "bij,bij,j->b",
      "bij",
    ),
  })
  .map(({ batch, extents: [i = 2, j = 2, d = 2], equation }): Case => {
    const shapes: Readonly<Record<string, readonly Operand[]>> = {
      "bhid,bhjd->bhij": [batched(batch, [2, i, d]), batched(batch, [2, j, d])],
      "bi,ij->bj": [batched(batch, [i]), { dims: [i, j] }],
      "...i,ji->...j": [batched(batch, [d, i]), { dims: [j, i] }],
      "bij,k->bk": [batched(batch, [i, j]), { dims: [d] }],
      "bij->bj": [batched(batch, [i, j])],
      "bij,bij,j->b": [batched(batch, [i, j]), batched(batch, [i, j]), { dims: [j] }],
      bij: [batched(batch, [i, j])],
    };
    return {
      inputs: (shapes[equation] ?? []).map((operand) => ({ ...operand, ...linear })),
      build: (...values) => einsum(values, { equation }),
    };
  });

const attentions: Sample = fc
  .record({
    batch: batches,
    tokens: fc.integer({ min: 2, max: 4 }),
    masked: fc.boolean(),
    is_causal: fc.constantFrom(0, 1),
    softcap: fc.constantFrom(0, 2),
    rows: fc.boolean(),
    shared: fc.constantFrom(1, 2),
  })
  .map(({ batch, tokens, masked, is_causal, softcap, rows, shared }): Case => {
    const [heads, width] = [2, 3];
    const operand = (count: number): Operand => batched(batch, rows ? [tokens, count * width] : [count, tokens, width]);
    const [queries, keys] = [operand(heads), operand(heads / shared)];
    return {
      inputs: [queries, keys, { ...keys, ...linear }, ...(masked ? [{ dims: [tokens, tokens] }] : [])],
      build: (q, k, v, mask) =>
        attention(q, k, v, mask, {
          is_causal,
          softcap,
          q_num_heads: rows ? heads : undefined,
          kv_num_heads: rows ? heads / shared : undefined,
        }),
    };
  });

const rotations: Sample = fc
  .record({
    batch: batches,
    interleaved: fc.constantFrom(0, 1),
    rows: fc.boolean(),
    chosen: fc.boolean(),
    turned: fc.constantFrom(0, 2),
    values: places(9, 5),
  })
  .map(({ batch, interleaved, rows, chosen, turned, values }): Case => {
    const [heads, tokens, width] = [2, 3, 4];
    const pairs = (turned === 0 ? width : turned) / 2;
    const table: Operand = chosen ? { dims: [5, pairs], ...linear } : batched(batch, [tokens, pairs], linear);
    const numbers = { values: values.slice(0, batch.extent * tokens) };
    return {
      inputs: [
        batched(batch, rows ? [tokens, heads * width] : [heads, tokens, width], linear),
        table,
        table,
        ...(chosen ? [batched(batch, [tokens], { numbers, fixed: "int64" })] : []),
      ],
      build: (x, cos, sin, positions) =>
        rotaryEmbedding(x, cos, sin, positions, {
          interleaved,
          num_heads: rows ? heads : undefined,
          rotary_embedding_dim: turned,
        }),
    };
  });

const groupNorms: Sample = fc
  .record({ batch: batches, groups: fc.integer({ min: 1, max: 3 }), image: pair(4, 2) })
  .map(({ batch, groups, image }): Case => ({
    inputs: [
      batched(batch, [2 * groups, ...image], { numbers: distinct }),
      { dims: [2 * groups], ...linear },
      { dims: [2 * groups], ...linear },
    ],
    build: (x, scale, bias) => groupNormalization(x, scale, bias, { num_groups: groups, epsilon: 0.1 }),
    precision: "float32",
  }));

const rmsNorms = (
  build: (x: Value, scale: Value, options: { readonly axis: number; readonly epsilon: number }) => Value,
): Sample =>
  fc.tuple(batches, fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 2 })).map(([batch, rest]) => ({
    inputs: [batched(batch, rest), { dims: rest, ...linear }],
    build: (x, scale) => build(x, scale, { axis: 1, epsilon: 0.1 }),
  }));

/**
 * One sample for each operator that has a derivative, under its ONNX name; the compiler misses one that is not here.
 *
 * Numbers keep away from kinks, where differences and derivatives need not agree.
 */
export const samples: Readonly<Record<DifferentiableName, Sample>> = {
  Add: binary(elementwise.add, linear, linear),
  Sub: binary(elementwise.sub, linear, linear),
  Mul: binary(elementwise.mul, linear, linear),
  Div: binary(elementwise.div, linear, { numbers: { range: [0.5, 2] } }),
  Neg: unary(elementwise.neg, anywhere, linear),
  Abs: unary(elementwise.abs, { away: [0] }),
  Sqrt: unary(elementwise.sqrt, { range: [0.5, 2] }),
  Exp: unary(elementwise.exp),
  Log: unary(elementwise.log, { range: [0.5, 2] }),
  Pow: binary(elementwise.pow, { numbers: { range: [0.5, 2] } }),
  Reciprocal: unary(elementwise.reciprocal, { range: [1, 2] }, { precision: "float32" }),
  Erf: unary(elementwise.erf, anywhere, { precision: "float32" }),
  Sign: unary(elementwise.sign, { away: [0] }),
  // Of a step, so that the missing derivative is the right one.
  StopGradient: unary((x) => layout.stopGradient(elementwise.sign(x)), { away: [0] }),
  Floor: unary(elementwise.floor, { away: [-2, -1, 0, 1, 2] }),
  Ceil: unary(elementwise.ceil, { away: [-2, -1, 0, 1, 2] }),
  Round: unary(elementwise.round, { away: [-1.5, -0.5, 0.5, 1.5] }),
  Max: binary(
    (a, b) => elementwise.max([a, b, elementwise.neg(b)]),
    { numbers: distinct },
    { numbers: { distinct: margin } },
  ),
  Min: binary((a, b) => elementwise.min([a, b]), { numbers: distinct }, { numbers: { distinct: margin } }),
  Sum: binary((a, b) => elementwise.sum([a, b, a]), linear, linear),
  Mean: binary((a, b) => elementwise.mean([a, b, a]), linear, linear).map((drawn) => ({
    ...drawn,
    precision: "float32",
  })),
  // Between the steps: a / b is 2.2 to 2.8.
  Mod: binary(
    (a, b) => elementwise.mod(a, b, { fmod: 1 }),
    { numbers: { range: [2.25, 2.5] } },
    { numbers: { range: [0.92, 1] } },
  ),
  Sin: unary(elementwise.sin),
  Cos: unary(elementwise.cos),
  Clip: unary((x) => elementwise.clip(x, -1, 0.5), { away: [-1, 0.5] }),
  Where: broadcasting.map(([a, b]) => ({
    // As whole numbers these are 0 or 1.
    inputs: [
      { ...a, ...linear },
      { ...b, ...linear },
      { ...(a.dims.length > b.dims.length ? a : b), numbers: { range: [0, 1.9] }, fixed: "bool" },
    ],
    build: (x, y, mask) => where(mask, x, y),
  })),
  Relu: unary(activations.relu, { away: [0] }),
  LeakyRelu: unary((x) => activations.leakyRelu(x, { alpha: 0.3 }), { away: [0] }, { precision: "float32" }),
  PRelu: fc.tuple(batches, small, small).map(([batch, channels, width]) => ({
    inputs: [batched(batch, [channels, width], { numbers: { away: [0] } }), { dims: [channels, 1], ...linear }],
    build: (x, slope) => activations.prelu(x, slope),
    precision: "float32",
  })),
  Elu: unary((x) => activations.elu(x, { alpha: 0.7 }), { away: [0] }, { precision: "float32" }),
  Selu: unary((x) => activations.selu(x), { away: [0] }, { precision: "float32" }),
  Sigmoid: unary(activations.sigmoid),
  Tanh: unary(activations.tanh),
  Softplus: unary(activations.softplus, anywhere, { precision: "float32" }),
  Softsign: unary(activations.softsign, { away: [0] }, { precision: "float32" }),
  HardSigmoid: unary(
    (x) => activations.hardSigmoid(x, { alpha: 0.5, beta: 0.5 }),
    { away: [-1, 1] },
    { precision: "float32" },
  ),
  HardSwish: unary((x) => activations.hardSwish(elementwise.mul(x, x)), { range: [-1, 1] }, { precision: "float32" }),
  Swish: unary((x) => activations.swish(x, { alpha: 1.5 })),
  Mish: unary(activations.mish, anywhere, { precision: "float32" }),
  Gelu: fc
    .constantFrom("none", "tanh")
    .chain((approximate) => unary((x) => activations.gelu(x, { approximate }), anywhere, { precision: "float32" })),
  Celu: unary((x) => activations.celu(x, { alpha: 0.7 }), { away: [0] }, { precision: "float32" }),
  ThresholdedRelu: unary(
    (x) => activations.thresholdedRelu(x, { alpha: 0.5 }),
    { away: [0.5] },
    { precision: "float32" },
  ),

  Conv: convolutions,
  ConvHwnc: convolutionsHwnc,
  ConvTranspose: transposedConvolutions,
  TakeRows: rowsTaken,
  MatMul: matrices,
  Einsum: einsums,
  Attention: attentions,
  RotaryEmbedding: rotations,
  Gemm: gemms,

  MaxPool: maxPools,
  MaxUnpool: batches.map((batch) => ({
    inputs: [batched(batch, [2, 4, 6], { numbers: distinct }), batched(batch, [2, 2, 3], linear)],
    build: (x, y) => {
      const { indices } = pooling.maxPoolOp(x, { kernel_shape: [2, 2], strides: [2, 2] });
      return pooling.maxUnpool(y, indices, layout.shapeOp(x), {
        kernel_shape: [2, 2],
        strides: [2, 2],
      });
    },
    precision: "float32",
  })),
  AveragePool: averagePools,
  GlobalAveragePool: fc.tuple(batches, small, pair(4)).map(([batch, channels, image]) => ({
    inputs: [batched(batch, [channels, ...image], linear)],
    build: (x) => pooling.globalAveragePool(x),
    precision: "float32",
  })),
  GlobalMaxPool: fc.tuple(batches, small, pair(4)).map(([batch, channels, image]) => ({
    inputs: [batched(batch, [channels, ...image], { numbers: distinct })],
    build: (x) => pooling.globalMaxPool(x),
    precision: "float32",
  })),
  BatchNormalization: norms,
  LayerNormalization: layerNorms,
  GroupNormalization: groupNorms,
  RMSNormalization: rmsNorms(rmsNormalization),
  SimplifiedLayerNormalization: rmsNorms(simplifiedLayerNormalization),
  LpNormalization: fc.tuple(anyShape({ range: [0.5, 1] }), fc.constantFrom(1, 2)).map(([x, p]) => ({
    inputs: [x],
    build: (value) => lpNormalization(value, { axis: -1, p }),
    precision: "float32",
  })),
  InstanceNormalization: fc.tuple(batches, small, pair(4, 2)).map(([batch, channels, image]) => ({
    inputs: [
      batched(batch, [channels, ...image], { numbers: distinct }),
      { dims: [channels], ...linear },
      { dims: [channels], ...linear },
    ],
    build: (x, scale, bias) => instanceNormalization(x, scale, bias, { epsilon: 0.1 }),
    precision: "float32",
  })),
  Standardize: fc
    .record({ batch: batches, image: pair(4, 2), over: fc.constantFrom([0, 2, 3], [2, 3], [3]) })
    .map(({ batch, image, over }) => {
      const channels = 2;
      const kept = [1, channels, 1, 1];
      return {
        inputs: [
          batched(batch, [channels, ...image], { numbers: distinct }),
          { dims: kept, ...linear },
          { dims: kept, ...linear },
        ],
        build: (x, scale, bias) => standardize(x, scale, bias, { axes: over, epsilon: 0.1 }),
      };
    }),
  LRN: fc.tuple(batches, fc.integer({ min: 1, max: 6 }), fc.constantFrom(1, 3, 5)).map(([batch, channels, size]) => ({
    inputs: [batched(batch, [channels, 2, 3])],
    build: (x) => lrn(x, { size, alpha: 0.5, beta: 0.75, bias: 1 }),
    precision: "float32",
  })),

  ReduceSum: reductions(reduction.reduceSum, anywhere, linear),
  ReduceMean: reductions(reduction.reduceMean, anywhere, linear),
  ReduceMax: reductions(reduction.reduceMax, distinct),
  ReduceMin: reductions(reduction.reduceMin, distinct),
  // Few factors: a product of many is too steep for differences.
  ReduceProd: fc.tuple(batches, fc.constantFrom(0, 1)).map(([batch, keepdims]) => ({
    inputs: [batched(batch, [2, 2], { numbers: { range: [1, 1.5] } })],
    build: (x) => reduction.reduceProd(x, [1, -1], { keepdims }),
    precision: "float32",
  })),
  ReduceSumSquare: reductions(reduction.reduceSumSquare),
  ReduceL1: reductions(reduction.reduceL1, { away: [0] }, { precision: "float32" }),
  ReduceLogSumExp: reductions(reduction.reduceLogSumExp),
  ReduceLogSum: reductions(reduction.reduceLogSum, { range: [0.5, 1] }, { precision: "float32" }),
  ReduceL2: reductions(reduction.reduceL2, { range: [0.5, 1] }, { precision: "float32" }),
  Softmax: fc.tuple(anyShape(anywhere), fc.integer({ min: -1, max: 0 })).map(([x, axis]) => ({
    inputs: [x],
    build: (value) => softmax(value, { axis }),
  })),
  LogSoftmax: fc.tuple(anyShape(anywhere), fc.integer({ min: -1, max: 0 })).map(([x, axis]) => ({
    inputs: [x],
    build: (value) => logSoftmax(value, { axis }),
  })),

  Identity: unary(layout.identity, anywhere, linear),
  Cast: unary((x) => layout.cast(layout.cast(x, "float32"), "float64"), anywhere, { linear: true }).map((sample) => ({
    ...sample,
    build: (x) => layout.cast(layout.cast(x, "float64"), "float32"),
    precision: "float32",
  })),
  Reshape: fc.tuple(batches, small, small).map(([batch, a, b]) => ({
    inputs: [batched(batch, [a, b, 2], linear)],
    build: (x) => reshapeTo(x, [batch.dim, b * 2, a]),
  })),
  Transpose: fc
    .tuple(batches, small, small, fc.shuffledSubarray([0, 1, 2], { minLength: 3 }))
    .map(([batch, a, b, perm]) => ({
      inputs: [batched(batch, [a, b], linear)],
      build: (x) => layout.transpose(x, { perm }),
    })),
  Expand: fc.tuple(batches, small, fc.boolean()).map(([batch, a, leading]) => ({
    inputs: [{ dims: leading ? [1, a] : [a], ...linear }, batched(batch, [a])],
    build: (x, y) => elementwise.add(expandTo(x, y), y),
  })),
  Unsqueeze: unary((x) => layout.unsqueeze(x, [0, -1]), anywhere, linear),
  Squeeze: batches.map((batch) => ({
    inputs: [batched(batch, [1, 3, 1], linear)],
    build: (x) => layout.squeeze(x, [1, -1]),
  })),
  Flatten: fc.tuple(batches, fc.integer({ min: 0, max: 3 })).map(([batch, axis]) => ({
    inputs: [batched(batch, [2, 3], linear)],
    build: (x) => layout.flatten(x, { axis }),
  })),
  DepthToSpace: fc.tuple(batches, fc.constantFrom("DCR", "CRD")).map(([batch, mode]) => ({
    inputs: [batched(batch, [8, 2, 3], linear)],
    build: (x) => layout.depthToSpace(x, { blocksize: 2, mode }),
  })),
  SpaceToDepth: batches.map((batch) => ({
    inputs: [batched(batch, [2, 4, 6], linear)],
    build: (x) => layout.spaceToDepth(x, { blocksize: 2 }),
    precision: "float32",
  })),
  Resize: resizes,
  Col2Im: col2Ims,
  Concat: fc.tuple(batches, fc.array(small, { minLength: 1, maxLength: 3 })).map(([batch, extents]) => ({
    inputs: extents.map((extent) => batched(batch, [extent, 2], linear)),
    build: (...values) => joining.concat(values, { axis: 1 }),
  })),
  Slice: slices,
  Pad: pads,
  Split: fc.tuple(batches, fc.array(small, { minLength: 1, maxLength: 3 })).map(([batch, sizes]) => ({
    inputs: [batched(batch, [sizes.reduce((sum, size) => sum + size, 0), 2], linear)],
    build: (x) => joining.split(x, sizes, { axis: 1 }),
  })),
  Trilu: fc.tuple(batches, fc.constantFrom(0, 1), fc.integer({ min: -2, max: 2 })).map(([batch, upper, shift]) => ({
    inputs: [batched(batch, [3, 4], linear)],
    build: (x) => trilu(x, scalar("int64", shift), { upper }),
  })),
  CumSum: fc.tuple(batches, fc.constantFrom(0, 1), fc.constantFrom(0, 1)).map(([batch, exclusive, reverse]) => ({
    inputs: [batched(batch, [3, 4], linear)],
    build: (x) => cumSum(x, scalar("int64", 1), { exclusive, reverse }),
  })),
  Tile: fc.tuple(batches, small, small).map(([batch, across, down]) => ({
    inputs: [batched(batch, [2, 3], linear)],
    build: (x) => joining.tile(x, [1, across, down]),
  })),
  Gather: gathers,
  GatherElements: fc.tuple(batches, places(4, 3)).map(([, values]) => ({
    inputs: [
      { dims: [3, 2], ...linear },
      { dims: [2, 2], numbers: { values }, fixed: "int64" },
    ],
    build: (x, indices) => indexing.gatherElements(x, indices, { axis: 0 }),
  })),
  ScatterElements: fc.boolean().map((adds) => ({
    inputs: [
      { dims: [4, 2], ...linear },
      { dims: [2, 2], numbers: { values: adds ? [0, 1, 0, 1] : [0, 1, 3, 2] }, fixed: "int64" },
      { dims: [2, 2], ...linear },
    ],
    build: (x, indices, updates) =>
      indexing.scatterElements(x, indices, updates, {
        axis: 0,
        reduction: adds ? "add" : undefined,
      }),
  })),
  TopK: fc.tuple(batches, fc.integer({ min: 1, max: 4 })).map(([batch, k]) => ({
    inputs: [batched(batch, [4, 2], { numbers: distinct })],
    build: (x) => indexing.topK(x, integers([k]), { axis: 1 }).y,
  })),
  GatherND: places(4, 2).map((values) => ({
    inputs: [
      { dims: [2, 3, 2], ...linear },
      { dims: [2, 2], numbers: { values }, fixed: "int64" },
    ],
    build: (x, indices) => indexing.gatherNd(x, indices),
  })),
  ScatterND: fc.boolean().map((adds) => ({
    inputs: [
      { dims: [3, 2], ...linear },
      { dims: [2, 1], numbers: { values: adds ? [1, 1] : [2, 0] }, fixed: "int64" },
      { dims: [2, 2], ...linear },
    ],
    build: (x, indices, updates) => indexing.scatterNd(x, indices, updates, adds ? { reduction: "add" } : {}),
  })),
};
