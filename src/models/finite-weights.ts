import { NumberError } from "../errors/errors.js";
import type { BaseModel } from "./base-model.js";

/** A weight that holds something else than numbers. */
export interface LostWeight {
  /** Its path, such as `dense/kernel`. */
  readonly path: string;
  /** NaN or an infinity. */
  readonly value: number;
}

/** The first weight of a model that holds NaN or an infinity; `undefined` where all are numbers. */
export function lostWeight(model: BaseModel): LostWeight | undefined {
  for (const { path, value } of model.weights) {
    const lost = lostValue(value.data);
    if (lost !== undefined) return { path, value: lost };
  }
  return undefined;
}

/**
 * Refuses a network that would teach nothing.
 *
 * @throws NumberError when a weight holds NaN or an infinity
 */
export function requireFiniteWeights(model: BaseModel): void {
  const lost = lostWeight(model);
  if (lost === undefined) return;
  throw new NumberError("The network cannot be trained: not all of its weights are numbers.", {
    subject: lost.path,
    expected: "finite numbers",
    received: `${lost.value} in the weight "${lost.path}"`,
    advice: "Its file is damaged, or its own training has failed: use another one.",
  });
}

/** The first of some values that is NaN or an infinity. */
export function lostValue(values: Float32Array): number | undefined {
  for (const value of values) {
    // The difference of a number and itself is 0.
    if (value - value !== 0) return value;
  }
  return undefined;
}
