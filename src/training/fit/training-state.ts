import { z } from "zod";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { formatShape, sameShape } from "../../graph/shape.js";
import type { BaseModel } from "../../models/base-model.js";
import type { TrainingState } from "../../models/training-types.js";
import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import { averageSlot } from "../../nn/optimizers/optimizer-state.js";
import type { Variable } from "../../nn/variable.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";

const words = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const generator = z.object({ kind: z.literal("xoshiro128**"), key: words, state: words });

/** The facts of a training's state; tensors are `weight/<index>` and `slot/<index>/<slot>`, by the weight's index. */
const factsSchema = z.object({
  version: z.literal(4),
  /** The epoch and the step to go on with. */
  epoch: z.number(),
  step: z.number(),
  /** Batches of the round that the epoch is in. */
  taken: z.number(),
  /** Whether the training had ended early. */
  stopped: z.boolean(),
  /** Figures of the steps of an epoch that has begun. */
  means: z
    .object({
      samples: z.number(),
      batches: z.number(),
      losses: z.record(z.string(), z.string()),
      sums: z.record(z.string(), z.array(z.string())),
    })
    .nullable(),
  optimizer: z.object({ step: z.number(), learningRate: z.number().nullable() }),
  /** Paths of the weights. */
  weights: z.array(z.string()),
  /** Random streams, in the order in which the model draws; `null` for one that has not begun. */
  randoms: z.array(generator.nullable()),
  /** All streams by name; a training that has come to its end is gone on from without its programs, which know the order. */
  streams: z.object({ prefix: z.string(), streams: z.array(z.tuple([z.string(), generator])) }).nullable(),
  source: z.unknown(),
  validation: z.unknown(),
  callbacks: z.array(z.object({ name: z.string(), facts: z.unknown() })),
});

/** The facts of a {@link TrainingState}. */
export type TrainingFacts = z.infer<typeof factsSchema>;

/** Whether an optimizer's rate is a number of its own, and not that of a schedule. */
function ownRate(optimizer: Optimizer): number | null {
  return typeof optimizer.getConfig()["learning_rate"] === "number" ? optimizer.learningRate : null;
}

/** What of a training's facts lies in the model. */
export function modelFacts(model: BaseModel): Pick<TrainingFacts, "weights" | "optimizer"> {
  const { optimizer } = model;
  return {
    weights: model.weights.map(({ path }) => path),
    optimizer: { step: optimizer.state.step, learningRate: ownRate(optimizer) },
  };
}

/** A model's weights and its optimizer's slots, by name; they are the model's own arrays. */
export function modelTensors(model: BaseModel): Record<string, TensorData<"float32">> {
  const { slots } = model.optimizer.state;
  const tensors: Record<string, TensorData<"float32">> = {};
  model.weights.forEach((variable, index) => {
    tensors[`weight/${index}`] = variable.value;
    for (const [slot, value] of slots.get(variable) ?? []) tensors[`slot/${index}/${slot}`] = value;
  });
  return tensors;
}

function same(a: Float32Array, b: Float32Array): boolean {
  const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);
  const other = bits(b);
  return a.length === b.length && bits(a).every((word, index) => word === other[index]);
}

function copy({ data, dims }: TensorData<"float32">): TensorData<"float32"> {
  return float32(data.slice(), dims);
}

/**
 * Checks a state and gives its facts.
 *
 * @throws UsageError when it is none, or was saved by another version
 */
export function readFacts({ facts }: TrainingState): TrainingFacts {
  const read = factsSchema.safeParse(facts);
  if (read.success) return read.data;
  throw new UsageError("The saved state of a training is not usable.", {
    subject: "state",
    expected: "what this version of Graft saved",
    received: z.prettifyError(read.error).slice(0, 300),
    advice: "Delete the backup to begin afresh.",
  });
}

/**
 * Puts weights and slots back.
 *
 * @throws ShapeError when they belong to another model; then nothing has changed
 */
export function restoreModel(model: BaseModel, facts: TrainingFacts, { tensors }: TrainingState): void {
  const variables = model.weights;
  const fits =
    variables.length === facts.weights.length &&
    variables.every(({ shape }, index) => sameShape(shape, tensors[`weight/${index}`]?.dims ?? [-1]));
  if (!fits) {
    const index = variables.findIndex(({ shape }, key) => !sameShape(shape, tensors[`weight/${key}`]?.dims ?? [-1]));
    const variable = variables[index];
    throw new ShapeError(`The saved training belongs to another model than "${model.name}".`, {
      subject: variable?.path ?? model.name,
      expected: variable === undefined ? `${variables.length} weights` : formatShape(variable.shape),
      received:
        variable === undefined
          ? `${facts.weights.length} weights`
          : `${facts.weights[index] ?? "nothing"} ${formatShape(tensors[`weight/${index}`]?.dims ?? [])}`,
      advice: "Delete the backup to begin afresh, or choose another folder for it.",
    });
  }
  const { optimizer } = model;
  const { state } = optimizer;
  state.slots.clear();
  state.step = facts.optimizer.step;
  for (const [name, tensor] of Object.entries(tensors)) {
    // Those of callbacks are not the model's.
    const [kind, index, slot] = name.split("/");
    const variable = variables[Number(index)];
    if (variable === undefined) continue;
    if (kind === "weight") {
      // Weights that have not changed keep their array: programs recognize frozen weights by it.
      if (!same(variable.value.data, tensor.data)) variable.assign(copy(tensor));
    } else if (kind === "slot" && slot !== undefined) {
      const slots = state.slots.get(variable) ?? new Map<string, TensorData<"float32">>();
      slots.set(slot, copy(tensor));
      state.slots.set(variable, slots);
    }
  }
  restoreRate(optimizer, facts);
}

/** Sets the learning rate to the saved one, unless a schedule says it. */
export function restoreRate(optimizer: Optimizer, { optimizer: { learningRate, step } }: TrainingFacts): void {
  if (learningRate !== null && ownRate(optimizer) !== null) optimizer.learningRate = learningRate;
  else if (step > 0) optimizer.learningRateAt(step);
}

/** Puts the moving averages that an optimizer has kept in the place of the weights. */
export function averageWeights(optimizer: Optimizer, variables: readonly Variable[]): void {
  const { slots } = optimizer.state;
  for (const variable of variables) {
    const average = slots.get(variable)?.get(averageSlot);
    if (average !== undefined) variable.assign(copy(average));
  }
}
