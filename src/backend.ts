/**
 * Keras's `keras.backend`, as far as scripts ask it something. What older scripts compute with it, `ops` has.
 *
 * @see https://keras.io/api/utils/config_utils/
 */
export { epsilon, floatx, imageDataFormat } from "./nn/keras-defaults.js";
export { clearSession } from "./nn/names.js";
