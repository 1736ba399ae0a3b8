/**
 * Keras's `keras.saving`: models in files, and the names that files have for classes and functions of one's own.
 *
 * @see https://keras.io/api/models/model_saving_apis/
 */
export * from "./nn/saving/index.js";
export { loadModel } from "./models/load-model.js";
export { saveModel, saveWeights } from "./models/save-model.js";
export { loadWeights } from "./models/load-weights.js";
