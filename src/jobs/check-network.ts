import { existsSync } from "node:fs";
import { looksLikePath } from "../applications/network-path.js";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { isHubName, parseHubName } from "../files/hub/reference.js";
import type { JobParts } from "./parts.js";
import type { TrainSettings } from "./train-options.js";

/**
 * Checks the name of a network before a download or a long look at photos; files are checked when they are loaded.
 *
 * @throws UsageError for an unknown name, or weights for a file that has its own
 */
export async function checkNetwork(
  { network, weights }: Pick<TrainSettings, "network" | "weights">,
  parts: JobParts,
): Promise<void> {
  if (isHubName(network)) parseHubName(network);
  const isFile = looksLikePath(network);
  if (isFile && weights !== undefined) {
    throw new UsageError("The option --weights is not usable with a network from a file or the hub.", {
      subject: "--weights",
      expected: "--weights only with a network's name: a file has its weights inside",
      received: `--network ${network} --weights ${weights}`,
      advice: "Leave --weights out.",
    });
  }
  const names = (await parts.networkRecords()).map(({ name }) => name);
  if (isFile || names.includes(network.toLowerCase()) || existsSync(network)) return;
  throw new UsageError(`There is no network "${network}".`, {
    subject: "--network",
    expected: "a name that `graft networks` lists, hf:owner/name, or the path of a network's file or of a run",
    received: network,
    advice: didYouMean(network, names),
  });
}
