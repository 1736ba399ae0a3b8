import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import type { Generator } from "../../random/generator.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { SeededInitializer, type SeedOptions } from "./seeded-initializer.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Orthogonal}. */
export interface OrthogonalOptions extends SeedOptions {
  /** Factor of the orthogonal matrix; default 1. */
  readonly gain?: number;
}

/** Makes the rows of a `[count, length]` matrix orthonormal, in float64; running it twice keeps rounding out. */
function orthonormalize(rows: Float64Array[]): void {
  rows.forEach((row, index) => {
    for (let round = 0; round < 2; round++) {
      for (const earlier of rows.slice(0, index)) {
        const projection = earlier.reduce((sum, value, i) => sum + value * (row[i] ?? 0), 0);
        earlier.forEach((value, i) => {
          row[i] = (row[i] ?? 0) - projection * value;
        });
      }
    }
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, i) => {
      row[i] = value / length;
    });
  });
}

/** Options that may follow by position, in Keras's order. */
const following = ["gain", "seed"] as const;

/**
 * A random orthogonal matrix times `gain`, uniform among all of them: rows or columns, whichever are fewer, are
 * orthonormal. Kernels of convolutions are taken as `[height · width · in, out]`.
 *
 * Gram–Schmidt on normally distributed vectors: the Q of the QR decomposition whose R has a positive diagonal.
 *
 * @see https://arxiv.org/abs/1312.6120
 */
export class Orthogonal extends SeededInitializer {
  static readonly className: string = "Orthogonal";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["gain"] satisfies readonly (keyof OrthogonalOptions)[];
  private readonly gain: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<OrthogonalOptions, typeof following>);
  /** @throws UsageError when the gain is not a number */
  constructor(options?: OrthogonalOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<OrthogonalOptions>(Orthogonal, given);
    super(options);
    this.gain = numberWithin("Orthogonal", "gain", options.gain ?? 1);
  }

  protected draw(shape: readonly number[], target: Float32Array, generator: Generator): Float32Array {
    const columns = shape.at(-1);
    if (shape.length < 2 || columns === undefined) {
      throw new ShapeError("The initializer Orthogonal is for weights of rank 2 or more.", {
        subject: "Orthogonal",
        expected: "rank 2 or more",
        received: formatShape(shape),
      });
    }
    const rows = target.length / columns;
    const count = Math.min(rows, columns);
    const vectors = Array.from({ length: count }, () =>
      Float64Array.from({ length: Math.max(rows, columns) }, () => generator.normal()),
    );
    orthonormalize(vectors);
    vectors.forEach((vector, index) => {
      vector.forEach((value, position) => {
        const [row, column] = rows < columns ? [index, position] : [position, index];
        target[row * columns + column] = this.gain * value;
      });
    });
    return target;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), gain: this.gain };
  }
}
