/**
 * For which size of photos weights were published that fit best: Keras's rule.
 *
 * @param shape `[height, width, channels]` of a photo
 * @param sides those that there are weights for, in pixels, the default first
 * @returns the photo's own, where it is square and one of them; else the default
 */
export function publishedSide(
  [height, width]: readonly (number | null)[],
  sides: readonly [number, ...number[]],
): number {
  return sides.find((side) => side === height && side === width) ?? sides[0];
}
