import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";

/** What wrote a golden file: the command, and the versions of the packages that the numbers come from. */
export interface Written {
  readonly by: string;
  readonly [version: string]: string;
}

const folder = new URL("../golden/", import.meta.url);

/**
 * Reads a golden file of `test/golden`.
 *
 * @param name - File name, such as `"nn-losses.json"`; written out where it is called, which `test/golden.test.ts` looks for.
 * @typeParam T - The entries that the caller reads.
 * @throws Error if the file does not say what wrote it.
 */
export async function readGolden<T>(name: string): Promise<T> {
  const content = JSON.parse(await readFile(new URL(name, folder), "utf8")) as T & { readonly written?: Written };
  if (content.written === undefined) {
    throw new Error(
      `test/golden/${name} does not say what wrote it. Expected an entry "written" with the command and the versions; ` +
        `received the entries ${Object.keys(content).join(", ")}. Write it with "write" of scripts/golden/_golden.py.`,
    );
  }
  return content;
}

/** The files in an archive of `test/golden` by name; the JSON file beside it says what wrote it. */
export async function readGoldenArchive(name: string): Promise<Record<string, Uint8Array>> {
  return unzipSync(await readFile(new URL(name, folder)));
}
