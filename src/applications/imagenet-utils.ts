import { checkOptionNames, oneOf } from "../errors/check.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Tensor } from "../runtime/runtime.js";
import { decodePredictions } from "./decode-predictions.js";
import { preprocessInput, type PreprocessInputOptions } from "./preprocess.js";

const modes = ["caffe", "tf", "torch"] as const;

/** Options of `imagenetUtils.preprocessInput`; names and defaults are Keras's. */
export interface ImagenetPreprocessOptions extends PreprocessInputOptions {
  /**
   * - `caffe`: RGB → BGR, then minus the mean of ImageNet's photos
   * - `tf`: to [−1, 1]
   * - `torch`: to [0, 1], then minus mean, by deviation of ImageNet's photos
   *
   * Default `"caffe"`.
   */
  readonly mode?: (typeof modes)[number] | undefined;
}

const byMode = { caffe: preprocessInput("caffe"), tf: preprocessInput("tf"), torch: preprocessInput("torch") } as const;

/**
 * Preprocesses RGB pixels in [0, 255] by the name of a mode; `preprocessInput` of a network's module knows its own.
 *
 * @param x `[…, 3]`
 * @returns float32 of the same shape; new, where Keras changes its input
 * @throws UsageError for an unknown mode
 * @throws ShapeError when the last axis has not 3 channels
 * @see https://keras.io/api/applications/ `imagenet_utils.preprocess_input`
 *
 * @example
 * ```ts
 * import { applications, Tensor } from "graft-ml";
 *
 * const { preprocessInput } = applications.imagenetUtils;
 * const { data } = preprocessInput(new Tensor("float32", [255, 0, 0], [1, 1, 3]), { mode: "tf" });
 * console.log(data.join(" ")); // → 1 -1 -1
 * ```
 */
function preprocessByMode(x: Tensor, options?: ImagenetPreprocessOptions): Tensor;
/** The same as part of a model: of a placeholder, or inside of `call`. */
function preprocessByMode(x: SymbolicTensor, options?: ImagenetPreprocessOptions): SymbolicTensor;
function preprocessByMode(
  x: Tensor | SymbolicTensor,
  options: ImagenetPreprocessOptions = {},
): Tensor | SymbolicTensor {
  checkOptionNames("preprocessInput", options, ["mode", "dataFormat"]);
  const preprocess = byMode[oneOf("preprocessInput", "mode", options.mode ?? "caffe", modes)];
  const { dataFormat } = options;
  return x instanceof SymbolicTensor ? preprocess(x, { dataFormat }) : preprocess(x, { dataFormat });
}

/** Keras's module of what networks of ImageNet have in common. */
export const imagenetUtils = { preprocessInput: preprocessByMode, decodePredictions } as const;
