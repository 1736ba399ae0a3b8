import { rebuild } from "../../../graph/rebuild.js";
import { constant, constantData, input, type Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { count } from "../../../errors/words.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { cast } from "../../../ops/layout.js";
import { mul } from "../../../ops/elementwise.js";
import { recreate } from "../../../ops/table.js";
import { roundedWeights } from "../../../passes/rounded-weights.js";
import type { Photo } from "../../../photos/photo.js";
import type { NamedTensors, Runtime } from "../../../runtime/runtime.js";
import { observeTrunk } from "../../../training/programs/int8-trunk.js";
import type { Effort } from "../effort.js";
import type { ClassifierNetwork } from "../exportable.js";
import { namedAnswers } from "./graph.js";
import { logitsOf } from "./logits.js";
import { centered, inBatches, movedBy, pictures, picturesIn, rowsOf, some } from "./pictures.js";

/** Photos with which ranges are found: each of a few hundred values keeps 16,384 numbers of each. */
const calibrating = 16;

/** Photos with which it is decided what costs too much. */
const deciding = 64;

/**
 * Limits that are tried: a convolution that alone moves its result further, as a share of it, stays float32. The first is the one of frozen trunks;
 * of the others the largest is looked for by halves.
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
 * @param effort hears of photos that pass through the network
 * @throws UsageError where the network has no convolution, or 8 bits cost too much everywhere
 */
export async function int8Network(
  runtime: Runtime,
  network: ClassifierNetwork,
  photos: readonly Photo[],
  effort: Effort,
): Promise<Int8Network> {
  const chosen = some(photos, deciding);
  // Into pictures, exactly, and in 8 bits with the first limit; halves of the other limits are planned when it comes to them.
  effort.plan(3 * chosen.length + calibrating);
  const tensors = await pictures(runtime, network, chosen, effort);
  if (tensors.length === 0) throw noPhotos(chosen.length);
  const batches = inBatches(tensors);
  const picture = input("picture", "float32", network.normalized.shape);
  const answers = Object.entries({ logits: logitsOf(network), ...namedAnswers(network) });
  const apart = rebuild(
    answers.map(([, value]) => value),
    new Map([[network.normalized, picture]]),
  );
  const values = answers.map(([, value]) => apart(value));
  const before = await logitsOfAll(runtime, values, batches, effort);
  const observed = await observeTrunk(runtime, values, inBatches(some(tensors, calibrating)), levels, (batch) => {
    effort.step(picturesIn(batch));
  });
  const least = await leastRounded(
    [...usefulLimits(observed.moves)],
    async (tolerated): Promise<Attempt> => {
      const rounded = withSmallWeights(observed.rounded(tolerated));
      return { ...costOf(before, await logitsOfAll(runtime, rounded, batches, effort)), rounded, tolerated };
    },
    () => {
      effort.plan(batches.reduce((sum, batch) => sum + picturesIn(batch), 0));
    },
  );
  if (least !== undefined && least.changed <= mostChanged) {
    const { rounded, tolerated, changed } = least;
    const together = rebuild(rounded, new Map([[picture, network.normalized]]));
    const answered = Object.fromEntries(
      answers.flatMap(([name], index) => rounded.slice(index, index + 1).map((value) => [name, together(value)])),
    );
    const float32 = observed.float32(tolerated);
    return {
      network: { ...network, ...answered },
      float32,
      convolutions: observed.moves.length - float32.length,
      changed,
    };
  }
  throw new UsageError("The network cannot be computed in 8 bits.", {
    subject: "--precision int8",
    expected: `at most one of ${Math.round(1 / mostChanged)} photos that get another class`,
    received:
      least === undefined
        ? "no convolution that moves its result by less than a tenth"
        : `another class for ${Math.round(least.changed * before.length)} of ${count(before.length, "photo")}`,
    advice: "Export with --precision float16, which makes the file half as large.",
  });
}

/** What was tried with a limit. */
interface Attempt extends Cost {
  readonly rounded: readonly Value[];
  readonly tolerated: number;
}

/** Limits that leave some convolution in 8 bits, and of those that leave the same ones the first. */
function* usefulLimits(moves: readonly number[]): Generator<number> {
  let last = 0;
  for (const limit of limits) {
    const count = moves.filter((move) => move <= limit).length;
    if (count > 0 && count !== last) yield limit;
    last = count;
  }
}

/**
 * The attempt with the most convolutions in 8 bits that is exact enough; where none is, the most exact of those that were tried. What is exact enough
 * with one limit is so with smaller ones: the largest is found by halves, with a photo's way through the network once a half.
 *
 * @param again is called before each attempt but the first
 */
async function leastRounded(
  [first, ...others]: readonly number[],
  attempt: (limit: number) => Promise<Attempt>,
  again: () => void,
): Promise<Attempt | undefined> {
  if (first === undefined) return undefined;
  const isExact = ({ changed, moved }: Cost): boolean => changed <= mostChanged && moved <= mostMoved;
  let best = await attempt(first);
  if (isExact(best)) return best;
  let [from, to] = [0, others.length];
  let found: Attempt | undefined;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const limit = others[middle];
    if (limit === undefined) break;
    again();
    const tried = await attempt(limit);
    if (isExact(tried)) [found, to] = [tried, middle];
    else from = middle + 1;
    const isBetter = best.changed > mostChanged ? tried.changed < best.changed : tried.moved < best.moved;
    if (isBetter && tried.changed <= Math.max(mostChanged, best.changed)) best = tried;
  }
  return found ?? best;
}

function noPhotos(files: number): UsageError {
  return new UsageError("None of the photos can be read that 8 bits would be chosen by.", {
    subject: "--precision int8",
    expected: "photos that the classifier has learned from",
    received: `${count(files, "file")} that cannot be used`,
    advice: "Name the folder of the run's photos with --photos.",
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
  const { bits, scales } = roundedWeights(data, outputs, smallLevels);
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

function costOf(before: readonly Float32Array[], after: readonly Float32Array[]): Cost {
  const changed = before.filter((logits, photo) => largest(logits) !== largest(after[photo] ?? logits)).length;
  return { changed: changed / before.length, moved: movedBy(before, after) };
}

/** Where the largest of some numbers stands. */
function largest(numbers: Float32Array): number {
  return numbers.indexOf(numbers.reduce((most, value) => Math.max(most, value), -Infinity));
}

/** The logits of each picture, less their mean. */
async function logitsOfAll(
  runtime: Runtime,
  [logits]: readonly Value[],
  batches: readonly NamedTensors[],
  effort: Effort,
): Promise<Float32Array[]> {
  if (logits === undefined) throw new TypeError("A classifier has logits.");
  return (await rowsOf(runtime, { logits }, batches, effort)).logits.map(centered);
}
