import { existsSync } from "node:fs";
import type { Figure } from "./figures.js";

/** What the command line says. */
export interface Settings {
  /** Folder with `train` and `validation`, each with one folder per class: cats-vs-dogs-small. */
  readonly baseDir: string;
  /** Folder of photos for `graft train`: oxford-flowers12. */
  readonly recipeDir: string;
  /** Keras's file of VGG16 without its top. */
  readonly weights: string;
  /** MobileNetV2 without its top, as ONNX. */
  readonly network: string;
  /** Whether Keras is measured too. */
  readonly keras: boolean;
}

/** What Graft can be measured beside. */
export const peers = ["keras", "tfjs", "torch"] as const;

/** One of {@link peers}. */
export type Peer = (typeof peers)[number];

/** Something that is measured: `npm run bench -- --only NAME`. */
export interface Row {
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  /** The peer that this row is about: without it, and unless the row is named, it is left out. */
  readonly peer?: Peer;
  readonly run: (settings: Settings) => Promise<readonly Figure[]>;
}

/** What keeps a row from being measured here; it is said, and the other rows go on. */
export class Missing extends Error {}

/** @throws Missing when a file or folder is not there */
export function need(path: string, option: string): string {
  if (existsSync(path)) return path;
  throw new Missing(`${path} is not there: name another with ${option}.`);
}
