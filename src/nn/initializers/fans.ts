/**
 * How many inputs and outputs each output and input of a kernel has: `[in, out]` for dense kernels; for convolutions,
 * `[height, width, in, out]`, times the kernel's area.
 *
 * @param shape the kernel's shape in Keras's order
 * @see https://keras.io/api/layers/initializers/
 */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [first = 1, second = first] = shape;
  if (shape.length <= 2) return { fanIn: first, fanOut: second };
  const area = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return { fanIn: area * (shape.at(-2) ?? 1), fanOut: area * (shape.at(-1) ?? 1) };
}
