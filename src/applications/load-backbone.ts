import { stat } from "node:fs/promises";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { Backbone, Network } from "./backbone.js";
import { fileBackbone } from "./file-backbone.js";
import { hubBackbone, inspectHub } from "./hub-backbone.js";
import { isHubName, parseHubName } from "../files/hub/reference.js";
import { looksLikePath } from "./network-path.js";
import { inspectBackbone, inspectFile, type NetworkInspection } from "./inspect-network.js";
import { networks } from "./networks.js";
import type { Preprocess } from "./preprocess.js";
import type { DownloadListener } from "./pretrained-weights.js";

/** What to load. */
export interface LoadBackboneOptions {
  /**
   * The name of one of the {@link networks}; of one of the hub, `hf:owner/name[@revision][:file]`; or the path of a network: a file of ONNX,
   * Keras or TensorFlow.js, or a run's folder.
   */
  readonly network: string;
  /** A file of weights for a named network; default its published ones. */
  readonly weights?: string | undefined;
  /** What is done to pixels; default what the network was trained with, which a file of one's own must say. */
  readonly preprocess?: Preprocess | undefined;
  /** Side of the image in pixels; default the network's own. */
  readonly imageSize?: number | undefined;
  /** Which output of a network in a file to cut the classifier off, by its name; default the only one that fits. */
  readonly networkOutput?: string | undefined;
  readonly onProgress?: DownloadListener | undefined;
  /** Told what a network's file holds that could not be taken over. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** Smallest image that a network can be asked to take, in pixels: below it nothing is left of a feature map. */
const smallestImage = 32;

function checkImageSize(size: number | undefined): void {
  if (size === undefined || (Number.isInteger(size) && size >= smallestImage)) return;
  throw new UsageError("The image size is not usable.", {
    subject: "imageSize",
    expected: `a whole number of pixels, ${smallestImage} or more`,
    received: String(size),
  });
}

/** @throws UsageError when weights are given for a network that brings its own */
function refuseWeights(weights: string | undefined, network: string, advice?: string): void {
  if (weights === undefined) return;
  throw new UsageError(`${network} brings its own weights.`, {
    subject: "weights",
    expected: "no weights file",
    received: weights,
    advice,
  });
}

/**
 * Loads a pretrained network without its classifier. It needs no engine, and touches nothing that is one for the process.
 *
 * @throws UsageError for an unknown name, a file that does not say its preprocessing, or an impossible image size
 * @throws FileError when a file cannot be read or is not a network for images
 * @throws DownloadError when a named network cannot be had
 */
export async function loadBackbone(options: LoadBackboneOptions): Promise<Backbone> {
  const { network, weights, preprocess, imageSize, networkOutput } = options;
  checkImageSize(imageSize);
  const named = networks.find(({ record }) => record.name === network.toLowerCase());
  if (named !== undefined) {
    if (networkOutput === undefined) return namedBackbone(named, options);
    throw new UsageError(`${network} has one output.`, {
      subject: "networkOutput",
      expected: "the name of an output only with a network in a file",
      received: networkOutput,
      advice: "Leave it out.",
    });
  }
  const file = { preprocess, imageSize, networkOutput, warn: options.onWarning ?? (() => undefined) };
  if (isHubName(network)) {
    refuseWeights(weights, "A network of the hub");
    return hubBackbone(parseHubName(network), { ...file, onProgress: options.onProgress });
  }
  if (looksLikePath(network) || (await exists(network))) {
    refuseWeights(weights, "A network in a file");
    return fileBackbone(network, file);
  }
  throw unknownNetwork(network);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What to look at. */
export type InspectOptions = Pick<
  LoadBackboneOptions,
  "network" | "preprocess" | "imageSize" | "networkOutput" | "onProgress" | "onWarning"
>;

/**
 * Looks at a network that {@link loadBackbone} would take, and at such that it would not: nothing is trained with it, and weights
 * of a named one are not downloaded.
 *
 * @throws UsageError for an unknown name
 * @throws FileError when a file cannot be read
 */
export async function inspectNetwork(options: InspectOptions): Promise<NetworkInspection> {
  const { network, onWarning: warn = () => undefined } = options;
  const named = networks.find(({ record }) => record.name === network.toLowerCase());
  if (named !== undefined) return inspectBackbone(await namedBackbone(named, { ...options, weights: undefined }, true));
  if (isHubName(network)) return inspectHub(parseHubName(network), { ...options, warn });
  if (looksLikePath(network) || (await exists(network))) return inspectFile(network, { ...options, warn });
  throw unknownNetwork(network);
}

function unknownNetwork(network: string): UsageError {
  return new UsageError(`There is no network "${network}".`, {
    subject: "network",
    expected: "a name that `graft networks` lists, hf:owner/name, or the path of a network's file or of a run",
    received: network,
    advice: didYouMean(
      network,
      networks.map(({ record }) => record.name),
    ),
  });
}

async function namedBackbone(
  { record, stages, takesWeights, load }: Network,
  { weights, preprocess = record.preprocess, imageSize = record.imageSize, onProgress }: LoadBackboneOptions,
  withoutWeights = false,
): Promise<Backbone> {
  if (!takesWeights) {
    const advice = "To use a network in a file, name the file as the network.";
    refuseWeights(weights, `The network "${record.name}"`, advice);
  }
  const model = await load({ imageSize, weights: withoutWeights && takesWeights ? null : weights, onProgress });
  return { record: { ...record, preprocess }, imageSize, model, stages: stages(model) };
}
