/**
 * Keras's `keras.utils`: photos as arrays and back, files from the network, labels, datasets.
 *
 * @see https://keras.io/api/utils/
 */
export {
  arrayToImg,
  type ArrayToImgOptions,
  Image,
  type ImageArrayType,
  type ImageMode,
  imgToArray,
  loadImg,
  type LoadImgOptions,
} from "./data/utils/image.js";
export { getFile, type GetFileOptions } from "./data/utils/get-file.js";
export { normalize, toCategorical } from "./data/utils/categorical.js";
export type { Numbers } from "./data/utils/numbers.js";
export { classWeights } from "./data/utils/class-weights.js";
export { saveImg, type SaveImgOptions } from "./data/utils/save-img.js";
export { imageDatasetFromDirectory, type ImageDatasetOptions } from "./data/dataset/image-dataset.js";
export { splitDataset, type SplitDatasetOptions } from "./data/utils/split-dataset.js";
export { PyDataset, PyDataset as Sequence } from "./models/sources/py-dataset.js";
export { setRandomSeed } from "./random/seed.js";
export { plotModel, type PlotModelOptions } from "./report/plot-model.js";
export { clearSession } from "./nn/names.js";
export { interpolateWeights } from "./models/interpolate-weights.js";
export { type RatesByDepthOptions, setRatesByDepth } from "./models/rates-by-depth.js";
export { findLearningRate, type FindLearningRateOptions } from "./training/learning-rate/find-learning-rate.js";
export type { LearningRates } from "./training/learning-rate/learning-rates.js";
