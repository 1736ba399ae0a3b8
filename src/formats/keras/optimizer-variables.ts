import { sameShape } from "../../graph/shape.js";
import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import type { Variable } from "../../nn/variable.js";
import { elementCount, float32, int64, type TensorData } from "../../onnx/tensor-data.js";
import type { Hdf5Tensor } from "./write-hdf5.js";
import { type Keras2Slots, nadamProduct } from "./keras2-optimizer.js";

type Float32 = TensorData<"float32">;

/** What an optimizer remembers: the steps that it has taken, and its slots by weight. */
export interface OptimizerMemory {
  step: number;
  readonly slots: Map<Variable, Map<string, Float32>>;
}

/** A variable of an optimizer, and Keras's name of it. */
export interface OptimizerVariable {
  readonly name: string;
  readonly tensor: Hdf5Tensor;
}

/** A variable of an optimizer in Keras. */
interface Entry {
  readonly slot: string;
  /** One for all weights, where several are listed. */
  readonly weights: readonly Variable[];
  readonly shape: readonly number[];
}

/** Slots that Keras keeps for all weights together before the next slot begins. */
const alone = new Set(["average", "gradient_accumulator", "velocity_hat"]);

/** Slots that are one number for the whole model in Keras. */
const common = new Set(["u_product"]);

/** The optimizer's variables in Keras's order, behind the count of iterations and the learning rate. */
function entriesOf(optimizer: Optimizer, weights: readonly Variable[]): Entry[] {
  const slots = Object.keys(optimizer.slots);
  const isAlone = (slot: string): boolean => alone.has(slot) || optimizer.className === "RMSprop";
  const entry = (slot: string, weight: Variable): Entry => ({
    slot,
    weights: [weight],
    shape: optimizer.slotShape(slot, weight.shape),
  });
  // Keras makes the slots that all optimizers have before those of the method.
  const first = ["average", "gradient_accumulator"].filter((slot) => slots.includes(slot));
  const together = slots.filter((slot) => !isAlone(slot) && !common.has(slot));
  const last = slots.filter((slot) => isAlone(slot) && !first.includes(slot));
  return [
    ...first.flatMap((slot) => weights.map((weight) => entry(slot, weight))),
    ...weights.flatMap((weight) => together.map((slot) => entry(slot, weight))),
    ...last.flatMap((slot) => weights.map((weight) => entry(slot, weight))),
    ...slots.filter((slot) => common.has(slot)).map((slot) => ({ slot, weights, shape: [] })),
  ];
}

function hasRate(optimizer: Optimizer): boolean {
  return typeof optimizer.getConfig()["learning_rate"] === "number";
}

/**
 * The variables of an optimizer as Keras keeps them: iterations, learning rate (unless it follows a schedule), slots.
 *
 * @param weights the model's trainable weights
 */
export function optimizerVariables(
  optimizer: Optimizer,
  weights: readonly Variable[],
  memory: OptimizerMemory,
): OptimizerVariable[] {
  const { name } = optimizer;
  const slots = entriesOf(optimizer, weights).map(({ slot, weights: owners, shape }): OptimizerVariable => {
    const [owner] = owners;
    const kept = owner === undefined ? undefined : memory.slots.get(owner)?.get(slot);
    const path = common.has(slot) ? slot : `${owner?.path.replaceAll("/", "_") ?? ""}_${slot}`;
    // Where a slot is a placeholder, Keras keeps a whole number.
    if (optimizer.className === "Adafactor" && shape.length === 0)
      return { name: `${name}/${path}`, tensor: { type: "int32", dims: [], data: new Int32Array(1) } };
    const initial = optimizer.slots[slot] ?? 0;
    const tensor = kept ?? float32(new Float32Array(elementCount(shape)).fill(initial), shape);
    return { name: `${name}/${path}`, tensor };
  });
  const rate = hasRate(optimizer)
    ? [{ name: `${name}/learning_rate`, tensor: float32([optimizer.learningRate], []) }]
    : [];
  return [{ name: `${name}/iteration`, tensor: int64([memory.step], []) }, ...rate, ...slots];
}

/**
 * Gives an optimizer the memory that a file says.
 *
 * @returns what does not fit, in words; then nothing has changed
 */
