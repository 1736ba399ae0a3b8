import fc from "fast-check";
import { expect, test } from "vitest";
import { symmetricEigen } from "./symmetric-eigen.js";

/** `[n, n]` symmetric from the numbers of its upper half, taken again and again. */
function symmetric(n: number, numbers: readonly number[]): Float64Array {
  const matrix = new Float64Array(n * n);
  let next = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = numbers[next++ % numbers.length] ?? 0;
  }
  return matrix;
}

test("vectors are of length one, at right angles, and give the matrix back", () => {
  const number = fc.oneof(fc.double({ min: -100, max: 100, noNaN: true }), fc.constantFrom(0, 1, -1));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(number, { minLength: 1, maxLength: 80 }), (n, numbers) => {
      const matrix = symmetric(n, numbers);
      const { values, vectors } = symmetricEigen(matrix, n);
      const largest = Math.max(1e-300, ...matrix.map(Math.abs));
      let worst = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let [entry, product] = [0, 0];
          for (let k = 0; k < n; k++) {
            entry += (values[k] ?? 0) * (vectors[k * n + i] ?? 0) * (vectors[k * n + j] ?? 0);
            product += (vectors[i * n + k] ?? 0) * (vectors[j * n + k] ?? 0);
          }
          worst = Math.max(worst, Math.abs(entry - (matrix[i * n + j] ?? 0)) / largest);
          worst = Math.max(worst, Math.abs(product - (i === j ? 1 : 0)));
        }
      }
      expect(worst).toBeLessThan(1e-12 * n);
    }),
    // One number far larger than the others of its row, and all others; one whose square has no digits left.
    {
      numRuns: 100,
      examples: [
        [6, [0, 0, 0, -1, -3.3541280863858e-11]],
        [3, [0, 0, 1.5717277847026288e-162, 1]],
      ],
    },
  );
});
