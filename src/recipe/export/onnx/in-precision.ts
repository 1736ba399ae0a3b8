import type { ClassifierNetwork, ExportableClassifier } from "../exportable.js";
import { measureCost } from "../measure-cost.js";
import type { ExportCost, ExportRequest } from "../target.js";
import { graphOfPhotos } from "./graph.js";
import { fileOfGraph } from "./graph-file.js";
import { int8Network } from "./int8.js";
import { sizeNote } from "./size-note.js";
import { inputSizes } from "./sizes.js";

/** A network that is computed as exactly as was asked for. Half precision is for the file: it stays as it is here. */
export interface PreciseNetwork {
  readonly network: ClassifierNetwork;
  /** Only in 8 bits: what that costs. */
  readonly cost?: ExportCost | undefined;
  /** Only in 8 bits: convolutions that stay float32. */
  readonly float32?: readonly string[] | undefined;
  readonly notes: readonly string[];
}

/**
 * The network of a classifier as exact as was asked for; what 8 bits cost is measured on photos that were held out.
 *
 * @throws UsageError where it cannot be computed in 8 bits, or nobody knows where photos are
 */
export async function inPrecision(
  classifier: ExportableClassifier,
  { options, runtime, photos, onProgress }: ExportRequest,
): Promise<PreciseNetwork> {
  const exact = classifier.network();
  if (options.precision !== "int8") return { network: exact, notes: [] };
  const { calibration, heldOut, heldOutIsNew } = await photos();
  const { network, float32 } = await int8Network(runtime, exact, calibration, onProgress);
  // Photos of any size go in, whatever the export takes.
  const sizes = inputSizes({}, network.framing.size);
  const after = fileOfGraph(graphOfPhotos(network, sizes), { batch: sizes.batch, metadata: classifier.metadata });
  const cost = await measureCost(
    runtime,
    { file: classifier.file, before: classifier.bytes, after },
    heldOut,
    onProgress,
  );
  const learned =
    "It was measured with photos that the classifier has learned from, or nobody knows whether it has: there were no others.";
  const size = sizeNote(classifier.bytes.length, after.length);
  return { network, cost, float32, notes: [...(heldOutIsNew ? [] : [learned]), ...(size === undefined ? [] : [size])] };
}
