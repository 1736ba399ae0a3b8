import { rebuild } from "../../../graph/rebuild.js";
import { input, type Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { count } from "../../../errors/words.js";
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

/** Photos of each kind, learned from and not, with which it is decided what costs too much. */
const deciding = 64;

/**
 * Limits that are tried: a convolution that alone moves its result further, as a share of it, stays float32. The first is the one of frozen trunks;
 * of the others the largest is looked for by halves.
 */
const limits = [0.1, 0.06, 0.045, 0.035, 0.03, 0.025, 0.02, 0.015, 0.008, 0.004] as const;

/** Share of the deciding photos whose class may change; of few photos, one. */
const mostChanged = 0.02;

/** Share of photos that were not learned from whose class may be expected to change: of a classifier that is sure of little, of those between two. */
const mostExpected = 0.05;

/**
 * How far the logits may move: root of the mean square, as a share of their own. Of photos that were learned from, a classifier is so sure that no
 * class changes, and no probability moves much; their logits move as those of other photos do. How many classes of those change, only they can
 * say: it depends on how sure the classifier is of them.
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
}

/** Photos by which 8 bits are chosen. */
export interface Int8Photos {
  /** That the network has learned from. */
  readonly learned: readonly Photo[];
  /** That it has not learned from, and that measure nothing afterwards. */
  readonly unseen: readonly Photo[];
}

/**
 * Computes the convolutions of a network in 8 bits. Ranges are found with photos that it has learned from; with more of them, and with others, it is
 * decided which convolutions stay float32, so that at most one photo of 50 gets another class and the logits move little.
 *
 * @param effort hears of photos that pass through the network
 * @throws UsageError where the network has no convolution, or 8 bits cost too much everywhere
 */
export async function int8Network(
  runtime: Runtime,
  network: ClassifierNetwork,
  { learned, unseen }: Int8Photos,
  effort: Effort,
): Promise<Int8Network> {
  const [chosen, others] = [some(learned, deciding), some(unseen, deciding)];
  // Into pictures, exactly, and in 8 bits with the first limit; halves of the other limits are planned when it comes to them.
  effort.plan(3 * (chosen.length + others.length) + calibrating);
  const calibration = await pictures(runtime, network, chosen, effort);
  if (calibration.length === 0) throw noPhotos(chosen.length);
  const batches = inBatches([...calibration, ...(await pictures(runtime, network, others, effort))]);
  const picture = input("picture", "float32", network.normalized.shape);
  const answers = Object.entries({ logits: logitsOf(network), ...namedAnswers(network) });
  const apart = rebuild(
    answers.map(([, value]) => value),
    new Map([[network.normalized, picture]]),
  );
  const values = answers.map(([, value]) => apart(value));
  const before = await logitsOfAll(runtime, values, batches, effort);
  const observed = await observeTrunk(runtime, values, inBatches(some(calibration, calibrating)), levels, (batch) => {
    effort.step(picturesIn(batch));
  });
  const least = await leastRounded(
    [...usefulLimits(observed.moves)],
    async (tolerated): Promise<Attempt> => {
      const rounded = observed.rounded(tolerated, levelsOfOthers);
      const after = await logitsOfAll(runtime, rounded, batches, effort);
      return { ...costOf(before, after, calibration.length), rounded, tolerated };
    },
    () => {
      effort.plan(batches.reduce((sum, batch) => sum + picturesIn(batch), 0));
    },
  );
  if (least !== undefined && least.changed <= mostChanged) {
    const { rounded, tolerated } = least;
    const together = rebuild(rounded, new Map([[picture, network.normalized]]));
    const answered = Object.fromEntries(
      answers.flatMap(([name], index) => rounded.slice(index, index + 1).map((value) => [name, together(value)])),
    );
    const float32 = observed.float32(tolerated);
    return {
      network: { ...network, ...answered },
      float32,
      convolutions: observed.moves.length - float32.length,
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
  const isExact = ({ changed, expected, moved }: Cost): boolean =>
    changed <= mostChanged && expected <= mostExpected && moved <= mostMoved;
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
const levelsOfOthers = 127;

/** What 8 bits change of the answers to photos. */
interface Cost {
  /** Photos whose class is another, as a share. */
  readonly changed: number;
  /** The share that is to be expected of photos that were not learned from; 0 where there are none. */
  readonly expected: number;
  /** How far the logits move: root of the mean square, as a share of their own. */
  readonly moved: number;
}

/** @param learned so many photos were learned from, the first ones */
function costOf(before: readonly Float32Array[], after: readonly Float32Array[], learned: number): Cost {
  const changed = before.filter((logits, photo) => largest(logits) !== largest(after[photo] ?? logits)).length;
  return {
    // Of few photos one may lie between two classes.
    changed: changed > 1 ? changed / before.length : Math.min(changed / before.length, mostChanged),
    expected: expectedChanges(before.slice(learned), after.slice(learned)),
    moved: movedBy(before, after),
  };
}

/**
 * The share of photos that would get another class if what moves the first class of each against its second could have happened to any other, too:
 * a few dozen photos tell this more exactly than by the one or two that did.
 */
function expectedChanges(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  const leads = before.map((logits, photo) => {
    const first = largest(logits);
    const second = largest(logits.map((value, index) => (index === first ? -Infinity : value)));
    const leadIn = (row: Float32Array): number => (row[first] ?? 0) - (row[second] ?? 0);
    return { lead: leadIn(logits), move: leadIn(after[photo] ?? logits) - leadIn(logits) };
  });
  const lost = leads.reduce((sum, { lead }) => sum + leads.filter(({ move }) => lead + move < 0).length, 0);
  return leads.length === 0 ? 0 : lost / leads.length ** 2;
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
