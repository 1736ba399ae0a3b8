import { staticDim } from "../graph/shape.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/* How wide the layers of networks are that come in several widths. */

/**
 * The multiple of `divisor` next to a width, at least one, and not more than a tenth below it: processors like round numbers.
 *
 * @param width number of channels, perhaps a fraction
 */
export function divisibleWidth(width: number, divisor = 8): number {
  const rounded = nearestWidth(width, divisor);
  return rounded < 0.9 * width ? rounded + divisor : rounded;
}

/** The multiple of `divisor` next to a width, at least one. */
export function nearestWidth(width: number, divisor = 8): number {
  return Math.max(divisor, Math.floor(Math.trunc(width + divisor / 2) / divisor) * divisor);
}

/** Number of channels of a feature map `[N, H, W, C]`. */
export function channelsOf(x: SymbolicTensor): number {
  return staticDim(x.shape, x.shape.length - 1, "channels");
}
