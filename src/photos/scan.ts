import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { FileError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { isHeatMap, photoOfHeatMap } from "./heat-maps.js";
import { photoExtensions } from "./photo-format.js";
import { compareCodePoints, comparePhotos, type Photo, type PhotoSet } from "./photo.js";

/** How a folder of photos is listed. */
export interface ScanOptions {
  /** Extensions of the files to list, lower-case, without the dot. Default {@link photoExtensions}. */
  readonly extensions?: readonly string[];
  /**
   * Whether to go into folders that are symbolic links (inside a class; a class folder itself may always be a link).
   * Default true; Keras's default is false. A folder that several links lead to is visited once a class.
   */
  readonly followLinks?: boolean;
}

/** What {@link scanFolder} found. */
export interface PhotoFolder {
  readonly directory: string;
  /** Names of the classes in code-point order, the same for every set. */
  readonly classes: readonly string[];
  /** The training photos; all photos where the folder is not divided into sets. */
  readonly train: PhotoSet;
  /** The validation photos, where the folder has them. */
  readonly validation: PhotoSet | undefined;
  /** The test photos, where the folder has them. */
  readonly test: PhotoSet | undefined;
  /** Heat maps of `graft explain` beside the photos that they were drawn of, which are left out. */
  readonly heatMaps: readonly string[];
  /** Folders and photos beside the ones that were used, for a warning: a folder that is no set, a photo in no class. */
  readonly ignored: readonly string[];
}

type SetName = "train" | "validation" | "test";

const setNames = new Map<string, SetName>([
  ["train", "train"],
  ["validation", "validation"],
  ["val", "validation"],
  ["valid", "validation"],
  ["test", "test"],
]);

/** Folders that macOS's archives and Synology's file server leave between those of the user. */
const foreignFolders = new Set(["__MACOSX", "@eaDir"]);

function hidden(name: string): boolean {
  return name.startsWith(".") || foreignFolders.has(name);
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The entries of a folder by name, without hidden ones, in code-point order. */
async function list(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter(({ name }) => !hidden(name)).sort((a, b) => compareCodePoints(a.name, b.name));
  } catch (cause) {
    const reasons: Record<string, [received: string, advice: string]> = {
      ENOENT: ["nothing of that name", "Check the path; a relative one starts at the current folder."],
      ENOTDIR: ["a file", "Name the folder that holds one folder per class."],
      EACCES: ["permission denied", "Change the folder's permissions, or run as a user who may read it."],
      ENAMETOOLONG: ["a path that is longer than the system takes", "Move the photos into folders that lie less deep."],
      ELOOP: ["links that lead in a circle", "Remove the links, or name the folder that they should lead to."],
      EPERM: ["permission denied", "Allow this program to read the folder in the system's privacy settings."],
    };
    const [received, advice] = reasons[errorCode(cause) ?? ""] ?? [String(cause), undefined];
    throw new FileError(`The folder ${directory} cannot be read.`, {
      subject: directory,
      expected: "a folder of photos",
      received,
      advice,
      cause,
    });
  }
}

/** Whether an entry is a folder or a symbolic link to one. */
async function isFolder(directory: string, entry: Dirent): Promise<boolean> {
  if (entry.isDirectory()) return true;
  if (!entry.isSymbolicLink()) return false;
  try {
    return (await stat(join(directory, entry.name))).isDirectory();
  } catch {
    return false; // A link that leads nowhere is listed as a file: decoding it says what is wrong.
  }
}

async function foldersIn(directory: string): Promise<{ folders: string[]; files: string[] }> {
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of await list(directory)) {
    ((await isFolder(directory, entry)) ? folders : files).push(entry.name);
  }
  return { folders, files };
}

function hasExtension(name: string, extensions: readonly string[]): boolean {
  return extensions.includes(extname(name).slice(1).toLowerCase());
}

/**
 * Which folder it is, by whatever way it is reached: its number on its disk. A real path is found by looking at each folder on the way, which
 * takes a second for one that lies a thousand deep; it stands in where a file system has no numbers.
 */
async function identityOf(directory: string): Promise<string> {
  try {
    const { dev, ino } = await stat(directory, { bigint: true });
    return ino === 0n ? await realpath(directory) : `${dev}:${ino}`;
  } catch {
    return directory; // Listing it says what is wrong.
  }
}

interface Walk {
  readonly extensions: readonly string[];
  readonly followLinks: boolean;
  /** Takes each file with a candidate's extension. */
  readonly found: (path: string) => void;
  /** Takes each other file. */
  readonly other: (path: string) => void;
}

/**
 * Visits all files below a folder. Each folder is visited once, however many links lead to it: they may lead in circles, and
 * through folders of links to each other there are more ways than anybody could go.
 *
 * @param visited the folders that were visited, as {@link identityOf} knows them
 */
