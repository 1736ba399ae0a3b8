import { basename } from "node:path";
import { FileError } from "../../errors/errors.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import type { Tensor } from "../../runtime/runtime.js";
import { readZip } from "../keras/zip.js";
import { readNpy } from "./npy.js";

/**
 * Reads arrays of a file that NumPy's `np.savez` wrote: a ZIP archive of `.npy` files.
 *
 * @param path of the file
 * @param names of the arrays that are wanted
 * @returns them, in the order of `names`
 * @throws FileError when the file is damaged, or has no array of such a name
 * @see https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 */
export async function readNpz(path: string, names: readonly string[]): Promise<readonly Tensor[]> {
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    throw fileSystemError(cause, path, "read");
  });
  const file = basename(path);
  const members = names.map((name) => `${name}.npy`);
  const archive = await readZip(bytes, file, members);
  return members.map((member) => {
    const found = archive.members[member];
    if (found !== undefined) return readNpy(found, `${member} in ${file}`);
    throw new FileError(`${file} lacks an array.`, {
      subject: path,
      expected: members.join(", "),
      received: archive.names.slice(0, 20).join(", ") || "an empty archive",
      advice: "Get the file again.",
    });
  });
}
