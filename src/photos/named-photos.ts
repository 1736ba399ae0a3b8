import { type Dirent, readdir } from "node:fs";
import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve, sep } from "node:path";
import { escapePath, glob, isDynamicPattern } from "tinyglobby";
import { FileError, UsageError } from "../errors/errors.js";
import { compareCodePoints } from "./photo.js";
import { isHeatMap } from "./heat-maps.js";
import { photoFormat, readableFormats } from "./photo-format.js";
import { listPhotos } from "./scan.js";

/**
 * The photos that words name: a file, a folder for all photos below it, or a pattern such as `holiday/**\/*.jpg`, which shells leave
 * alone where it is quoted or where they know none; `**` goes through no links to folders. What exists under a name is meant, also where the name looks like a pattern.
 * Heat maps of `graft explain`, `cat.jpg.heat.png`, are no photos of a folder, nor of a pattern that other files fit.
 *
 * @returns paths, word by word, those of one word in order; a file that is missing is among them, for whoever reads it says so
 * @throws UsageError for a folder without photos, and for a pattern that nothing fits
 * @throws FileError for a folder that cannot be read
 */
export async function namedPhotos(words: readonly string[]): Promise<readonly string[]> {
  const all: string[] = [];
  for (const word of words) for (const path of await namedBy(word)) all.push(path);
  return all;
}

/**
 * Reads folders for a pattern: what `**` stands for goes through no links to folders, as in shells, for through folders of links to each
 * other there are more ways than anybody could go. Links in front of it are followed, and links to files are files.
 *
 * @param pattern with `**`
 */
function readerFor(pattern: string): typeof readdir {
  const front = depthOf(pattern.slice(0, pattern.indexOf("**")));
  const seen = async (folder: string, entry: Dirent): Promise<readonly Dirent[]> => {
    if (!entry.isSymbolicLink()) return [entry];
    const path = join(folder, entry.name);
    // One that leads nowhere is a file: reading it says what is wrong.
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
    if (isFolder && depthOf(path) > front) return [];
    const kind = { isSymbolicLink: () => false, isDirectory: () => isFolder, isFile: () => !isFolder };
    return [Object.assign(Object.create(entry) as Dirent, kind)];
  };
  return ((
    path: string,
    _options: unknown,
    done: (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void,
  ): void => {
    readdir(path, { withFileTypes: true }, (error, entries) => {
      if (error !== null) done(error, []);
      else {
        void Promise.all(entries.map((entry) => seen(path, entry))).then((all) => {
          done(null, all.flat());
        });
      }
    });
  }) as typeof readdir;
}

/** How many folders lead to a path. */
function depthOf(path: string): number {
  return resolve(path).split(sep).length;
}

async function namedBy(word: string): Promise<readonly string[]> {
  // What cannot be looked at is reported when it is decoded.
  const entry = await stat(word).catch(() => undefined);
  if (entry?.isDirectory() === true) {
    const photos = (await listPhotos(word)).filter((path) => !isHeatMap(path));
    if (photos.length > 0) return photos;
    throw new UsageError(`There is no photo in ${word}.`, {
      subject: word,
      expected: `a folder with ${readableFormats}`,
      received: "a folder without",
      advice: "Name the folder that holds the photos, in whatever folders inside of it.",
    });
  }
  // Windows writes paths with backslashes, patterns are written with slashes.
  const pattern = process.platform === "win32" ? word.replaceAll("\\", "/") : word;
  if (entry !== undefined || !isDynamicPattern(pattern)) return [word];
  const links = pattern.includes("**") ? { followSymbolicLinks: false, fs: { readdir: readerFor(pattern) } } : {};
  const found = await glob(pattern, {
    dot: false,
    expandDirectories: false,
    onlyFiles: true,
    absolute: isAbsolute(pattern),
    ...links,
  });
  const photos = found.filter((path) => !isHeatMap(path));
  // Whoever names nothing but heat maps means them.
  if (found.length > 0) return (photos.length > 0 ? photos : found).sort(compareCodePoints);
  throw new UsageError(`No file fits ${word}.`, {
    subject: word,
    expected: "a file, a folder, or a pattern that some files fit",
    received: `a pattern that nothing fits, ${escapePath(word) === word ? "and no file of this name" : "and nothing of exactly this name"}`,
    advice: "Check the path; a relative one starts at the current folder.",
  });
}

/** What came on the standard input: one photo, or a list of them. */
export type Given = { readonly photo: Uint8Array } | { readonly paths: readonly string[] };

/**
 * Tells whether bytes are a photo or a list of photos: a path a line, or each ended by a zero byte, as `find -print0` writes them.
 *
 * @throws FileError for neither, and for nothing at all
 */
export function photoOrList(bytes: Uint8Array): Given {
  const text = textOf(bytes);
  // A picture may be written in digits.
  if (text !== undefined && !/^P[1-6]\s/.test(text)) {
    const lines = text.includes("\0") ? text.split("\0") : text.split(/\r?\n/);
    const paths = lines.filter((line) => line.trim() !== "");
    const isPhoto = text.includes("\ufffd") && photoFormat(bytes) !== undefined;
    if (paths.length > 0 && !isPhoto) return { paths };
  }
  if (photoFormat(bytes) !== undefined) return { photo: bytes };
  throw new FileError("The standard input is no photo and no list of photos.", {
    subject: "-",
    expected: `a ${readableFormats}, or paths of photos, one a line`,
    received: bytes.length === 0 ? "nothing" : `${bytes.length} bytes of something else`,
    advice: "For example: find . -name '*.jpg' | graft predict MODEL -",
  });
}

/**
 * Text, unless it has characters that no path has. A name in another encoding costs the others nothing: its file is missing. Windows writes
 * lists in UTF-16 too, behind a mark.
 */
function textOf(bytes: Uint8Array): string | undefined {
  const mark = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  const text = new TextDecoder(encoding).decode(bytes);
  // eslint-disable-next-line no-control-regex -- what tells a picture from a list
  return /[\u0001-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
}
