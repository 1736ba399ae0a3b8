import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import type { PhotoFacts, StatedFacts } from "./photo-facts.js";
import { preprocessorFacts } from "./preprocessor-config.js";
import { teachableMachineFacts } from "./teachable-machine.js";
import { timmFacts } from "./timm-config.js";

/** Files beside a network that say what it was trained with, the most exact first. */
const sideFiles: readonly { readonly name: string; readonly read: (json: unknown) => PhotoFacts | undefined }[] = [
  // timm's processor repeats in it what its own file says, or holds that.
  { name: "preprocessor_config.json", read: (json) => preprocessorFacts(json) ?? timmFacts(json) },
  { name: "config.json", read: timmFacts },
  { name: "metadata.json", read: teachableMachineFacts },
];

/** More than any of them has; what is larger is something else. */
const mostBytes = 2 ** 20;

/**
 * What files beside a network say of the photos that it was trained with.
 *
 * @param path the network's file; in a folder `onnx`, files may lie beside that folder, as on the hub
 * @throws FileError for a file that cannot be read, or is no JSON
 */
export async function factsBeside(path: string): Promise<readonly StatedFacts[]> {
  const folder = dirname(path);
  const folders = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  const found: StatedFacts[] = [];
  for (const { name, read } of sideFiles) {
    for (const place of folders) {
      const json = await jsonIn(join(place, name));
      const facts = json === undefined ? undefined : read(json);
      if (facts === undefined) continue;
      found.push({ ...facts, source: name });
      break;
    }
  }
  return found;
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    const entry = await stat(path);
    if (!entry.isFile() || entry.size > mostBytes) return undefined;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return undefined;
    throw fileSystemError(cause, path, "read");
  }
  const text = await readRegularText(path, { most: mostBytes }).catch((cause: unknown) => {
    throw fileSystemError(cause, path, "read");
  });
  try {
    // Editors of Windows put a mark of the encoding in front.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new FileError(`${path} is damaged.`, {
      subject: path,
      expected: "JSON, which says what the network beside it wants done to photos",
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Download it again, or take it away and say --preprocess.",
      cause,
    });
  }
}
