import { ShapeError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import type { Tensor } from "../../runtime/runtime.js";
import { toFloat32Array } from "./float32-array.js";
import type { Normalization, Statistics } from "./standardize.js";

/** Statistics as `ImageDataGenerator.fit` leaves them; `undefined` before. */
export interface FittedStatistics {
  /** `[1, 1, channels]`. */
  readonly mean: Tensor | undefined;
  /** `[1, 1, channels]`. */
  readonly std: Tensor | undefined;
  /** `[size, size]` with `size` = height · width · channels. */
  readonly zcaWhiteningMatrix: Tensor | undefined;
}

/**
 * The statistics that a normalization needs, as far as they are there.
 *
 * @param pixels what is normalized, `[N, C, H, W]`
 * @param missing called with the name of each option whose statistics are not there
 * @throws ShapeError when statistics are those of other photos
 */
export function statisticsFor(
  pixels: Value,
  wanted: Normalization,
  fitted: FittedStatistics,
  missing: (option: string) => void,
): Statistics {
  const [, channels, height, width] = pixels.shape;
  const size = [channels, height, width].reduce<number>((product, extent) => product * Number(extent), 1);
  const valuesOf = (
    option: "featurewiseCenter" | "featurewiseStdNormalization" | "zcaWhitening",
    tensor: Tensor | undefined,
    length: number,
  ): Float32Array | undefined => {
    if (!wanted[option]) return undefined;
    if (tensor === undefined) {
      missing(option);
      return undefined;
    }
    if (tensor.data.length === length) return toFloat32Array(tensor);
    throw new ShapeError(`${option} was fit on photos of another shape.`, {
      subject: option,
      expected: `statistics of ${length} values`,
      received: `[${tensor.dims.join(", ")}]`,
      advice: "Call datagen.fit with photos of the size and channels that are to be normalized.",
    });
  };
  return {
    mean: valuesOf("featurewiseCenter", fitted.mean, Number(channels)),
    deviation: valuesOf("featurewiseStdNormalization", fitted.std, Number(channels)),
    whitening: valuesOf("zcaWhitening", fitted.zcaWhiteningMatrix, size * size),
  };
}
