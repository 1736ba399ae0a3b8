import { readdir, stat } from "node:fs/promises";
import { FileError } from "../../errors/errors.js";
import { compareCodePoints } from "../../photos/photo.js";

/** What one name of a pattern matches; `undefined` where the name stands for itself. */
function matcher(name: string): RegExp | undefined {
  if (!/[*?[]/.test(name)) return undefined;
  const source = name.replace(/\[(?:\^|!)?[^\]]+\]|\*+|\?|[\\^$.|+(){}[\]]/g, (sign) => {
    if (sign.startsWith("*")) return "[^/]*";
    if (sign === "?") return "[^/]";
    if (sign.length > 2) return `[${sign.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
    return `\\${sign}`;
  });
  // As in shells and TensorFlow, a dot at the beginning is not anything.
  return new RegExp(`^${/^[*?[]/.test(name) ? "(?!\\.)" : ""}${source}$`, "u");
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/** Names in a folder; none where it is none. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder === "" ? "." : folder).catch(() => []);
}

async function matching(pattern: string): Promise<readonly string[]> {
  const [first = "", ...names] = pattern.replaceAll(/(?<=.)\/+/g, "/").split("/");
  // What begins with a slash, or with a drive of Windows, begins there.
  let found: readonly string[] = first === "" || /^[A-Za-z]:$/.test(first) ? [`${first}/`] : [""];
  for (const name of found[0] === "" ? [first, ...names] : names) {
    const matches = matcher(name);
    const next: string[] = [];
    for (const folder of found) {
      const begin = folder === "" || folder.endsWith("/") ? folder : `${folder}/`;
      if (matches === undefined) next.push(`${begin}${name}`);
      else for (const entry of await namesIn(begin)) if (matches.test(entry)) next.push(`${begin}${entry}`);
    }
    found = next;
  }
  const there: string[] = [];
  for (const path of found) if (await isFile(path)) there.push(path);
  return there;
}

/**
 * Files that match patterns, in the order of their paths.
 *
 * @param patterns with `/` between folders; `*` and `?` stand for anything but `/`, `[ab]` for one of these
 * @throws FileError when there is none
 */
export async function filesMatching(patterns: readonly string[]): Promise<readonly string[]> {
  const slashed = process.platform === "win32" ? patterns.map((one) => one.replaceAll("\\", "/")) : patterns;
  const files = [...new Set((await Promise.all(slashed.map(matching))).flat())].sort(compareCodePoints);
  if (files.length > 0) return files;
  throw new FileError("No file matches.", {
    subject: patterns.join(", "),
    expected: "at least one file",
    received: "none",
    advice: "A pattern such as photos/*/*.jpg is relative to the folder that the program runs in.",
  });
}
