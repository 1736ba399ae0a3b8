/** Eigenvalues of a symmetric matrix and their vectors. */
export interface SymmetricEigen {
  /** `[n]`, in no order. */
  readonly values: Float64Array;
  /** `[n, n]`, row by row: row k is the unit vector of `values[k]`. */
  readonly vectors: Float64Array;
}

/** Numbers that are nothing beside those of size one; their squares would lose their digits. */
const vanishing = 1e-140;

/** `(columns that are left)`: turns `matrix` tridiagonal in place, and gives its diagonals and the turn, row by row. */
function tridiagonalize(
  matrix: Float64Array,
  n: number,
): { diagonal: Float64Array; beside: Float64Array; turn: Float64Array } {
  const reflectors: Float64Array[] = [];
  for (let k = 0; k < n - 2; k++) {
    // The reflection that sends what is left of row k to one number: I - 2vvᵀ.
    const v = new Float64Array(n);
    // Apart from the first number, next to which small ones would vanish.
    let rest = 0;
    for (let i = k + 1; i < n; i++) {
      const value = matrix[k * n + i] ?? 0;
      v[i] = i > k + 1 && Math.abs(value) < vanishing ? 0 : value;
      if (i > k + 1) rest += (v[i] ?? 0) ** 2;
    }
    const first = v[k + 1] ?? 0;
    reflectors.push(v);
    if (rest === 0) {
      v.fill(0);
      continue;
    }
    v[k + 1] = first + (first < 0 ? -1 : 1) * Math.sqrt(first * first + rest);
    const length = Math.sqrt(rest + (v[k + 1] ?? 0) ** 2);
    for (let i = k + 1; i < n; i++) v[i] = (v[i] ?? 0) / length;
    // A ← (I - 2vvᵀ) A (I - 2vvᵀ) = A - 2(vwᵀ + wvᵀ) with w = Av - (vᵀAv)v.
    const w = new Float64Array(n);
    let along = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += (matrix[i * n + j] ?? 0) * (v[j] ?? 0);
      w[i] = sum;
      along += sum * (v[i] ?? 0);
    }
    for (let i = k; i < n; i++) w[i] = (w[i] ?? 0) - along * (v[i] ?? 0);
    for (let i = k; i < n; i++) {
      const [vi, wi] = [2 * (v[i] ?? 0), 2 * (w[i] ?? 0)];
      for (let j = k; j < n; j++) {
        matrix[i * n + j] = (matrix[i * n + j] ?? 0) - vi * (w[j] ?? 0) - wi * (v[j] ?? 0);
      }
    }
  }
  const turn = new Float64Array(n * n);
  for (let i = 0; i < n; i++) turn[i * n + i] = 1;
  // Q = H₀H₁…, of which the rows of Qᵀ are wanted: Qᵀ = …H₁H₀ is made by columns of each row.
  for (let k = reflectors.length - 1; k >= 0; k--) {
    const v = reflectors[k] ?? new Float64Array(n);
    for (let row = k + 1; row < n; row++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += (turn[row * n + j] ?? 0) * (v[j] ?? 0);
      if (sum === 0) continue;
      for (let j = k + 1; j < n; j++) turn[row * n + j] = (turn[row * n + j] ?? 0) - 2 * sum * (v[j] ?? 0);
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i] ?? 0);
  const beside = Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? (matrix[i * n + i + 1] ?? 0) : 0));
  return { diagonal, beside, turn };
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix: reflections make it tridiagonal, shifted QR steps make it diagonal.
 *
 * Its time grows with n³: 0.1 s for 200, some minutes for 3000.
 *
 * @param matrix `[n, n]`, row by row
 * @see https://en.wikipedia.org/wiki/Tridiagonal_matrix and https://en.wikipedia.org/wiki/QR_algorithm
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  // Numbers of size one: neither squares nor the bound below can vanish or grow without bound.
  const size = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = matrix.map((value) => (size === 0 ? 0 : value / size));
  const { diagonal: d, beside: e, turn: vectors } = tridiagonalize(scaled, n);
  // A bound for the whole matrix, not for each neighbourhood: where the diagonal is zero nothing would be small enough.
  const negligible = (i: number): boolean => Math.abs(e[i] ?? 0) <= Number.EPSILON;
  let end = n - 1;
  // Two or three steps an eigenvalue are usual; the rest is there so that nothing can go on for ever.
  for (let steps = 0; end > 0 && steps < 50 * n; steps++) {
    if (negligible(end - 1)) {
      e[--end] = 0;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !negligible(start - 1)) start--;
    // Wilkinson's shift: the eigenvalue of the last 2×2 block that is nearest to its last number.
    const half = ((d[end - 1] ?? 0) - (d[end] ?? 0)) / 2;
    const last = e[end - 1] ?? 0;
    const shift = (d[end] ?? 0) - (last * last) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last));
    let x = (d[start] ?? 0) - shift;
    let bulge = e[start] ?? 0;
    for (let k = start; k < end; k++) {
      const length = Math.hypot(x, bulge);
      const [c, s] = length === 0 ? [1, 0] : [x / length, bulge / length];
      if (k > start) e[k - 1] = length;
      const [a, b, between] = [d[k] ?? 0, d[k + 1] ?? 0, e[k] ?? 0];
      d[k] = c * c * a + 2 * c * s * between + s * s * b;
      d[k + 1] = s * s * a - 2 * c * s * between + c * c * b;
      e[k] = c * s * (b - a) + (c * c - s * s) * between;
      x = e[k] ?? 0;
      if (k + 1 < end) {
        bulge = s * (e[k + 1] ?? 0);
        e[k + 1] = c * (e[k + 1] ?? 0);
      }
      rotateRows(vectors, n, k, c, s);
    }
  }
  return { values: d.map((value) => value * size), vectors };
}

/** Turns rows k and k + 1 into each other. */
function rotateRows(rows: Float64Array, n: number, k: number, c: number, s: number): void {
  const upper = rows.subarray(k * n, (k + 1) * n);
  const lower = rows.subarray((k + 1) * n, (k + 2) * n);
  for (let i = 0; i < n; i++) {
    const [a, b] = [upper[i] ?? 0, lower[i] ?? 0];
    upper[i] = c * a + s * b;
    lower[i] = c * b - s * a;
  }
}