async function walk(directory: string, visited: Set<string>, visit: Walk): Promise<void> {
  const identity = await identityOf(directory);
  if (visited.has(identity)) return;
  visited.add(identity);
  for (const entry of await list(directory)) {
    const path = join(directory, entry.name);
    if (await isFolder(directory, entry)) {
      if (visit.followLinks || entry.isDirectory()) await walk(path, visited, visit);
    } else if (hasExtension(entry.name, visit.extensions)) visit.found(path);
    else visit.other(path);
  }
}

/** A set as it lies on disk, and what is not right about it. */
interface ListedSet extends PhotoSet {
  /** For each class, some file in its folder that has another extension. */
  readonly others: readonly (string | undefined)[];
}

async function listClasses(
  directory: string,
  classes: readonly string[],
  folderOf: (name: string) => string,
  { extensions = photoExtensions, followLinks = true }: ScanOptions,
): Promise<ListedSet> {
  const photos: Photo[] = [];
  const others: (string | undefined)[] = [];
  for (const [classIndex, name] of classes.entries()) {
    let other: string | undefined;
    await walk(join(directory, folderOf(name)), new Set(), {
      extensions,
      followLinks,
      found: (path) => photos.push({ path, classIndex }),
      other: (path) => (other ??= path),
    });
    others.push(other);
  }
  return { directory, classes, photos: photos.sort(comparePhotos), others };
}

/**
 * Lists all photos below a folder, whatever folders lie in it, in Keras's order: by folder, then by name.
 *
 * @returns their paths
 * @throws FileError when the folder is missing or cannot be read
 */
export async function listPhotos(directory: string, options: ScanOptions = {}): Promise<string[]> {
  const { photos } = await listClasses(directory, [""], (name) => name, options);
  return photos.map(({ path }) => path);
}

/**
 * Lists the photos of a folder that holds one folder per class, without judging what it finds: a single class and a
 * class without photos are allowed.
 *
 * Files come in Keras's order: class by class, folders and then names sorted by code points. Files and folders whose
 * names begin with a dot are left out.
 *
 * @param directory the folder that holds the class folders
 * @param options also `classes`: names of the class folders in the order of their indices, others being left out;
 * default all of them, in code-point order
 * @throws FileError when the folder, or one of the classes named, is missing or cannot be read
 * @see https://keras.io/api/data_loading/image/ `flow_from_directory`
 */
export async function scanClassFolders(
  directory: string,
  options: ScanOptions & { readonly classes?: readonly string[] | undefined } = {},
): Promise<PhotoSet> {
  const { folders } = await foldersIn(directory);
  const chosen = options.classes ?? folders;
  const missing = chosen.find((name) => !folders.includes(name));
  if (missing !== undefined) {
    throw new FileError(`The folder ${directory} has no class folder "${missing}".`, {
      subject: directory,
      expected: `a folder "${missing}", as the option classes says`,
      received: folders.length === 0 ? "no folders" : quoted(folders),
      advice: didYouMean(missing, folders),
    });
  }
  const { classes, photos } = await listClasses(directory, chosen, (name) => name, options);
  return { directory, classes, photos };
}

/**
 * Finds the photos below a folder and the classes that they belong to.
 *
 * The folder holds one folder per class; or `train` and `validation` (also `val`, `valid`) and optionally `test`, in any
 * case of letters, each with one folder per class. Without `validation` all of `train` is there to be split. Photos may
 * lie deeper inside a class. Symbolic links are followed. Names that begin with a dot, `__MACOSX` and `@eaDir` are left
 * out. Whether a file really is a photo is found out when it is decoded.
 *
 * @param directory path of the folder
 * @param options which files to list
 * @returns the sets with their photos in Keras's order, and the names of the classes in code-point order, brought to
 * Unicode's composed form (NFC) so that a set copied from a Mac matches
 * @throws FileError when the folder is missing, is not a folder, holds photos but no class folders, has one class only,
 * has a class without photos, or has sets whose classes differ
 * @see https://keras.io/api/data_loading/image/
 */
export async function scanFolder(directory: string, options: ScanOptions = {}): Promise<PhotoFolder> {
  const { folders, files } = await foldersIn(directory);
  const extensions = options.extensions ?? photoExtensions;
  const stray = files.filter((name) => hasExtension(name, extensions)).map((name) => join(directory, name));
  const divided = divide(directory, folders);
  if (divided === undefined) {
    const train = await scanSet(directory, undefined, options);
    return withoutHeatMaps({
      ...{ directory, classes: train.classes, train, validation: undefined, test: undefined },
      ignored: stray,
    });
  }
  const train = await scanSet(join(directory, divided.train), undefined, options);
  const besides = async (name: string | undefined) =>
    name === undefined ? undefined : await scanSet(join(directory, name), train, options);
  const used = new Set<string | undefined>([divided.train, divided.validation, divided.test]);
  return withoutHeatMaps({
    directory,
    classes: train.classes,
    train,
    validation: await besides(divided.validation),
    test: await besides(divided.test),
    ignored: [...folders.filter((name) => !used.has(name)).map((name) => join(directory, name)), ...stray],
  });
}

