import { rebuild } from "../../../graph/rebuild.js";
import type { Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { count } from "../../../errors/words.js";
import { evenly } from "../../../models/sources/batch-source.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { decodeAhead } from "../../../photos/decode-ahead.js";
import { framedPixels, shrunkTo } from "../../../photos/framing.js";
import type { Photo } from "../../../photos/photo.js";
import { input } from "../../../graph/value.js";
import { fromTensor, type NamedTensors, type Runtime, Tensor, toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import { int8Trunk } from "../../../training/programs/int8-trunk.js";
import type { ClassifierNetwork } from "../exportable.js";
import { namedAnswers } from "./graph.js";

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
const limits = [0.1, 0.06, 0.04, 0.025, 0.015, 0.008] as const;

/** Share of the deciding photos whose class may change. */
const mostChanged = 0.02;

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
 * which convolutions stay float32, so that at most one photo of 50 gets another class.
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
  const { logits } = network;
  const answers = Object.entries({ ...namedAnswers(network), ...(logits === undefined ? {} : { logits }) });
  const apart = rebuild(
    answers.map(([, value]) => value),
    new Map([[network.normalized, picture]]),
  );
  const values = answers.map(([, value]) => apart(value));
  const before = await classesOf(runtime, values, batches);
  let changed = 1;
  for (const tolerated of limits) {
    const { values: rounded, report } = await int8Trunk(runtime, values, forRanges, { tolerated, levels });
    if (report.convolutions === 0) break;
    const after = await classesOf(runtime, rounded, batches);
    changed = before.filter((label, index) => label !== after[index]).length / before.length;
    if (changed > mostChanged) continue;
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
    received: `another class for ${Math.round(changed * before.length)} of ${count(before.length, "photo")}`,
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

/** The most probable class of each picture. */
async function classesOf(
  runtime: Runtime,
  [probabilities]: readonly Value[],
  batches: readonly NamedTensors[],
): Promise<number[]> {
  if (probabilities === undefined) throw new TypeError("A classifier has probabilities.");
  const session = await createSession(runtime, { probabilities });
  const classes: number[] = [];
  try {
    for (const batch of batches) {
      const { probabilities: found } = await session.run(batch);
      if (found === undefined) throw new TypeError("The engine gave no probabilities.");
      const { data, dims } = fromTensor(found) as TensorData<"float32">;
      const [rows = 0, columns = 1] = dims;
      for (let row = 0; row < rows; row++) {
        const part = data.subarray(row * columns, (row + 1) * columns);
        classes.push(part.indexOf(Math.max(...part)));
      }
    }
  } finally {
    await session.release();
  }
  return classes;
}
