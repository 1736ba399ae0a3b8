/** How pixels between pixels are made up. */
export type Interpolation = (typeof interpolations)[number];

/** All of them. */
export const interpolations = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"] as const;

/** Keys's cubic with a = -½. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1 + d * d * (1.5 * d - 2.5);
  return d < 2 ? 2 + d * (-4 + d * (2.5 - 0.5 * d)) : 0;
}

function lanczos(radius: number): (x: number) => number {
  return (x) => {
    const d = Math.abs(x);
    if (d >= radius) return 0;
    if (d < 1e-3) return 1;
    return (radius * Math.sin(Math.PI * d) * Math.sin((Math.PI * d) / radius)) / (Math.PI * Math.PI * d * d);
  };
}

const kernels: Readonly<
  Record<Exclude<Interpolation, "nearest" | "area">, { radius: number; weight: (x: number) => number }>
> = {
  bilinear: { radius: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { radius: 2, weight: cubic },
  lanczos3: { radius: 3, weight: lanczos(3) },
  lanczos5: { radius: 5, weight: lanczos(5) },
};

/**
 * The matrix that resizes a line of pixels: `y = M x`, with the centres of pixels at ½, 1½, …
 *
 * Pixels over the edge: bilinear repeats the outer one, the others leave it out and scale the rest to sum 1.
 *
 * @param from number of pixels before
 * @param to number of pixels after
 * @param antialias whether kernels are widened when the line shrinks
 * @returns `[to, from]` in row-major order
 * @see https://www.tensorflow.org/api_docs/python/tf/image/resize
 */
export function interpolationMatrix(from: number, to: number, method: Interpolation, antialias: boolean): Float32Array {
  const matrix = new Float32Array(to * from);
  const ratio = from / to;
  for (let row = 0; row < to; row++) {
    const centre = (row + 0.5) * ratio;
    if (method === "nearest") {
      matrix[row * from + Math.min(from - 1, Math.floor(centre))] = 1;
      continue;
    }
    if (method === "area") {
      // The part of each pixel that lies under the new one.
      for (let column = Math.floor(row * ratio); column < Math.min(from, Math.ceil((row + 1) * ratio)); column++) {
        const covered = Math.min(column + 1, (row + 1) * ratio) - Math.max(column, row * ratio);
        matrix[row * from + column] = covered / ratio;
      }
      continue;
    }
    const { radius, weight } = kernels[method];
    const widening = antialias ? Math.max(1, ratio) : 1;
    // TensorFlow looks the cubic up in a table of 1024 places.
    const table = method === "bicubic" && !antialias;
    const position = centre - 0.5;
    const shifted = table
      ? Math.floor(position) + Math.round((position - Math.floor(position)) * 1024) / 1024
      : position;
    const first = Math.ceil(shifted - radius * widening);
    const last = Math.floor(shifted + radius * widening);
    const repeats = method === "bilinear" && !antialias;
    let sum = 0;
    for (let column = first; column <= last; column++) {
      const inside = Math.min(Math.max(column, 0), from - 1);
      if (inside !== column && !repeats) continue;
      const value = weight((column - shifted) / widening);
      sum += value;
      matrix[row * from + inside] = (matrix[row * from + inside] ?? 0) + value;
    }
    for (let column = 0; column < from; column++) {
      matrix[row * from + column] = (matrix[row * from + column] ?? 0) / sum;
    }
  }
  return matrix;
}
