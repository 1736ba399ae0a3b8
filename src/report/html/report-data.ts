import type { EpochRow } from "../../recipe/fine-tune-types.js";
import type { Evaluation } from "../confusion.js";
import type { SaidOfPhoto } from "../said-of-photo.js";

/** Pictures of a photo that stand in the page, each as a `data:` address. */
export interface Pictures {
  /** A small picture; `undefined` where there is none: the photo has gone or changed, or the page would get too large. */
  small(path: string): string | undefined;
  /** A larger picture, and the same with what speaks for the class that the photo was taken for. */
  large(path: string): { readonly photo: string; readonly heat: string | undefined } | undefined;
}

/** Some photos of the folder. */
export interface CountedSet {
  /** A word, such as `training`. */
  readonly name: string;
  /** Photos of each class. */
  readonly counts: readonly number[];
}

/** A photo that is there more than once. */
export interface EqualPhotos {
  readonly paths: readonly string[];
  /** Whether its copies are of different classes, or measure what others of them have taught. */
  readonly harm: "labels" | "sets" | undefined;
}

/** All that a report says. Paths are within the folder of photos, with `/`. */
export interface ReportData {
  /** Name of the run. */
  readonly title: string;
  readonly classes: readonly string[];
  /** What the classifier was measured with. */
  readonly measured: {
    /** A noun phrase, such as `test photos`. */
    readonly photos: string;
    /** How it comes that they measure. */
    readonly how: string;
    readonly said: readonly SaidOfPhoto[];
    readonly evaluation: Evaluation;
  };
  /** The same of photos that were held out in the training, where others have measured. */
  readonly heldOut: { readonly accuracy: number; readonly photos: number } | undefined;
  /** What the figures suffer from, and what else went wrong, in sentences. */
  readonly warnings: readonly string[];
  readonly epochs: readonly EpochRow[];
  readonly bestEpoch: number;
  /** The most telling photos. */
  readonly mistakes: readonly SaidOfPhoto[];
  readonly unsure: readonly SaidOfPhoto[];
  /** Photos whose folder may be wrong. */
  readonly doubtful: readonly SaidOfPhoto[];
  readonly equal: readonly EqualPhotos[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly sets: readonly CountedSet[];
  /** Width and height in pixels of photos that were looked at. */
  readonly sizes: readonly (readonly [width: number, height: number])[];
  /** A few photos of each class. */
  readonly samples: readonly (readonly string[])[];
  /** Commands that use the classifier, each with what it does. */
  readonly commands: readonly { readonly command: string; readonly about: string }[];
  /** What the model's file takes and gives. */
  readonly model: string;
  /** Names and values, in groups with a heading. */
  readonly facts: readonly {
    readonly heading: string;
    readonly rows: readonly (readonly [name: string, value: string])[];
  }[];
  readonly pictures: Pictures;
}
