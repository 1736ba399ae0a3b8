import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, max, mul, sqrt } from "../../ops/elementwise.js";
import { reduceSumSquare } from "../../ops/reduction.js";
import type { WeightCondition } from "../variable.js";
import type { Update, UpdateArguments, UpdateRule } from "./update-rule.js";

/** What {@link updateAll} needs of one weight: its values in the graph, and the condition that it keeps. */
export interface WeightUpdate extends Pick<UpdateArguments, "weight" | "gradient" | "slots"> {
  readonly constraint?: WeightCondition | undefined;
  /** Factor of the learning rate for this weight; default 1. */
  readonly learningRateMultiplier?: number;
}

/** The gradients, scaled so that their Euclidean norm, taken over all of them together, is at most `limit`. */
function clipTogether(gradients: readonly Value[], limit: number): readonly Value[] {
  const [first, ...others] = gradients.map((gradient) => reduceSumSquare(gradient, undefined, { keepdims: 0 }));
  if (first === undefined) return gradients;
  const norm = sqrt(others.reduce((sum, square) => add(sum, square), first));
  const bound = scalarLike(norm, limit);
  const factor = div(bound, max([norm, bound]));
  return gradients.map((gradient) => mul(gradient, factor));
}

/**
 * Writes one step of an optimizer for all weights: clips the gradients together where the optimizer says so, updates each
 * weight, and brings weights back to their constraints.
 *
 * @param step number of the step, from 1; scalar
 * @returns one update a weight, in the same order
 */
export function updateAll(
  optimizer: UpdateRule,
  weights: readonly WeightUpdate[],
  learningRate: Value,
  step: Value,
): readonly Update[] {
  const given = weights.map(({ gradient }) => gradient);
  const gradients = optimizer.globalClipnorm === undefined ? given : clipTogether(given, optimizer.globalClipnorm);
  return weights.map(({ weight, gradient: unclipped, slots, constraint, learningRateMultiplier = 1 }, index) => {
    const gradient = gradients[index] ?? unclipped;
    const rate =
      learningRateMultiplier === 1 ? learningRate : mul(learningRate, scalarLike(learningRate, learningRateMultiplier));
    const updated = optimizer.update({ weight, gradient, slots, learningRate: rate, step });
    return constraint === undefined ? updated : { ...updated, weight: constraint.project(updated.weight) };
  });
}
