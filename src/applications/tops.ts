import { Dense, GlobalAveragePooling2D, GlobalMaxPooling2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Plan } from "./architecture.js";

/* What stands behind the last feature map. */

/** The classifier of most: the mean of the map, `avg_pool`, then `predictions`. */
export function averageTop<Own extends object>(x: SymbolicTensor, plan: Plan<Own>): SymbolicTensor {
  return predictions(new GlobalAveragePooling2D({ name: "avg_pool" }).apply(x), plan);
}

/** The layer `predictions`: classes from features. */
export function predictions<Own extends object>(x: SymbolicTensor, { classes, activation }: Plan<Own>): SymbolicTensor {
  return new Dense(classes, { activation, name: "predictions" }).apply(x);
}

/** The feature map pooled as the call asks, by a layer that has an automatic name. */
export function pool<Own extends object>(x: SymbolicTensor, plan: Plan<Own>): SymbolicTensor {
  return pooled(x, plan, {});
}

/** The same, by a layer `avg_pool` or `max_pool`. */
export function namedPool<Own extends object>(x: SymbolicTensor, plan: Plan<Own>): SymbolicTensor {
  return pooled(x, plan, { avg: "avg_pool", max: "max_pool" });
}

function pooled<Own extends object>(
  x: SymbolicTensor,
  { pooling }: Plan<Own>,
  names: { readonly avg?: string; readonly max?: string },
): SymbolicTensor {
  if (pooling === null) return x;
  const Pooling = pooling === "avg" ? GlobalAveragePooling2D : GlobalMaxPooling2D;
  return new Pooling({ name: names[pooling] }).apply(x);
}
