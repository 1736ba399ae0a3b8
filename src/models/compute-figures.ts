import { UsageError } from "../errors/errors.js";
import type { Recording } from "../nn/eager/recording.js";
import { recordingOf } from "../nn/eager/recording.js";
import * as ops from "../nn/operations/index.js";
import { toSymbolic } from "../nn/operations/operand.js";
import { presentContext } from "../nn/scope.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { isTensor } from "../runtime/runtime.js";
import type { Compiled } from "./compile-types.js";
import type { StepFigures } from "./step-data.js";

/** Labels or predictions of each output. */
function listed(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? (given as readonly unknown[]) : [given];
}

/** The step that is being written. */
function presentStep(call: string): Recording {
  const context = presentContext();
  const recording = context && recordingOf(context);
  if (recording !== undefined) return recording;
  throw new UsageError(`${call} belongs into a step.`, {
    subject: call,
    expected: "a call in trainStep or testStep",
    received: "a call outside",
    advice: "For arrays, call the loss or the metric itself: await new losses.MeanSquaredError().apply(yTrue, yPred).",
  });
}

function tensorOf(given: unknown, what: string, output: string, recording: Recording): SymbolicTensor {
  if (given instanceof SymbolicTensor || isTensor(given)) return toSymbolic(given, recording);
  throw new UsageError(`There are no ${what} for the output "${output}".`, {
    subject: what,
    expected: "a tensor of the step, or an array",
    received: given === undefined ? "nothing" : typeof given,
  });
}

/**
 * The loss that a model was compiled with, inside of a step, with the penalties of layers that were called before.
 *
 * @throws UsageError when there is none
 */
export function computeLoss({ losses, outputs }: Compiled, { y, yPred, sampleWeight }: StepFigures): SymbolicTensor {
  const recording = presentStep("computeLoss");
  const [truths, predictions] = [listed(y), listed(yPred)];
  const parts = losses.map(({ output, loss, weight }) => {
    const name = outputs[output] ?? "";
    const place = predictions.length === 1 ? 0 : output;
    const prediction = tensorOf(predictions[place], "predictions", name, recording);
    const value = loss.apply(tensorOf(truths[place], "labels", name, recording), prediction, sampleWeight);
    return weight === 1 ? value : ops.multiply(value, weight);
  });
  const penalty = recording.penalty();
  const all = penalty === undefined ? parts : [...parts, SymbolicTensor.of(penalty, recording)];
  const [first, ...others] = all;
  if (first !== undefined) return others.reduce((sum, part) => ops.add(sum, part), first);
  throw new UsageError("There is no loss to compute.", {
    subject: "computeLoss",
    expected: "a model that was compiled with a loss, or penalties of weights",
    received: "neither",
    advice: 'Give compile a loss: model.compile({ optimizer: "rmsprop", loss: "mse" }).',
  });
}

/** Takes a batch into the metrics that a model was compiled with, inside of a step. */
export function updateMetrics({ metrics, outputs }: Compiled, { y, yPred, sampleWeight }: StepFigures): void {
  const recording = presentStep("computeMetrics");
  const [truths, predictions] = [listed(y), listed(yPred)];
  for (const { metric, output, weighted } of metrics) {
    const name = outputs[output] ?? "";
    const place = predictions.length === 1 ? 0 : output;
    const prediction = tensorOf(predictions[place], "predictions", name, recording);
    const truth = tensorOf(truths[place], "labels", name, recording);
    void metric.updateState(truth, prediction, weighted ? sampleWeight : undefined);
  }
}
