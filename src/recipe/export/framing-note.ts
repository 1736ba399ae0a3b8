import type { Framing } from "../../photos/framing.js";

/** How a photo becomes the picture that an export takes, in a sentence. */
export function framingNote({
  crop = 1,
  keepProportions = false,
  interpolation = "bilinear",
}: Omit<Framing, "size">): string {
  const share = crop === 1 ? "" : ` of ${crop} of ${keepProportions ? "the shorter side" : "both sides"}`;
  const part = keepProportions
    ? `The square in the middle${share}`
    : crop === 1
      ? "The whole photo"
      : `The middle${share}`;
  return `${part} is resized to that (${interpolation}, smoothed while it shrinks).`;
}
