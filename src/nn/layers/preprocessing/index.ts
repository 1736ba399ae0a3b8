export type { FlipMode, RandomFlipOptions } from "./random-flip.js";
export type { ImagePreprocessingOptions, RandomImageOptions } from "./base-image-preprocessing.js";
export type { RandomTransformOptions } from "./base-random-transform.js";
export type { Bounds, Factor } from "./factors.js";
export type { RandomColourOptions } from "./random-contrast.js";
export type { ImageFillMode, ImageInterpolation, MapFillMode } from "./transform-images.js";
export { AugMix, type AugMixOptions } from "./aug-mix.js";
export { AutoContrast, type ColourOptions } from "./auto-contrast.js";
export {
  ContrastLimitedAdaptiveHistogramEqualization,
  type ContrastLimitedAdaptiveHistogramEqualizationOptions,
} from "./contrast-limited-adaptive-histogram-equalization.js";
export { CutMix, type CutMixOptions } from "./cut-mix.js";
export { Equalization, type EqualizationOptions } from "./equalization.js";
export { MixUp, type MixUpOptions } from "./mix-up.js";
export { Pipeline } from "./pipeline.js";
export { RandAugment, type RandAugmentOptions } from "./rand-augment.js";
export { RandomBrightness } from "./random-brightness.js";
export { RandomColorDegeneration } from "./random-color-degeneration.js";
export { RandomColorJitter, type RandomColorJitterOptions } from "./random-color-jitter.js";
export { RandomContrast } from "./random-contrast.js";
export { RandomCrop } from "./random-crop.js";
export { RandomElasticTransform, type RandomElasticTransformOptions } from "./random-elastic-transform.js";
export { RandomErasing, type RandomErasingOptions } from "./random-erasing.js";
export { RandomFlip } from "./random-flip.js";
export { RandomGaussianBlur, type RandomGaussianBlurOptions } from "./random-gaussian-blur.js";
export { RandomGrayscale, type RandomGrayscaleOptions } from "./random-grayscale.js";
export { RandomHue } from "./random-hue.js";
export { RandomInvert, type RandomInvertOptions } from "./random-invert.js";
export { RandomPerspective, type RandomPerspectiveOptions } from "./random-perspective.js";
export { RandomPosterization } from "./random-posterization.js";
export { RandomRotation } from "./random-rotation.js";
export { RandomSaturation } from "./random-saturation.js";
export { RandomSharpness } from "./random-sharpness.js";
export { RandomShear, type RandomShearOptions } from "./random-shear.js";
export { RandomTranslation } from "./random-translation.js";
export { RandomZoom, type RandomZoomOptions } from "./random-zoom.js";
export { Solarization, type SolarizationOptions } from "./solarization.js";
