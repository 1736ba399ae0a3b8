/** The extensions that Keras's `flow_from_directory` and `flow_from_dataframe` take, lower-case: a list of its own. */
export const kerasExtensions: readonly string[] = ["png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff"];

/** The extensions that Keras's `image_dataset_from_directory` takes, which are others. */
export const datasetExtensions: readonly string[] = ["bmp", "gif", "jpeg", "jpg", "png"];
