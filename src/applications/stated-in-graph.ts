import { FileError } from "../errors/errors.js";
import type { PhotoFacts } from "./photo-facts.js";
import { interpolationOf } from "./preprocessor-config.js";
import { channelNumbers, preprocessFrom, statedPreprocess } from "./preprocess.js";

/**
 * What the metadata inside a network's file say of photos: `preprocess`, or `mean` and `std`; `input_size`, `crop_pct`, `crop_mode`
 * and `interpolation` as timm calls them.
 *
 * @param path the file, for messages
 * @throws UsageError for a preprocessing that Graft does not have
 * @throws FileError for numbers that are none
 */
export function metadataFacts(metadata: Readonly<Record<string, string>>, path: string): PhotoFacts {
  const { preprocess, mean, std, crop_pct: share, crop_mode: mode, interpolation } = metadata;
  const crop = share === undefined ? undefined : Number(share);
  if (crop !== undefined && !(crop > 0 && crop <= 1)) throw unusable(path, "crop_pct", "a share in (0, 1]", share);
  const size = metadata["input_size"];
  const imageSize = size === undefined ? undefined : Number(channelNumbers(size).at(-1));
  if (imageSize !== undefined && !(Number.isInteger(imageSize) && imageSize > 0)) {
    throw unusable(path, "input_size", "a number of pixels", size);
  }
  return {
    preprocess: preprocess === undefined ? standardized(mean, std, path) : statedPreprocess(preprocess, path),
    imageSize,
    crop,
    keepProportions: crop === undefined ? undefined : mode !== "squash",
    interpolation: interpolationOf(interpolation),
    licence: metadata["licence"] ?? metadata["license"],
  };
}

function standardized(mean: string | undefined, std: string | undefined, path: string): PhotoFacts["preprocess"] {
  if (mean === undefined || std === undefined) return undefined;
  const said = preprocessFrom({ bgr: false, mean: channelNumbers(mean), deviation: channelNumbers(std) });
  if (said === undefined) throw unusable(path, "mean and std", "a number for each channel", `${mean} and ${std}`);
  return said;
}

function unusable(path: string, what: string, expected: string, received = ""): FileError {
  return new FileError(`${path} says something of its photos that makes no sense: ${what}.`, {
    subject: what,
    expected,
    received,
    advice: "Say --preprocess, or mend the file's metadata.",
  });
}
