import { gradients } from "../../autodiff/gradients.js";
import { UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import type { Compiled } from "../../models/compile-types.js";
import { updateAll } from "../../nn/optimizers/index.js";
import { cancelTransposes } from "../../passes/cancel-transposes.js";
import { within } from "../../nn/scope.js";
import { weightContext } from "./weight-context.js";
import { figuresOf, noLoss, type LabelShapes } from "./figures.js";
import { lowered } from "./lowering.js";
import { names } from "./names.js";
import { behindBoundary, type ModelSplit } from "./split.js";

/**
 * The step program: boundary activations, labels, weights, slots, random numbers → loss, metrics, new weights, new slots.
 * One call is one step of the optimizer.
 *
 * @param elementWork what an element of tiles costs on this machine
 * @returns outputs by name, as a graph
 * @throws UsageError when there is no loss, or nothing to train
 */
export function stepGraph(
  split: ModelSplit,
  compiled: Compiled,
  labelShapes: LabelShapes,
  elementWork: number,
): Record<string, Value> {
  const { training, trained, updated } = split;
  const { outputs, penalties } = training;
  if (compiled.losses.length + penalties.length === 0) throw noLoss();
  if (trained.length === 0) throw nothingToTrain();
  // Before the gradients are written, which then do not double what is taken out here.
  const values = lowered(
    behindBoundary(split, [...outputs, ...penalties, ...training.updates.values()]),
    elementWork,
    true,
  );
  const judged = outputs.length + penalties.length;
  const predictions = values.slice(0, outputs.length);
  const { figures, loss, objective } = within(weightContext(split), () =>
    figuresOf(compiled, labelShapes, predictions, values.slice(outputs.length, judged)),
  );
  const graph = { ...figures };
  updated.forEach(({ name }, index) => {
    const value = values[judged + index];
    if (value !== undefined) graph[names.renewed(name)] = value;
  });
  Object.assign(graph, renewedWeights(split, compiled, loss, objective));
  const cancelled = cancelTransposes(Object.values(graph));
  return Object.fromEntries(Object.entries(graph).map(([name, value]) => [name, cancelled(value)]));
}

/** New weights and slots, by name. */
function renewedWeights(
  { trained, weights }: ModelSplit,
  { optimizer }: Compiled,
  loss: Value,
  objective: Value,
): Record<string, Value> {
  const learningRate = input(names.learningRate, "float32", []);
  const step = input(names.step, "float32", []);
  const values = trained.map(({ variable }) => weights.get(variable) ?? loss);
  const derivatives = gradients(objective, values);
  const slotInputs = trained.map(({ slots }) =>
    slots.map(({ slot, name, shape }) => [slot, input(name, "float32", shape)] as const),
  );
  const renewed = updateAll(
    optimizer,
    trained.map(({ variable }, index) => ({
      weight: values[index] ?? loss,
      gradient: derivatives[index] ?? loss,
      slots: Object.fromEntries(slotInputs[index] ?? []),
      constraint: variable.constraint,
      learningRateMultiplier: variable.learningRateMultiplier,
    })),
    learningRate,
    step,
  );
  const graph: Record<string, Value> = {};
  trained.forEach(({ name, slots }, index) => {
    const update = renewed[index];
    if (update === undefined) return;
    graph[names.renewed(name)] = update.weight;
    for (const { slot, name: slotName } of slots) {
      const value = update.slots[slot];
      if (value !== undefined) graph[names.renewed(slotName)] = value;
    }
  });
  return graph;
}

function nothingToTrain(): UsageError {
  return new UsageError("There is nothing to train.", {
    subject: "trainable",
    expected: "at least one trainable weight that the loss depends on",
    received: "a model that is frozen altogether",
    advice: "Set trainable = true on the layers that are to learn.",
  });
}
