import { UsageError } from "../../../errors/errors.js";
import type { Photo } from "../../../photos/photo.js";
import { Effort } from "../effort.js";
import type { ClassifierNetwork, ExportableClassifier } from "../exportable.js";
import { measureCost } from "../measure-cost.js";
import type { ExportCost, ExportPhotos, ExportRequest } from "../target.js";
import { graphOfPhotos } from "./graph.js";
import { fileOfGraph } from "./graph-file.js";
import { halfNetwork } from "./half.js";
import { int8Network } from "./int8.js";
import { some } from "./pictures.js";
import { sizeNote } from "./size-note.js";
import { inputSizes } from "./sizes.js";

/** A network that is computed as exactly as was asked for. */
export interface PreciseNetwork {
  readonly network: ClassifierNetwork;
  /** What fewer bits cost; `undefined` where they are not fewer, or there are no photos. */
  readonly cost?: ExportCost | undefined;
  /** With fewer bits: what stays float32. */
  readonly float32?: readonly string[] | undefined;
  readonly notes: readonly string[];
}

/** Held-out photos that are measured at most: a file of millions of photos takes no longer. */
const measured = { float16: 64, int8: 256 } as const;

/** By how much a probability of a held-out photo may differ with half precision. */
const toleratedOfHalf = 0.05;

/**
 * The network of a classifier as exact as was asked for; what fewer bits cost is measured on photos that were held out.
 *
 * @throws UsageError where it cannot be computed so, or nobody knows where photos are that 8 bits need
 */
export async function inPrecision(classifier: ExportableClassifier, request: ExportRequest): Promise<PreciseNetwork> {
  const { precision = "float32" } = request.options;
  if (precision === "float32") return { network: classifier.network(), notes: [] };
  const effort = new Effort(request.onProgress);
  return precision === "int8" ? in8Bits(classifier, request, effort) : inHalf(classifier, request, effort);
}

/** The classifier's file with another network. Photos of any size go in, whatever the export takes. */
function fileOf({ metadata }: ExportableClassifier, network: ClassifierNetwork): Uint8Array {
  const sizes = inputSizes({}, network.framing.size);
  return fileOfGraph(graphOfPhotos(network, sizes), { batch: sizes.batch, metadata });
}

const learned =
  "It was measured with photos that the classifier has learned from, or nobody knows whether it has: there were no others.";

/** What is said of the photos that measured. */
function photoNotes({ heldOut, heldOutIsNew }: ExportPhotos, measuredWith: readonly Photo[]): string[] {
  const all = heldOut.length === measuredWith.length;
  return [
    ...(heldOutIsNew ? [] : [learned]),
    ...(all ? [] : [`It was measured with ${measuredWith.length} of ${heldOut.length} photos that were held out.`]),
  ];
}

/** What is said where the engine computes little in 8 bits. */
function speedNote(convolutions: number, of: number): string | undefined {
  return 2 * convolutions > of
    ? undefined
    : `Only ${convolutions} of ${of} convolutions are computed in 8 bits, since more would give other labels: it is smaller, and not faster.`;
}

async function in8Bits(
  classifier: ExportableClassifier,
  { runtime, photos }: ExportRequest,
  effort: Effort,
): Promise<PreciseNetwork> {
  const found = await photos();
  // What decides is no measure of what was decided: of photos that were held out, every other one does the one, and every other one the other.
  const half = (rest: number): Photo[] => found.heldOut.filter((_, index) => index % 2 === rest);
  const [measuring, unseen] = found.heldOutIsNew ? [half(0), half(1)] : [found.heldOut, []];
  const heldOut = some(measuring, measured.int8);
  effort.plan(2 * heldOut.length);
  const chosenBy = { learned: found.calibration, unseen };
  const { network, float32, convolutions } = await int8Network(runtime, classifier.network(), chosenBy, effort);
  const after = fileOf(classifier, network);
  const cost = await measureCost(runtime, classifier, [after], heldOut, effort);
  const size = sizeNote(classifier.bytes.length, after.length);
  const speed = speedNote(convolutions, convolutions + float32.length);
  const notes = [...photoNotes(found, heldOut), ...[speed, size].flatMap((note) => note ?? [])];
  return { network, cost, float32, notes };
}

async function inHalf(
  classifier: ExportableClassifier,
  { runtime, photos }: ExportRequest,
  effort: Effort,
): Promise<PreciseNetwork> {
  const found = await photosOrWhyNot(photos);
  const exact = classifier.network();
  if ("reason" in found) {
    const { network, float32 } = await halfNetwork(runtime, exact, undefined, effort);
    const note = `It was tried with drawn photos only: ${found.reason} With --photos it is tried and measured with yours.`;
    return { network, float32, notes: [note] };
  }
  const heldOut = some(found.heldOut, measured.float16);
  effort.plan(3 * heldOut.length);
  const looked = [...found.calibration, ...found.heldOut];
  const { network, rounded, float32 } = await halfNetwork(runtime, exact, looked, effort);
  // As processors compute it, and as devices do that round each number.
  const after = [fileOf(classifier, network), fileOf(classifier, rounded)];
  const cost = await measureCost(runtime, classifier, after, heldOut, effort);
  if (cost.difference <= toleratedOfHalf) return { network, cost, float32, notes: photoNotes(found, heldOut) };
  throw new UsageError("Half precision changes too much of what the classifier says.", {
    subject: "--precision float16",
    expected: `probabilities that differ by at most ${toleratedOfHalf}`,
    received: `a difference of ${cost.difference.toPrecision(2)} on ${cost.photos} photos`,
    advice: "Export it with --precision float32.",
  });
}

/** Photos, or a sentence why there are none; without them half precision is tried all the same. */
async function photosOrWhyNot(photos: ExportRequest["photos"]): Promise<ExportPhotos | { readonly reason: string }> {
  try {
    return await photos();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    // What is wrong, and not what would have been right: the sentence behind it says what to do.
    return { reason: error.message.split(/\n| Expected: /, 1)[0] ?? "" };
  }
}
