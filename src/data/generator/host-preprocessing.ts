import { UsageError } from "../../errors/errors.js";
import { isTensor, Tensor } from "../../runtime/runtime.js";
import { toFloat32Array } from "./float32-array.js";

/** A preprocessing function of one's own: `[height, width, channels]` float32 → the same shape, run on the host. */
export type HostPreprocessing = (image: Tensor) => Tensor | Promise<Tensor>;

/**
 * Calls a preprocessing function on the host and checks what it gives.
 *
 * @returns float32
 * @throws UsageError when that is not an array of the same shape
 */
export async function callOnHost(preprocess: HostPreprocessing, image: Tensor): Promise<Tensor> {
  const result: unknown = await preprocess(image);
  if (!isTensor(result) || String(result.dims) !== String(image.dims)) {
    throw new UsageError("The preprocessing function gave something else than an image of the same shape.", {
      subject: "preprocessingFunction",
      expected: `a Tensor of shape [${image.dims.join(", ")}]`,
      received: isTensor(result) ? `shape [${result.dims.join(", ")}]` : String(result),
    });
  }
  return result.type === "float32" ? result : new Tensor("float32", toFloat32Array(result), result.dims);
}
