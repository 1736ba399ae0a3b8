import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
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
  const isFile = /\.onnx$/i.test(network);
  if (isFile && weights !== undefined) {
    throw new UsageError("The option --weights is not usable with a network from a file.", {
      subject: "--weights",
      expected: "--weights only with a network's name: an .onnx file has its weights inside",
      received: `--network ${network} --weights ${weights}`,
      advice: "Leave --weights out.",
    });
  }
  const names = (await parts.networkRecords()).map(({ name }) => name);
  // A path without the extension may still be a file, which loading finds out.
  if (isFile || /[\\/]/.test(network) || names.includes(network.toLowerCase())) return;
  throw new UsageError(`There is no network "${network}".`, {
    subject: "--network",
    expected: `${names.join(", ")}, or the path of an .onnx file`,
    received: network,
    advice: [didYouMean(network, names), "`graft networks` lists them."].filter((text) => text !== undefined).join(" "),
  });
}
