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
  const said = Object.fromEntries(Object.entries(metadata).filter(([, text]) => !isNothing(text)));
  const { preprocess, mean, std, crop_pct: share, crop_mode: mode, interpolation, input_size: size } = said;
  const crop = share === undefined ? undefined : Number(share);
  if (crop !== undefined && !(crop > 0 && crop <= 1)) throw unusable(path, "crop_pct", "a share in (0, 1]", share);
  const sides = size === undefined ? [] : channelNumbers(size).slice(-2);
  if (!sides.every((side) => Number.isInteger(side) && side > 0)) {
    throw unusable(path, "input_size", "a number of pixels", size);
  }
  const [height, width] = sides;
  return {
    preprocess: preprocess === undefined ? standardized(mean, std, path) : statedPreprocess(preprocess, path),
    imageSize: height === width ? height : undefined,
    crop,
    keepProportions: crop === undefined ? undefined : mode !== "squash",
    interpolation: interpolationOf(interpolation),
    licence: said["licence"] ?? said["license"],
  };
}

/** What Python's programs write of a field that has no value. */
function isNothing(text: string): boolean {
  return ["", "none", "null"].includes(text.trim().toLowerCase());
}

function standardized(mean: string | undefined, std: string | undefined, path: string): PhotoFacts["preprocess"] {
  if (mean === undefined || std === undefined) return undefined;
  const said = preprocessFrom({ bgr: false, mean: channelNumbers(mean), deviation: channelNumbers(std) });
  if (said === undefined) throw unusable(path, "mean and std", "a number for each channel", `${mean} and ${std}`);
  return said;
}

function unusable(path: string, what: string, expected: string, received = ""): FileError {
  const pixels = what === "mean and std";
  return new FileError(`${path} says something of its photos that makes no sense: ${what}.`, {
    subject: what,
    expected,
    received,
    advice: pixels
      ? "Say --preprocess, or mend the file's metadata."
      : "Mend the file's metadata, or take that out of them.",
  });
}
