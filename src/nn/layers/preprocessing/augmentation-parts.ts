import type { Value } from "../../../graph/value.js";
import { AutoContrast } from "./auto-contrast.js";
import type { BaseImagePreprocessing, Draws } from "./base-image-preprocessing.js";
import { Equalization } from "./equalization.js";
import type { Bounds } from "./factors.js";
import { RandomBrightness } from "./random-brightness.js";
import { RandomColorDegeneration } from "./random-color-degeneration.js";
import { RandomContrast } from "./random-contrast.js";
import { RandomPosterization } from "./random-posterization.js";
import { RandomRotation } from "./random-rotation.js";
import { RandomSharpness } from "./random-sharpness.js";
import { RandomShear } from "./random-shear.js";
import { RandomTranslation } from "./random-translation.js";
import { Solarization } from "./solarization.js";
import type { ImageInterpolation } from "./transform-images.js";

/** Draws what one layer is to do, and returns a function that does it. */
export type AugmentationPart = (images: Value, draws: Draws) => (images: Value) => Value;

/** Names of the layers that `RandAugment` and `AugMix` are made of. */
export type AugmentationName =
  | "random_shear"
  | "random_translation"
  | "random_rotation"
  | "random_brightness"
  | "random_color_degeneration"
  | "random_contrast"
  | "random_sharpness"
  | "random_posterization"
  | "solarization"
  | "auto_contrast"
  | "equalization";

function part<T>(layer: BaseImagePreprocessing<T>): AugmentationPart {
  return (images, draws) => {
    const drawn = layer.drawTransformation(images, draws);
    return (value) => layer.transformImages(value, drawn);
  };
}

/** The layers that `RandAugment` and `AugMix` are made of, with a common strength. */
export function augmentationParts(
  factor: Bounds,
  valueRange: Bounds,
  interpolation: ImageInterpolation,
): Readonly<Record<AugmentationName, AugmentationPart>> {
  return {
    random_shear: part(new RandomShear({ xFactor: factor, yFactor: factor, interpolation })),
    random_translation: part(new RandomTranslation(factor, factor, { interpolation })),
    random_rotation: part(new RandomRotation(factor, { interpolation })),
    random_brightness: part(new RandomBrightness(factor, { valueRange })),
    random_color_degeneration: part(new RandomColorDegeneration(factor, { valueRange })),
    random_contrast: part(new RandomContrast(factor, { valueRange })),
    random_sharpness: part(new RandomSharpness(factor, { valueRange })),
    random_posterization: part(new RandomPosterization(Math.max(1, Math.trunc(8 * factor[1])), { valueRange })),
    solarization: part(new Solarization({ additionFactor: factor, thresholdFactor: factor, valueRange })),
    auto_contrast: part(new AutoContrast({ valueRange })),
    equalization: part(new Equalization({ valueRange })),
  };
}
