import { ShapeError } from "../../errors/errors.js";
import { formatShape, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, mul, sub } from "../../ops/elementwise.js";
import { transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { reduceSum, reduceSumSquare } from "../../ops/reduction.js";
import { numberWithin, oneOf } from "../../errors/check.js";
import type { Config } from "../config.js";
import { unitVectors } from "../unit-vectors.js";
import { Regularizer } from "./regularizer.js";
import { type ByPosition, byName } from "../named.js";

const modes = ["rows", "columns"] as const;

/** Options of {@link OrthogonalRegularizer}. */
export interface OrthogonalRegularizerOptions {
  /** Factor, not negative; default 0.01. */
  readonly factor?: number;
  /** What is to be orthogonal; default `"rows"`. */
  readonly mode?: (typeof modes)[number];
}

/** Options that may follow by position, in Keras's order. */
const following = ["factor", "mode"] as const;

/**
 * The penalty `factor · mean |cos|` over all pairs of rows (or columns) of a matrix.
 *
 * @see https://keras.io/api/layers/regularizers/
 */
export class OrthogonalRegularizer extends Regularizer {
  static readonly className: string = "OrthogonalRegularizer";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "factor",
    "mode",
  ] satisfies readonly (keyof OrthogonalRegularizerOptions)[];
  private readonly factor: number;
  private readonly mode: (typeof modes)[number];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<OrthogonalRegularizerOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: OrthogonalRegularizerOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<OrthogonalRegularizerOptions>(OrthogonalRegularizer, given);
    super(options);
    const { factor = 0.01, mode = "rows" } = options;
    this.factor = numberWithin("OrthogonalRegularizer", "factor", factor, 0);
    this.mode = oneOf("OrthogonalRegularizer", "mode", mode, modes);
  }

  override penalty(weight: Value): Value {
    if (weight.rank !== 2) {
      throw new ShapeError("OrthogonalRegularizer is for weights of rank 2.", {
        subject: "OrthogonalRegularizer",
        expected: "[rows, columns]",
        received: formatShape(weight.shape),
      });
    }
    const rows = this.mode === "rows" ? weight : transpose(weight, { perm: [1, 0] });
    const count = staticDim(rows.shape, 0, "OrthogonalRegularizer");
    const unit = unitVectors(rows, [1]);
    const cosines = matmul(unit, transpose(unit, { perm: [1, 0] }));
    // The diagonal holds the squared lengths of the unit rows; each pair lies above and below it.
    const all = reduceSum(abs(cosines), undefined, { keepdims: 0 });
    const diagonal = reduceSumSquare(unit, undefined, { keepdims: 0 });
    return mul(sub(all, diagonal), scalarLike(weight, this.factor / (count * (count - 1))));
  }

  override getConfig(): Config {
    return { factor: this.factor, mode: this.mode };
  }
}
