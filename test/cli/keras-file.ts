import { File as LibraryFile, ready } from "h5wasm";

/** Layers of Keras's VGG16 that have weights. */
const vgg16Layers = [2, 2, 3, 3, 3].flatMap((count, block) =>
  Array.from({ length: count }, (_, index) => `block${block + 1}_conv${index + 1}`),
);

/**
 * A file of weights that has VGG16's layers, but each with a kernel of one number.
 *
 * @returns bytes of an `.h5` file
 */
export async function wrongVgg16Weights(): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new LibraryFile("/wrong-vgg16.h5", "w");
  file.create_attribute("layer_names", vgg16Layers);
  for (const name of vgg16Layers) {
    const layer = file.create_group(name);
    layer.create_attribute("weight_names", [`${name}_W_1:0`, `${name}_b_1:0`]);
    layer.create_dataset({ name: `${name}_W_1:0`, data: Float32Array.of(1), shape: [1, 1, 1, 1] });
    layer.create_dataset({ name: `${name}_b_1:0`, data: Float32Array.of(1), shape: [1] });
  }
  file.close();
  const bytes = FS.readFile("/wrong-vgg16.h5").slice();
  FS.unlink("/wrong-vgg16.h5");
  return bytes;
}