/** A photo with what speaks for its class painted on it is no photo of the class; it is told by its name and by the photo beside it. */
function withoutHeatMaps(folder: Omit<PhotoFolder, "heatMaps">): PhotoFolder {
  const heatMaps = new Set<string>();
  const without = (set: PhotoSet): PhotoSet => {
    const paths = new Set(set.photos.map(({ path }) => path));
    const drawn = set.photos.filter(({ path }) => isHeatMap(path) && paths.has(photoOfHeatMap(path)));
    if (drawn.length === 0) return set;
    for (const { path } of drawn) heatMaps.add(path);
    return { ...set, photos: set.photos.filter(({ path }) => !heatMaps.has(path)) };
  };
  const { train, validation, test } = folder;
  const [learned, held, tested] = [without(train), validation && without(validation), test && without(test)];
  return { ...folder, train: learned, validation: held, test: tested, heatMaps: [...heatMaps] };
}

/**
 * Finds photos to measure a classifier with: as {@link scanFolder} does, but a folder that holds only `test`, only `validation`,
 * or both needs no `train`. The photos of the first of these are then those of all sets.
 *
 * @param options also `isPart`: whether photos of some of the classes will do. One class is then enough, folders without photos stand for
 * none, and only the set that measures is looked at, which is that of all sets then. Default false.
 * @throws FileError as {@link scanFolder} does
 */
export async function scanToMeasure(
  directory: string,
  { isPart = false, ...options }: ScanOptions & { readonly isPart?: boolean | undefined } = {},
): Promise<PhotoFolder> {
  const { folders } = await foldersIn(directory);
  const named = (set: SetName): string[] => folders.filter((name) => setNames.get(name.toLowerCase()) === set);
  const [tests, validations] = [named("test"), named("validation")];
  const only = folders.length > 0 && tests.length + validations.length === folders.length;
  const isWhole = !only || tests.length > 1 || validations.length > 1;
  const divided = isWhole
    ? isPart
      ? divide(directory, folders)
      : undefined
    : { test: tests[0], validation: validations[0] };
  const name = divided?.test ?? divided?.validation;
  if (name === undefined && !isPart) return scanFolder(directory, options);
  const alone = name ?? (divided !== undefined && "train" in divided ? divided.train : undefined);
  const set = await scanSet(alone === undefined ? directory : join(directory, alone), undefined, {
    ...options,
    isPart,
  });
  return withoutHeatMaps({
    directory,
    classes: set.classes,
    train: set,
    validation: name === undefined ? undefined : set,
    test: divided?.test === undefined ? undefined : set,
    ignored:
      alone === undefined ? [] : folders.filter((other) => other !== alone).map((other) => join(directory, other)),
  });
}

/** The folder of each set, or undefined where the folders are classes. */
function divide(
  directory: string,
  folders: readonly string[],
): { train: string; validation: string | undefined; test: string | undefined } | undefined {
  const bySet = new Map<SetName, string[]>();
  for (const name of folders) {
    const set = setNames.get(name.toLowerCase());
    if (set !== undefined) bySet.set(set, [...(bySet.get(set) ?? []), name]);
  }
  const named = [...bySet.values()].flat();
  const onlySets = named.length > 0 && named.length === folders.length;
  // "train" beside "bus" and "tram" is a class; so is "valid" beside "expired".
  if (!onlySets && !(bySet.has("train") && bySet.has("validation"))) return undefined;
  for (const [set, names] of bySet) {
    if (names.length > 1) {
      throw new FileError(`The folder ${directory} has more than one folder of ${set} photos.`, {
        subject: directory,
        expected: `one of ${quoted([...setNames.keys()].filter((name) => setNames.get(name) === set))}`,
        received: quoted(names),
        advice: "Merge them, or move one elsewhere.",
      });
    }
  }
  const [train] = bySet.get("train") ?? [];
  const [validation] = bySet.get("validation") ?? [];
  const [test] = bySet.get("test") ?? [];
  if (train === undefined) {
    throw new FileError(`The folder ${directory} has no training photos.`, {
      subject: directory,
      expected: `a folder "train" beside ${quoted(folders)}`,
      received: `only ${quoted(folders)}`,
      advice: `Add "train" with one folder per class, or name the folder that holds one folder per class.`,
    });
  }
  return { train, validation, test };
}

