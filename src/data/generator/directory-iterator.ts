import { FileError, UsageError } from "../../errors/errors.js";
import { namedRecord } from "../../errors/named-record.js";
import { platform } from "../../models/platform.js";
import { BatchIterator, type LabelledBatch } from "./batch-iterator.js";
import {
  checkIteratorOptions,
  checkPhotoOptions,
  type IteratorOptions,
  iteratorOptionNames,
  type PhotoOptions,
  photoOptionNames,
  subsetOf,
} from "./flow-options.js";
import { checkOptionNames, refuseOption, text } from "../../errors/check.js";
import { kerasExtensions } from "./keras-extensions.js";
import { type ClassMode, classNumbers, oneHot } from "./labels.js";
import type { Photo, PhotoSet } from "../../photos/photo.js";
import { photoSamples } from "./photo-samples.js";
import type { PixelSteps } from "./pixel-steps.js";
import type { Samples } from "./samples.js";
import type { Tensor } from "../../runtime/runtime.js";
import { scanClassFolders } from "../../photos/scan.js";

export type { ClassMode } from "./labels.js";

/** Options of `flowFromDirectory`; names, meaning and defaults are Keras's. */
export interface FlowFromDirectoryOptions extends IteratorOptions, PhotoOptions {
  /** Default `"categorical"`. */
  readonly classMode?: ClassMode;
  /** Names of the class folders in the order of their numbers; default all, sorted. */
  readonly classes?: readonly string[] | null;
  /** Whether to go into folders inside a class that are symbolic links; default `false`. */
  readonly followLinks?: boolean;
}

const owner = "flowFromDirectory";
const classModes: readonly unknown[] = ["categorical", "binary", "sparse", "input", null];

function check(options: FlowFromDirectoryOptions, validationSplit: number): void {
  checkOptionNames(owner, options, [
    ...iteratorOptionNames,
    ...photoOptionNames,
    "classMode",
    "classes",
    "followLinks",
  ]);
  checkIteratorOptions(owner, options, validationSplit);
  checkPhotoOptions(owner, options);
  const { classMode = "categorical" } = options;
  if (!classModes.includes(classMode)) {
    refuseOption(owner, "classMode", '"categorical", "binary", "sparse", "input" or null', classMode);
  }
}

/** The part of each class that a subset takes. */
function photosOf(set: PhotoSet, options: FlowFromDirectoryOptions, validationSplit: number): readonly Photo[] {
  return set.classes.flatMap((_, classIndex) =>
    subsetOf(
      set.photos.filter((photo) => photo.classIndex === classIndex),
      options.subset,
      validationSplit,
    ),
  );
}

function labelsOf(mode: ClassMode, photos: readonly Photo[], classes: number): Samples["labels"] {
  if (mode === null) return undefined;
  if (mode === "input") return "input";
  const numbers = (keys: readonly number[]): number[] => keys.map((key) => photos[key]?.classIndex ?? 0);
  return mode === "categorical" ? (keys) => oneHot(numbers(keys), classes) : (keys) => classNumbers(numbers(keys));
}

/**
 * Photos of a folder in batches, round after round: what `flowFromDirectory` gives.
 *
 * @see https://keras.io/api/data_loading/image/ Files come in Keras's order; files and folders whose names begin with a dot
 * are left out here
 */
export class DirectoryIterator<Given extends LabelledBatch | Tensor = LabelledBatch> extends BatchIterator<Given> {
  readonly targetSize: readonly [height: number, width: number];
  readonly classMode: ClassMode;
  /** Number of each class by its folder's name, in the order of the numbers. */
  readonly classIndices: Readonly<Record<string, number>>;
  /** Paths of the photos below the folder, with `/` between folders. */
  readonly filenames: readonly string[];
  /** Paths of the photos. */
  readonly filepaths: readonly string[];
  /** Number of the class of each photo. */
  readonly classes: readonly number[];

  private constructor(set: PhotoSet, photos: readonly Photo[], options: FlowFromDirectoryOptions, steps: PixelSteps) {
    const classMode = options.classMode === undefined ? "categorical" : options.classMode;
    const paths = photos.map(({ path }) => path);
    const labels = labelsOf(classMode, photos, set.classes.length);
    super({ ...photoSamples(paths, options, labels), labelNames: set.classes }, options, steps);
    this.targetSize = [this.imageShape[0], this.imageShape[1]];
    this.classMode = classMode;
    this.classIndices = namedRecord(set.classes.map((name, index) => [name, index]));
    this.filepaths = paths;
    this.filenames = paths.map((path) => path.slice(set.directory.length).replaceAll("\\", "/").replace(/^\/+/, ""));
    this.classes = photos.map(({ classIndex }) => classIndex);
  }

  /** Number of classes. */
  get numClasses(): number {
    return Object.keys(this.classIndices).length;
  }

  /** Number of the class of each photo, Keras's second name for {@link classes}. */
  get labels(): readonly number[] {
    return this.classes;
  }

  /**
   * Lists the photos of a folder and says how many there are, as Keras does.
   *
   * @param directory the folder that holds the class folders
   * @param steps what is done to pixels
   * @param validationSplit share of each class's photos that subset "validation" takes; default none
   * @throws FileError when the folder cannot be read or holds no photos
   * @throws UsageError for impossible options
   */
  static async open<Given extends LabelledBatch | Tensor>(
    directory: string,
    options: FlowFromDirectoryOptions,
    steps: PixelSteps,
    validationSplit = 0,
  ): Promise<DirectoryIterator<Given>> {
    check(options, validationSplit);
    text(owner, "directory", directory);
    const classes = options.classes ?? [];
    const set = await scanClassFolders(directory, {
      extensions: kerasExtensions,
      followLinks: options.followLinks ?? false,
      classes: classes.length === 0 ? undefined : classes,
    });
    const photos = photosOf(set, options, validationSplit);
    if (photos.length === 0) {
      const left =
        set.photos.length > 0 ? `${set.photos.length} photos, none of which falls into the subset` : undefined;
      throw new FileError(`There are no photos in ${directory}.`, {
        subject: directory,
        expected: `one folder per class with ${kerasExtensions.join(", ")} files`,
        received: left ?? `${set.classes.length} class folders without photos`,
      });
    }
    if (options.classMode === "binary" && set.classes.length !== 2) {
      throw new UsageError(`${directory} does not have two classes.`, {
        subject: "classMode",
        expected: 'two class folders for classMode "binary"',
        received: `${set.classes.length}: ${set.classes.slice(0, 5).join(", ")}`,
        advice: 'Use classMode "categorical" or "sparse", or name two folders in `classes`.',
      });
    }
    platform().print(`Found ${photos.length} images belonging to ${set.classes.length} classes.`);
    return new DirectoryIterator<Given>(set, photos, options, steps);
  }
}
