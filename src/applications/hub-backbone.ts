import { type FetchedNetwork, fetchFromHub } from "../files/hub.js";
import { type HubReference, parseHubName } from "../files/hub/reference.js";
import type { Backbone } from "./backbone.js";
import { fileBackbone, type FileBackboneOptions } from "./file-backbone.js";
import { hubRecords } from "./hub-networks.js";
import { inspectFile, type NetworkInspection } from "./inspect-network.js";
import type { DownloadListener } from "./pretrained-weights.js";

/** What a network of the hub is loaded with. */
export interface HubBackboneOptions extends FileBackboneOptions {
  /** Told of each download. */
  readonly onProgress?: DownloadListener | undefined;
  /** Whether only what is in the cache is used. Default: as the environment says. */
  readonly offline?: boolean | undefined;
}

/**
 * Loads a network of the hub, without its classifier. Its record has the name by which exactly this network is had again, with the
 * commit, and the licence of its model card.
 *
 * @throws UsageError when the repository does not hold a network, or nothing says its preprocessing
 * @throws DownloadError when it cannot be had
 * @throws FileError when it is not a network for images
 */
export async function hubBackbone(reference: HubReference, options: HubBackboneOptions): Promise<Backbone> {
  const fetched = await fetchFromHub(reference, { onProgress: options.onProgress, offline: options.offline });
  const backbone = await fileBackbone(fetched.file, options);
  const { name } = fetched;
  const licence = licenceOf(fetched, backbone.record.licence);
  return { ...backbone, record: { ...backbone.record, name, description: name, licence } };
}

/**
 * Looks at a network of the hub, which is fetched for it.
 *
 * @throws UsageError when the repository does not hold a network
 * @throws DownloadError when it cannot be had
 * @throws FileError when it cannot be read
 */
export async function inspectHub(reference: HubReference, options: HubBackboneOptions): Promise<NetworkInspection> {
  const fetched = await fetchFromHub(reference, { onProgress: options.onProgress });
  const inspection = await inspectFile(fetched.file, options);
  return { ...inspection, name: fetched.name, licence: licenceOf(fetched, inspection.licence) };
}

/**
 * That of the model card; copies in ONNX often have none, and then that of the network which they are copies of, where it is known.
 *
 * @param stated what the file says
 */
function licenceOf({ licence, repository }: FetchedNetwork, stated: string): string {
  const known = hubRecords.find(({ name }) => parseHubName(name).repository === repository);
  return licence ?? (stated === "unknown" ? known?.licence : undefined) ?? stated;
}
