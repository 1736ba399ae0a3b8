import type { Photo } from "../../photos/photo.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ExportableClassifier } from "./exportable.js";

/** What may be asked of targets; each takes those that it names. */
export interface ExportOptions {
  /** `open`, or height and width of photos in pixels, such as `480x640`, or one number for both. */
  readonly size?: string | undefined;
  /** `open`, or how many photos at a time. */
  readonly batch?: string | undefined;
  /** Version of the standard operator set. */
  readonly opset?: number | undefined;
  readonly precision?: ExportPrecision | undefined;
  /** Whether the file takes pixels that are resized and normalized already. */
  readonly withoutPreprocessing?: boolean | undefined;
}

/** How exactly an exported network computes. */
export type ExportPrecision = "float32" | "float16" | "int8";

/** {@link ExportPrecision} by name. */
export const exportPrecisions = ["float32", "float16", "int8"] as const satisfies readonly ExportPrecision[];

/** Photos of the run that is exported. */
export interface ExportPhotos {
  /** That it has learned from: ranges of numbers are found with them. */
  readonly calibration: readonly Photo[];
  /** That it has not learned from: what an export costs is measured with them. Class numbers are those of the classifier's labels. */
  readonly heldOut: readonly Photo[];
  /** Whether it is known that it has not learned from those; where it has learned from all photos, or nobody knows, there are no others. */
  readonly heldOutIsNew: boolean;
}

/** What a target is given beside the classifier. */
export interface ExportRequest {
  readonly options: ExportOptions;
  /** The engine, for targets that measure. */
  readonly runtime: Runtime;
  /**
   * Photos of the run, for targets that measure.
   *
   * @throws UsageError when nobody knows where they are
   */
  readonly photos: () => Promise<ExportPhotos>;
  /** Hears how far long work is. */
  readonly onProgress: (done: number, total: number) => void;
}

/** How much an export costs, measured on photos that were held out. */
export interface ExportCost {
  readonly photos: number;
  /** Accuracy of the run's `model.onnx`. */
  readonly accuracyBefore: number;
  /** Accuracy of what is written. */
  readonly accuracyAfter: number;
  /** The greatest difference of a probability; infinite where there is no number. */
  readonly difference: number;
  /** Photos that get another label. */
  readonly changed: number;
}

/** What a target makes of a classifier. */
export interface Exported {
  /** Contents by name; names of a folder's files have `/` between their parts. One file for a target whose form is `file`. */
  readonly files: ReadonlyMap<string, Uint8Array | string>;
  /** What its user must know, a sentence each. */
  readonly notes?: readonly string[] | undefined;
  /** Where it was measured. */
  readonly cost?: ExportCost | undefined;
  /** Layers that stay float32 in an export of fewer bits, by name. */
  readonly float32?: readonly string[] | undefined;
}

/**
 * A form in which a classifier is exported. The file that has the record is imported for `--help`: it imports what makes the export when
 * that is asked for.
 */
export interface ExportTarget {
  /** What stands behind `--to`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Whether it becomes a file, or a folder. */
  readonly form: "file" | "folder";
  /** Which options it takes; all others are refused. */
  readonly options: readonly (keyof ExportOptions)[];
  /** Name of the file or folder, where the user gives none. */
  readonly defaultName: (options: ExportOptions) => string;
  /**
   * Makes the export; nothing is written to the disk.
   *
   * @throws UsageError when this classifier cannot be exported so, or the options do not go together
   */
  write(classifier: ExportableClassifier, request: ExportRequest): Promise<Exported>;
}