export function restoreOptimizer(
  optimizer: Optimizer,
  weights: readonly Variable[],
  tensors: readonly Float32[],
  memory: OptimizerMemory,
): string | undefined {
  const entries = entriesOf(optimizer, weights);
  const [iterations, ...others] = tensors;
  const values = hasRate(optimizer) ? others.slice(1) : others;
  // Keras saves an optimizer that has not trained yet without slots.
  if (iterations === undefined || (values.length === 0 && entries.length > 0)) return undefined;
  if (values.length !== entries.length) {
    return `${String(entries.length)} slots were expected for ${String(weights.length)} trainable weights, and ${String(values.length)} are there`;
  }
  const mismatch = fill(entries, values, memory);
  if (mismatch !== undefined) return mismatch;
  memory.step = iterations.data[0] ?? 0;
  const rate = hasRate(optimizer) ? others[0]?.data[0] : undefined;
  if (rate !== undefined && rate > 0) optimizer.learningRate = rate;
  return undefined;
}

/**
 * The slots that the last versions of Keras 2 write into `.keras` archives, by their order: as Keras 3's, but for the learning
 * rate, the places of weights without a slot, and Nadam's product, which are left out.
 *
 * @param tensors behind the number of iterations
 * @returns `undefined` when there are more or fewer
 */
export function archivedKeras2Slots(
  optimizer: Optimizer,
  weights: readonly Variable[],
  [counter, ...tensors]: readonly Float32[],
): Keras2Slots | undefined {
  const kept = entriesOf(optimizer, weights).filter(({ slot, shape }) => shape.length > 0 && !common.has(slot));
  if (counter === undefined || tensors.length !== kept.length) return undefined;
  const slots = new Map<string, Float32[]>();
  kept.forEach(({ slot }, index) => {
    const tensor = tensors[index];
    if (tensor !== undefined) slots.set(slot, [...(slots.get(slot) ?? []), tensor]);
  });
  const iterations = counter.data[0] ?? 0;
  if (optimizer.className === "Nadam") slots.set("u_product", [nadamProduct(optimizer, iterations)]);
  return { iterations, slots };
}

/**
 * Gives an optimizer the memory that a file of Keras 2 says. The learning rate is in its configuration.
 *
 * @returns what does not fit, in words; then nothing has changed
 */
export function restoreKeras2Optimizer(
  optimizer: Optimizer,
  weights: readonly Variable[],
  { iterations, slots }: Keras2Slots,
  memory: OptimizerMemory,
): string | undefined {
  const entries = entriesOf(optimizer, weights);
  // Keras 2 has no placeholders where a weight lacks a slot.
  const kept = entries.filter(({ slot, shape }) => shape.length > 0 || common.has(slot));
  // A model that was never trained has none.
  if (slots.size === 0 && iterations === 0) return undefined;
  const next = new Map([...slots].map(([slot, tensors]) => [slot, [...tensors]]));
  const values = kept.map(({ slot }) => next.get(slot)?.shift());
  const missing = kept.find((_, index) => values[index] === undefined);
  if (missing !== undefined) {
    return `there is no slot "${missing.slot}" of "${missing.weights[0]?.path ?? ""}"`;
  }
  const rest = kept.find(({ slot }) => (next.get(slot)?.length ?? 0) > 0);
  if (rest !== undefined) {
    return `slots "${rest.slot}" are there for more than the ${String(weights.length)} trainable weights`;
  }
  const mismatch = fill(kept, values, memory);
  if (mismatch === undefined) memory.step = iterations;
  return mismatch;
}

/** Puts values into slots; all of them, or none when one has another shape, which is said. */
function fill(
  entries: readonly Entry[],
  values: readonly (Float32 | undefined)[],
  memory: OptimizerMemory,
): string | undefined {
  const wrong = entries.find(({ shape }, index) => !sameShape(values[index]?.dims ?? [-1], shape));
  if (wrong !== undefined) return `the slot "${wrong.slot}" of "${wrong.weights[0]?.path ?? ""}" has another shape`;
  entries.forEach(({ slot, weights: owners }, index) => {
    const value = values[index];
    if (value === undefined) return;
    for (const owner of owners) {
      const slots = memory.slots.get(owner) ?? new Map<string, Float32>();
      slots.set(slot, { ...value, data: value.data.slice() });
      memory.slots.set(owner, slots);
    }
  });
  return undefined;
}
