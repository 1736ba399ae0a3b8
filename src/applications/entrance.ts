import { Input } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Plan } from "./architecture.js";

/** Where photos enter a network. */
export interface Entrance {
  /** The placeholders that a model begins with. */
  readonly inputs: readonly SymbolicTensor[];
  /** What the first layer is called on, `[N, H, W, C]`. */
  readonly photos: SymbolicTensor;
}

/**
 * Where photos enter a network: a placeholder of its own, or a tensor of the caller's with all that leads to it.
 *
 * @param inputTensor as checked
 */
export function entrance<Own extends object>(
  { shape }: Plan<Own>,
  inputTensor: SymbolicTensor | null | undefined,
): Entrance {
  const photos = inputTensor ?? Input({ shape });
  return { inputs: sourcesOf(photos), photos };
}

/** The placeholders that a tensor is computed from, in the order in which the calls name them. */
function sourcesOf(tensor: SymbolicTensor): readonly SymbolicTensor[] {
  const sources = new Set<SymbolicTensor>();
  const seen = new Set<SymbolicTensor>();
  const visit = (one: SymbolicTensor): void => {
    if (seen.has(one)) return;
    seen.add(one);
    const before = one.call?.().inputs ?? [];
    if (before.length === 0) sources.add(one);
    before.forEach(visit);
  };
  visit(tensor);
  return [...sources];
}