/** Lists one set and checks it, against the training set where there is one. */
async function scanSet(
  directory: string,
  train: PhotoSet | undefined,
  options: ScanOptions & { readonly isPart?: boolean },
): Promise<PhotoSet> {
  const { folders, files } = await foldersIn(directory);
  const extensions = options.extensions ?? photoExtensions;
  if (folders.length === 0) throw noClasses(directory, files, extensions);
  const folderOf = foldersByClass(directory, folders);
  const classes = train?.classes ?? [...folderOf.keys()].sort(compareCodePoints);
  if (train !== undefined) checkSameClasses(directory, [...folderOf.keys()], train);
  else if (classes.length < 2 && options.isPart !== true) {
    throw new FileError(`The folder ${directory} has one class only, "${classes.join()}".`, {
      subject: directory,
      expected: "at least two folders, one per class",
      received: quoted(classes),
      advice: "Add a folder with photos of something else: a classifier learns what tells classes apart.",
    });
  }
  const set = await listClasses(directory, classes, (name) => folderOf.get(name) ?? name, options);
  const counts = classes.map(() => 0);
  for (const { classIndex } of set.photos) counts[classIndex] = (counts[classIndex] ?? 0) + 1;
  const empty = counts.indexOf(0);
  if (options.isPart === true && set.photos.length > 0) return withoutEmpty(set, counts);
  if (empty >= 0) {
    const name = classes[empty] ?? "";
    const other = set.others[empty];
    throw new FileError(`The class "${name}" in ${directory} has no photos.`, {
      subject: join(directory, folderOf.get(name) ?? name),
      expected: `files with one of the extensions ${extensions.join(", ")}`,
      received: other === undefined ? "an empty folder" : `other files, such as "${basename(other)}"`,
      advice: "Put photos of this class there, or remove the folder.",
    });
  }
  return { directory, classes, photos: set.photos };
}

/** The classes that have photos. */
function withoutEmpty({ directory, classes, photos }: PhotoSet, counts: readonly number[]): PhotoSet {
  const kept = classes.filter((_, index) => (counts[index] ?? 0) > 0);
  const numbers = classes.map((name) => kept.indexOf(name));
  return {
    directory,
    classes: kept,
    photos: photos.map((photo) => ({ ...photo, classIndex: numbers[photo.classIndex] ?? 0 })),
  };
}

/**
 * The folder of each class, by the class's name.
 *
 * @throws FileError when two folders have the same name, for Unicode writes some letters in two ways
 */
function foldersByClass(directory: string, folders: readonly string[]): ReadonlyMap<string, string> {
  const folderOf = new Map<string, string>();
  for (const folder of folders) {
    const name = folder.normalize("NFC");
    if (folderOf.has(name)) {
      throw new FileError(`Two folders in ${directory} have the same name, "${name}".`, {
        subject: directory,
        expected: "one folder for each class",
        received: "two that look alike: a letter with a mark is one character in one of them, and two in the other",
        advice: "One of them was probably copied from a Mac: move its photos into the other one.",
      });
    }
    folderOf.set(name, folder);
  }
  return folderOf;
}

function noClasses(directory: string, files: readonly string[], extensions: readonly string[]): FileError {
  const photos = files.filter((name) => hasExtension(name, extensions));
  const [first] = photos;
  return new FileError(
    first === undefined
      ? `The folder ${directory} has no class folders.`
      : `The photos lie directly in ${directory}, not in class folders.`,
    {
      subject: directory,
      expected: "one folder per class, named after the class, with its photos inside",
      received:
        first !== undefined
          ? `${photos.length} photo${photos.length === 1 ? "" : "s"} such as "${first}" and no folders`
          : files.length > 0
            ? "files that are no photos, and no folders"
            : "an empty folder",
      advice: `For example ${join(basename(directory), "cats", "1.jpg")} and ${join(basename(directory), "dogs", "1.jpg")}.`,
    },
  );
}

function checkSameClasses(directory: string, folders: readonly string[], train: PhotoSet): void {
  const extra = folders.find((name) => !train.classes.includes(name));
  const missing = train.classes.find((name) => !folders.includes(name));
  const problem =
    extra !== undefined
      ? `has a class "${extra}" that ${train.directory} does not have`
      : missing !== undefined
        ? `lacks the class "${missing}" that ${train.directory} has`
        : undefined;
  if (problem === undefined) return;
  throw new FileError(`The folder ${directory} ${problem}.`, {
    subject: directory,
    expected: `the classes of the training photos: ${quoted(train.classes)}`,
    received: quoted(folders),
    advice:
      extra === undefined
        ? undefined
        : didYouMean(
            extra,
            train.classes.filter((name) => !folders.includes(name)),
          ),
  });
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
