import type { TensorData } from "../../onnx/tensor-data.js";

/** Labels of samples, a row a key. */
export type LabelsOf = (keys: readonly number[]) => TensorData<"float32">;

/** Where an iterator gets its samples from: an array, or photos in files. */
export interface Samples {
  readonly count: number;
  /** Shape of a sample. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Element type of what {@link read} gives. */
  readonly type: "uint8" | "float32";
  /** Pixels, `[keys, height, width, channels]`. */
  readonly read: (keys: readonly number[]) => Promise<Uint8Array | Float32Array>;
  /**
   * Labels, a row a key, or a list of those of several outputs; `"input"`: what the network sees of the sample; `undefined`:
   * none.
   */
  readonly labels: LabelsOf | ((keys: readonly number[]) => readonly TensorData<"float32">[]) | "input" | undefined;
  /** What to know a sample by from run to run, such as the path of its photo; default its number. */
  readonly nameOf?: (key: number) => string;
  /** What people know a sample by, where that is not {@link nameOf}. */
  readonly shownAs?: (key: number) => string;
  /** Names of the classes that labels number or have a column for. */
  readonly labelNames?: readonly string[] | undefined;
  /** What tells the pixels of a sample from all others, in other runs too; see `BatchSource.identify`. */
  readonly identify?: (key: number) => Promise<string>;
  /** How much each sample counts in the loss, `[keys]`. */
  readonly weights?: LabelsOf | undefined;
}
