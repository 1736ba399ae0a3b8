/**
 * What Keras adds to denominators and cuts logarithms off at; here, too, and it cannot be set.
 *
 * @returns 1e-7
 * @see https://keras.io/api/utils/config_utils/#epsilon-function
 */
export function epsilon(): number {
  return 1e-7;
}

/**
 * The type of weights and of what is computed; it cannot be set.
 *
 * @see https://keras.io/api/utils/config_utils/#floatx-function
 */
export function floatx(): "float32" {
  return "float32";
}

/**
 * The order of axes of images: heights, widths, channels; it cannot be set.
 *
 * @see https://keras.io/api/utils/config_utils/#imagedataformat-function
 */
export function imageDataFormat(): "channels_last" {
  return "channels_last";
}
