/** How TensorFlow.js finds the pixel that a new one comes from. */
export interface LineOptions {
  readonly interpolation: "bilinear" | "nearest";
  /** Whether the first and the last pixel stay the first and the last. */
  readonly alignCorners: boolean;
}

/**
 * The matrix by which `tf.image.resizeBilinear` and `resizeNearestNeighbor` resize a line of pixels: pixels are points at 0, 1, …,
 * not fields with a centre, as in TensorFlow 1.
 *
 * @returns `[to, from]` in row-major order
 * @see https://github.com/tensorflow/tfjs/blob/master/tfjs-backend-cpu/src/kernels/ResizeBilinear.ts
 */
export function pointMatrix(from: number, to: number, { interpolation, alignCorners }: LineOptions): Float32Array {
  const matrix = new Float32Array(to * from);
  const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  for (let row = 0; row < to; row++) {
    const place = ratio * row;
    if (interpolation === "nearest") {
      matrix[row * from + Math.min(from - 1, alignCorners ? Math.round(place) : Math.floor(place))] = 1;
      continue;
    }
    const before = Math.min(from - 1, Math.floor(place));
    const behind = Math.min(from - 1, Math.ceil(place));
    const share = place - before;
    matrix[row * from + before] = 1 - share;
    matrix[row * from + behind] = (matrix[row * from + behind] ?? 0) + share;
  }
  return matrix;
}

/**
 * The matrix by which `CenterCrop` of TensorFlow.js cuts a line: it stretches a box of the wanted extent over the line less one
 * pixel, and takes the nearest pixels, so that some come twice and others never.
 *
 * @param margin pixels before the box
 * @returns `[to, from]` in row-major order
 * @see https://github.com/tensorflow/tfjs/blob/master/tfjs-backend-cpu/src/kernels/CropAndResize.ts
 */
export function boxMatrix(from: number, to: number, margin: number): Float32Array {
  const matrix = new Float32Array(to * from);
  // Boxes are float32 there, what is computed with them is not.
  const first = Math.fround(margin / from);
  const last = Math.fround((to + margin) / from);
  const ratio = to > 1 ? ((last - first) * (from - 1)) / (to - 1) : 0;
  for (let row = 0; row < to; row++) {
    const place = to > 1 ? first * (from - 1) + row * ratio : 0.5 * (first + last) * (from - 1);
    // What lies outside is 0.
    if (place >= 0 && place <= from - 1) matrix[row * from + Math.round(place)] = 1;
  }
  return matrix;
}
