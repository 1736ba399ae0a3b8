import { nodesInOrder } from "../../graph/graph.js";
import { UsageError } from "../../errors/errors.js";
import type { TrunkReport } from "../../models/training-types.js";
import { dimAt, staticDim } from "../../graph/shape.js";
import { constant, constantData, type Node, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { mul, sub } from "../../ops/elementwise.js";
import { foldNormalization } from "../../passes/fold-normalization.js";
import { roundedWeights } from "../../passes/rounded-weights.js";
import { slice } from "../../ops/slicing.js";
import {
  covering,
  planQuantization,
  quantizableConvolutions,
  type Quantization,
  quantizeConvolutions,
  type Rounding,
} from "../../passes/quantize-convolutions.js";
import { dequantizeLinear, quantizeLinear } from "../../ops/quantization.js";
import { reduceMax, reduceMean, reduceMin, reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { recreate } from "../../ops/table.js";
import { foldConstants } from "../../runtime/fold-constants.js";
import { fromTensor, type NamedTensors, type Runtime } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { weightLevels } from "./weight-levels.js";

/** Numbers that are looked at of each value and photo, evenly spaced. */
const samplesAPhoto = 16_384;

/**
 * A convolution that alone moves its result further than this stays float32: root of the mean square, as a share of the
 * result's own. (On 16 photos VGG16's ten up to block 4 move theirs by 0.4 to 0.9 %, MobileNetV2's 52 by 0.6 to 6.2 %.)
 */
const tooMuch = 0.1;

/** Ends of the range that are tried, as shares of the largest number seen. */
const cuts = Array.from({ length: 36 }, (_, index) => 1 - 0.02 * index);

/** How a trunk is rounded. */
export interface RoundingOptions {
  /** A convolution that alone moves its result further than this stays float32; default 0.1. */
  readonly tolerated?: number | undefined;
  /** The largest rounded weight; default the largest with which this runtime adds exactly, see `weightLevels`. */
  readonly levels?: number | undefined;
}

/** A trunk whose convolutions are computed in 8 bits. */
export interface Int8Trunk {
  readonly values: readonly Value[];
  readonly report: TrunkReport;
}

/** Bars of the histograms in which numbers are counted. */
const bars = 4096;

/**
 * The range that costs the least: what is cut off beyond its ends, and what is rounded within. Numbers within a step lie
 * anywhere in it, so rounding costs step² / 12 each; 0 is exact.
 *
 * @param parts numbers that were seen
 * @param low the least of all
 * @param high the greatest of all
 */
export function bestQuantization(parts: readonly Float32Array[], low: number, high: number): Quantization {
  const counts = new Float64Array(bars);
  const width = (high - low) / bars || 1;
  for (const part of parts) {
    for (const value of part) {
      if (value === 0) continue;
      const bar = Math.min(bars - 1, Math.floor((value - low) / width));
      counts[bar] = (counts[bar] ?? 0) + 1;
    }
  }
  const costOf = (cut: number): number => {
    const [from, to] = [low * cut, high * cut];
    const rounding = covering(from, to).scale ** 2 / 12;
    return counts.reduce((sum, count, bar) => {
      const middle = low + (bar + 0.5) * width;
      return sum + count * (middle > to ? (middle - to) ** 2 : middle < from ? (middle - from) ** 2 : rounding);
    }, 0);
  };
  const [best = 1] = cuts.map((cut) => [cut, costOf(cut)] as const).sort(([, a], [, b]) => a - b)[0] ?? [];
  return covering(low * best, high * best);
}

/** Evenly spaced numbers of a value, `[N, …]`. */
function sampled(value: Value): Value {
  const size = value.shape
    .slice(1)
    .reduce<number>((product, _, axis) => product * staticDim(value.shape, axis + 1, "int8"), 1);
  // An odd step does not stay in one column of an image.
  const step = Math.max(1, Math.floor(size / samplesAPhoto)) | 1;
  const flat = reshapeTo(value, [dimAt(value.shape, 0), size]);
  return slice(flat, { starts: [0], ends: [size], axes: [1], steps: [step] });
}

/** What is said where a trunk in 8 bits is asked for and nothing could be computed in 8 bits. */
export function nothingToRound(): UsageError {
  return new UsageError("The frozen part of the network cannot be computed in 8 bits.", {
    subject: "trunkPrecision",
    expected: "frozen convolutions of images before the first layer that learns",
    received: "none",
    advice: 'Leave the trunk\'s precision at "float32".',
  });
}

async function runAll(
  runtime: Runtime,
  outputs: Readonly<Record<string, Value>>,
  batches: readonly NamedTensors[],
  each: (results: NamedTensors, batch: NamedTensors) => void,
): Promise<void> {
  const session = await createSession(runtime, outputs);
  try {
    for (const batch of batches) each(await session.run(batch), batch);
  } finally {
    await session.release();
  }
}

const numbersOf = (results: NamedTensors, name: string): Float32Array => {
  const tensor = results[name];
  if (tensor === undefined) throw new TypeError(`The engine gave no "${name}".`);
  return fromTensor(tensor).data as Float32Array;
};

/** What calibration photos showed of a trunk. */
interface Calibration {
  /** How a value of the plan is rounded. */
  readonly quantizationOf: (point: Value) => Quantization;
  /** Mean of each channel of a convolution's input. */
  readonly meansOf: (value: Value) => Float32Array;
  /** The boundary of each batch, value by value. */
  readonly boundary: readonly Float32Array[];
  readonly photos: number;
}

/**
 * Runs a trunk on calibration photos.
 *
 * @param exact the boundary
 * @param points values whose ranges are wanted
 * @param inputs values whose means by channel are wanted
 * @param onPhotos hears which batch has passed
 */
async function observe(
  runtime: Runtime,
  batches: readonly NamedTensors[],
  { exact, points, inputs }: Readonly<Record<"exact" | "points" | "inputs", readonly Value[]>>,
  onPhotos: (batch: NamedTensors) => void,
): Promise<Calibration> {
  const sumsOf = new Map<Value, Float64Array>();
  const seen = points.map(() => ({ parts: new Array<Float32Array>(), low: 0, high: 0 }));
  const boundary: Float32Array[] = [];
  const outputs = Object.fromEntries([
    ...points.flatMap((point, index) => [
      [`p${index}`, sampled(point)] as const,
      [`low${index}`, reduceMin(point, undefined, { keepdims: 0 })] as const,
      [`high${index}`, reduceMax(point, undefined, { keepdims: 0 })] as const,
    ]),
    ...inputs.map((value, index) => [`m${index}`, reduceMean(value, [2, 3], { keepdims: 0 })] as const),
    ...exact.map((value, index) => [`b${index}`, value] as const),
  ]);
  let photos = 0;
  await runAll(runtime, outputs, batches, (results, batch) => {
    seen.forEach((range, index) => {
      range.parts.push(numbersOf(results, `p${index}`).slice());
      range.low = Math.min(range.low, numbersOf(results, `low${index}`)[0] ?? 0);
      range.high = Math.max(range.high, numbersOf(results, `high${index}`)[0] ?? 0);
    });
    inputs.forEach((value, index) => {
      const means = numbersOf(results, `m${index}`);
      const channels = staticDim(value.shape, 1, "int8");
      const sums = sumsOf.get(value) ?? new Float64Array(channels);
      means.forEach((mean, place) => {
        sums[place % channels] = (sums[place % channels] ?? 0) + mean;
      });
      sumsOf.set(value, sums);
      if (index === 0) photos += means.length / channels;
    });
    exact.forEach((_, index) => boundary.push(numbersOf(results, `b${index}`).slice()));
    onPhotos(batch);
  });
  const quantizations = new Map(
    seen.flatMap(({ parts, low, high }, index) => {
      const [point] = points.slice(index);
      return point === undefined ? [] : [[point, bestQuantization(parts, low, high)] as const];
    }),
  );
  const quantizationOf = (point: Value): Quantization => {
    const found = quantizations.get(point);
    if (found === undefined) throw new TypeError("A value of the plan has not been calibrated.");
    return found;
  };
  const meansOf = (value: Value): Float32Array => Float32Array.from(sumsOf.get(value) ?? [], (sum) => sum / photos);
  return { quantizationOf, meansOf, boundary, photos };
}

/** A trunk whose ranges are known: it can be rounded in several ways. */
export interface ObservedTrunk {
  /** How far each convolution that can be computed in 8 bits moves its result when it alone is, as a share of it; the furthest first. */
  readonly moves: readonly number[];
  /**
   * Values of the trunk, ready to run, with the convolutions in 8 bits that move their result no further than that.
   *
   * @param levelsOfOthers the largest rounded weight of the other convolutions; default their weights stay as they are
   */
  readonly rounded: (tolerated: number, levelsOfOthers?: number) => readonly Value[];
  /** Names of the other convolutions. */
  readonly float32: (tolerated: number) => readonly string[];
  /** The boundary of each batch as it is exactly, value by value. */
  readonly boundary: readonly Float32Array[];
  readonly photos: number;
}

/**
 * Finds on calibration photos how convolutions would be rounded, and what each loses.
 *
 * @param values the boundary, with weights as constants
 * @param batches calibration photos, as the inputs of `values` take them
 * @param asked the largest rounded weight; default the largest with which this runtime adds exactly, see `weightLevels`
 * @param onPhotos hears that photos have passed: each passes once, those of the first batch twice
 * @throws UsageError where there is no convolution to compute in 8 bits
 */
export async function observeTrunk(
  runtime: Runtime,
  values: readonly Value[],
  batches: readonly NamedTensors[],
  asked?: number,
  onPhotos: (batch: NamedTensors) => void = () => undefined,
): Promise<ObservedTrunk> {
  const exact = foldNormalization(await foldConstants(runtime, values));
  const all = quantizableConvolutions(exact);
  if (all.length === 0) throw nothingToRound();
  const inputs = [...new Set(all.flatMap(({ inputs: [x] }) => (x === undefined ? [] : [x])))];
  // A pooled value needs a range of its own where the convolution before it stays float32.
  const points = [...new Set([...planQuantization(exact, new Set(all)).points, ...inputs])];
  const { quantizationOf, meansOf, boundary, photos } = await observe(
    runtime,
    batches,
    { exact, points, inputs },
    onPhotos,
  );
  const levels = asked ?? (await weightLevels(runtime));
  const losses = await lossesOf(runtime, exact, all, { quantizationOf, levels }, batches.slice(0, 1));
  batches.slice(0, 1).forEach(onPhotos);
  const move = (node: Node): number => Math.sqrt(losses.get(node) ?? 0);
  return {
    moves: all.map(move).sort((one, other) => other - one),
    rounded(tolerated, levelsOfOthers) {
      const plan = planQuantization(exact, new Set(all.filter((node) => move(node) <= tolerated)));
      return quantizeConvolutions(exact, plan, { quantizationOf, meansOf, levels, levelsOfOthers });
    },
    float32: (tolerated) => all.filter((node) => move(node) > tolerated).map((node) => nameOf(node, exact)),
    boundary,
    photos,
  };
}

/**
 * Computes the convolutions of a trunk in 8 bits: ranges are found on calibration photos, and convolutions that lose too much on
 * them stay float32.
 *
 * @param values the boundary, with weights as constants
 * @param batches calibration photos, as the inputs of `values` take them
 * @param options what may be lost, and how weights are rounded
 * @throws UsageError where there is no convolution to compute in 8 bits
 */
export async function int8Trunk(
  runtime: Runtime,
  values: readonly Value[],
  batches: readonly NamedTensors[],
  { tolerated = tooMuch, levels }: RoundingOptions = {},
): Promise<Int8Trunk> {
  const observed = await observeTrunk(runtime, values, batches, levels);
  const rounded = observed.rounded(tolerated);
  const float32 = observed.float32(tolerated);
  return {
    values: rounded,
    report: {
      convolutions: observed.moves.length - float32.length,
      of: observed.moves.length,
      float32,
      moved: await distance(runtime, rounded, batches, observed.boundary),
      photos: observed.photos,
    },
  };
}

/** Root of the mean square of a difference, as a share of what was expected. */
async function distance(
  runtime: Runtime,
  values: readonly Value[],
  batches: readonly NamedTensors[],
  expected: readonly Float32Array[],
): Promise<number> {
  let [difference, whole, place] = [0, 0, 0];
  const outputs = Object.fromEntries(values.map((value, index) => [`b${index}`, value]));
  await runAll(runtime, outputs, batches, (results) => {
    values.forEach((_, index) => {
      const found = numbersOf(results, `b${index}`);
      expected[place++]?.forEach((value, element) => {
        difference += ((found[element] ?? 0) - value) ** 2;
        whole += value ** 2;
      });
    });
  });
  return Math.sqrt(difference / Math.max(whole, Number.MIN_VALUE));
}

/** Which convolution: its number in the graph's order, and its shape. */
function nameOf(node: Node, values: readonly Value[]): string {
  const number =
    nodesInOrder(values)
      .filter(({ op }) => op === "Conv")
      .indexOf(node) + 1;
  const [outputs, inputs, ...kernel] = constantData(node.inputs[1])?.dims ?? [];
  return `convolution ${number} (${kernel.join("×")}, ${inputs} → ${outputs})`;
}

/** What each convolution loses when it alone is rounded: mean square of the difference, as a share of that of its result. */
async function lossesOf(
  runtime: Runtime,
  values: readonly Value[],
  convolutions: readonly Node[],
  { quantizationOf, levels }: Pick<Rounding, "quantizationOf" | "levels">,
  batches: readonly NamedTensors[],
): Promise<Map<Node, number>> {
  const outputs: Record<string, Value> = {};
  convolutions.forEach((node, index) => {
    const [x, w, b] = node.inputs;
    const [y] = node.outputs;
    if (x === undefined || w === undefined || y === undefined) return;
    const difference = sub(
      recreate(node, [there(x, quantizationOf(x)), roundedWeight(w, levels), b]).outputs[0] ?? y,
      y,
    );
    outputs[`d${index}`] = reduceSum(mul(difference, difference), undefined, { keepdims: 0 });
    outputs[`y${index}`] = reduceSum(mul(y, y), undefined, { keepdims: 0 });
  });
  const losses = new Map<Node, number>();
  await runAll(runtime, outputs, batches, (results) => {
    convolutions.forEach((node, index) => {
      const [difference = 0] = numbersOf(results, `d${index}`);
      const [whole = 0] = numbersOf(results, `y${index}`);
      losses.set(node, difference / Math.max(whole, Number.MIN_VALUE));
    });
  });
  return losses;
}

/** Rounded to 8 bits and back. */
function there(value: Value, { scale, zeroPoint }: Quantization): Value {
  const step = constant(float32([scale], []));
  const zero = constant({ type: "uint8", dims: [], data: Uint8Array.of(zeroPoint) });
  return dequantizeLinear(quantizeLinear(value, step, zero), step, zero);
}

/** A weight as it is when it is rounded to so many levels on either side of 0. */
function roundedWeight(w: Value, levels: number): Value {
  const { dims, data } = constantData(w) as TensorData<"float32">;
  const [outputs = 1] = dims;
  const { bits, scales } = roundedWeights(data, outputs, levels);
  const size = data.length / outputs;
  const result = new Float32Array(data.length);
  for (let channel = 0; channel < outputs; channel++) {
    const scale = scales[channel] ?? 1;
    for (let at = channel * size; at < (channel + 1) * size; at++) result[at] = (bits[at] ?? 0) * scale;
  }
  return constant(float32(result, dims));
}
