import { rebuild } from "../../../graph/rebuild.js";
import { constant, constantData, input, type Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { count } from "../../../errors/words.js";
import { evenly } from "../../../models/sources/batch-source.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { cast } from "../../../ops/layout.js";
import { mul } from "../../../ops/elementwise.js";
import { recreate } from "../../../ops/table.js";
import { decodeAhead } from "../../../photos/decode-ahead.js";
import { framedPixels, shrunkTo } from "../../../photos/framing.js";
import type { Photo } from "../../../photos/photo.js";
import { fromTensor, type NamedTensors, type Runtime, Tensor, toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import type { TrunkReport } from "../../../models/training-types.js";
import { int8Trunk } from "../../../training/programs/int8-trunk.js";
import type { ClassifierNetwork } from "../exportable.js";
import { namedAnswers } from "./graph.js";
import { logitsOf } from "./logits.js";

/** Photos with which ranges are found: each of a few hundred values keeps 16,384 numbers of each. */
const calibrating = 16;

/** Photos with which it is decided what costs too much. */
const deciding = 64;

/** Photos at a time. */
const atOnce = 8;

/**
 * Limits that are tried one after the other: a convolution that alone moves its result further, as a share of it, stays float32. The first is
 * the one of frozen trunks.
 */
const limits = [0.1, 0.06, 0.045, 0.035, 0.03, 0.025, 0.02, 0.015, 0.008] as const;

/** Share of the deciding photos whose class may change. */
const mostChanged = 0.02;

/**
 * How far the logits may move: root of the mean square, as a share of their own. Of photos that were learned from, a classifier is so sure that no
 * class changes, and no probability moves much; their logits move as those of other photos do.
 */
const mostMoved = 0.07;

/**
 * The largest rounded weight, for computers that nobody knows: with 7 bits no sum of two products leaves 16 bits, which processors without
 * instructions for 8 bits would cut off.
 */
const levels = 64;

/** A network in 8 bits. */
export interface Int8Network {
  readonly network: ClassifierNetwork;
  /** Convolutions that stay float32, by name. */
  readonly float32: readonly string[];
  /** How many are computed in 8 bits. */
  readonly convolutions: number;
  /** Calibration photos whose class is another, as a share. */
  readonly changed: number;
}

/**
 * Computes the convolutions of a network in 8 bits. Ranges are found with photos that it has learned from; with more of them, it is decided
 * which convolutions stay float32, so that at most one photo of 50 gets another class and the logits move little.
 *
 * @param photos that it has learned from
 * @throws UsageError where the network has no convolution, or 8 bits cost too much everywhere
 */
export async function int8Network(
  runtime: Runtime,
  network: ClassifierNetwork,
  photos: readonly Photo[],
  onProgress: (done: number, total: number) => void,
): Promise<Int8Network> {
  const tensors = await normalizedPhotos(runtime, network, photos, onProgress);
  const batches = inBatches(tensors);
  const forRanges = inBatches(evenly(calibrating, tensors.length).flatMap((index) => tensors.slice(index, index + 1)));
  const picture = input("picture", "float32", network.normalized.shape);
  const answers = Object.entries({ logits: logitsOf(network), ...namedAnswers(network) });
  const apart = rebuild(
    answers.map(([, value]) => value),
    new Map([[network.normalized, picture]]),
  );
  const values = answers.map(([, value]) => apart(value));
  const before = await logitsOfAll(runtime, values, batches);
  let best: (Cost & Rounded) | undefined;
  let least = 1;
  for (const tolerated of limits) {
    const { values: trunk, report } = await int8Trunk(runtime, values, forRanges, { tolerated, levels });
    if (report.convolutions === 0) break;
    const rounded = withSmallWeights(trunk);
    const cost = costOf(before, await logitsOfAll(runtime, rounded, batches));
    least = Math.min(least, cost.changed);
    // Where none of them is as exact as it should be, the one that is most so.
    if (cost.changed <= mostChanged && cost.moved < (best?.moved ?? Infinity)) best = { ...cost, rounded, report };
    if (best !== undefined && best.moved <= mostMoved) break;
  }
  if (best !== undefined) {
    const { rounded, report, changed } = best;
    const together = rebuild(rounded, new Map([[picture, network.normalized]]));
    const answered = Object.fromEntries(
      answers.flatMap(([name], index) => rounded.slice(index, index + 1).map((value) => [name, together(value)])),
    );
    return {
      network: { ...network, ...answered },
      float32: report.float32,
      convolutions: report.convolutions,
      changed,
    };
  }
  throw new UsageError("The network cannot be computed in 8 bits.", {
    subject: "--precision int8",
    expected: `at most one of ${Math.round(1 / mostChanged)} photos that get another class`,
    received: `another class for ${Math.round(least * before.length)} of ${count(before.length, "photo")}`,
    advice: "Export with --precision float16, which makes the file half as large.",
  });
}

/** Photos as they go into the network, `[1, 3, size, size]`, those left out that cannot be read. */
async function normalizedPhotos(
  runtime: Runtime,
  { framing, pixels, normalized }: ClassifierNetwork,
  photos: readonly Photo[],
  onProgress: (done: number, total: number) => void,
): Promise<TensorData<"float32">[]> {
  const image = input("image", "uint8", [1, "H", "W", 3]);
  const framed = rebuild([normalized], new Map([[pixels, framedPixels(image, framing)]]))(normalized);
  const session = await createSession(runtime, { framed });
  const chosen = evenly(deciding, photos.length).flatMap((index) => photos.slice(index, index + 1));
  const tensors: TensorData<"float32">[] = [];
  let done = 0;
  try {
    for await (const decoded of decodeAhead(chosen, { resizedTo: shrunkTo(framing) })) {
      onProgress(++done, chosen.length);
      if ("reason" in decoded) continue;
      const { width, height, data } = decoded.photo;
      const { framed: result } = await session.run({ image: new Tensor("uint8", data, [1, height, width, 3]) });
      if (result === undefined) throw new TypeError("The engine gave no pictures.");
      const { dims, data: numbers } = fromTensor(result) as TensorData<"float32">;
      tensors.push(float32(numbers.slice(), dims));
    }
  } finally {
    await session.release();
  }
  if (tensors.length > 0) return tensors;
  throw new UsageError("None of the photos can be read that 8 bits would be chosen by.", {
    subject: "--precision int8",
    expected: "photos that the classifier has learned from",
    received: `${count(chosen.length, "file")} that cannot be used`,
    advice: "Name the folder of the run's photos with --photos.",
  });
}

function inBatches(tensors: readonly TensorData<"float32">[]): NamedTensors[] {
  return Array.from({ length: Math.ceil(tensors.length / atOnce) }, (_, group) => {
    const part = tensors.slice(group * atOnce, (group + 1) * atOnce);
    const [first] = part;
    const size = first?.data.length ?? 0;
    const data = new Float32Array(part.length * size);
    part.forEach((tensor, index) => {
      data.set(tensor.data, index * size);
    });
    return { picture: toTensor(float32(data, [part.length, ...(first?.dims.slice(1) ?? [])])) };
  });
}

/** The largest rounded weight of what is computed in float32, where no sum of products is cut off. */
const smallLevels = 127;

/**
 * Convolutions that stay float32 keep their weights in 8 bits, with a scale for each output channel: the engine makes numbers of them when it opens
 * the file. (As DequantizeLinear it would take them for a convolution in 8 bits, and compute it so.)
 */
function withSmallWeights(values: readonly Value[]): Value[] {
  const renewed = rebuild(values, new Map(), (node, [x, , bias]) => {
    const weight = constantData(node.inputs[1]);
    if (node.op !== "Conv" || weight?.type !== "float32" || x === undefined) return undefined;
    const { bits, scales } = smallWeight(weight as TensorData<"float32">);
    return recreate(node, [x, mul(cast(constant(bits), "float32"), constant(scales)), bias]).outputs;
  });
  return values.map(renewed);
}

function smallWeight({ dims, data }: TensorData<"float32">): {
  readonly bits: TensorData<"int8">;
  readonly scales: TensorData<"float32">;
} {
  const [outputs = 1] = dims;
  const size = data.length / outputs;
  const scales = Float32Array.from({ length: outputs }, (_, channel) => {
    const row = data.subarray(channel * size, (channel + 1) * size);
    return row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / smallLevels || 1;
  });
  const bits = Int8Array.from(data, (value, index) => Math.round(value / (scales[Math.floor(index / size)] ?? 1)));
  return {
    bits: { type: "int8", dims, data: bits },
    scales: float32(scales, [outputs, ...dims.slice(1).map(() => 1)]),
  };
}

/** What 8 bits change of the answers to photos. */
interface Cost {
  /** Photos whose class is another, as a share. */
  readonly changed: number;
  /** How far the logits move: root of the mean square, as a share of their own. */
  readonly moved: number;
}

/** Answers in 8 bits. */
interface Rounded {
  readonly rounded: readonly Value[];
  readonly report: TrunkReport;
}

function costOf(before: readonly Float32Array[], after: readonly Float32Array[]): Cost {
  let [changed, difference, whole] = [0, 0, 0];
  before.forEach((logits, photo) => {
    const found = after[photo] ?? logits;
    if (largest(logits) !== largest(found)) changed++;
    logits.forEach((logit, index) => {
      whole += logit ** 2;
      difference += ((found[index] ?? 0) - logit) ** 2;
    });
  });
  return { changed: changed / before.length, moved: Math.sqrt(difference / Math.max(whole, Number.MIN_VALUE)) };
}

/** Where the largest of some numbers stands. */
function largest(numbers: Float32Array): number {
  return numbers.indexOf(numbers.reduce((most, value) => Math.max(most, value), -Infinity));
}

/** The logits of each picture, less their mean: what is added to all of them changes no probability. */
async function logitsOfAll(
  runtime: Runtime,
  [logits]: readonly Value[],
  batches: readonly NamedTensors[],
): Promise<Float32Array[]> {
  if (logits === undefined) throw new TypeError("A classifier has logits.");
  const session = await createSession(runtime, { logits });
  const all: Float32Array[] = [];
  try {
    for (const batch of batches) {
      const { logits: found } = await session.run(batch);
      if (found === undefined) throw new TypeError("The engine gave no logits.");
      const { data, dims } = fromTensor(found) as TensorData<"float32">;
      const [rows = 0, columns = 1] = dims;
      for (let row = 0; row < rows; row++) {
        const part = data.subarray(row * columns, (row + 1) * columns);
        const mean = part.reduce((sum, logit) => sum + logit, 0) / columns;
        all.push(part.map((logit) => logit - mean));
      }
    }
  } finally {
    await session.release();
  }
  return all;
}
