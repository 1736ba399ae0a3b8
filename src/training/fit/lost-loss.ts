import type { BaseModel } from "../../models/base-model.js";
import { lostValue, lostWeight } from "../../models/finite-weights.js";
import type { Batch } from "../../models/sources/batch-source.js";
import type { LostLoss } from "../../models/training-types.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { fromTensor, type NamedTensors } from "../../runtime/runtime.js";
import type { Programs } from "../programs/programs.js";
import type { Labelled } from "./check-labels.js";
import type { Targets } from "./targets.js";

/** A step whose loss was no finite number. */
export interface LostStep {
  readonly model: BaseModel;
  readonly programs: Programs;
  readonly source: Labelled;
  readonly batch: Batch;
  readonly boundary: NamedTensors;
  readonly targets: Targets;
  /** Values of the weights that learn, as they were before the step. */
  readonly before: readonly TensorData<"float32">[];
  /** Whether no step came before in this call of `fit`. */
  readonly isFirst: boolean;
}

/** The sample in which some values of a batch are no finite numbers. */
function lostSample({ data, dims }: TensorData, keys: readonly number[]): number | undefined {
  if (!(data instanceof Float32Array)) return undefined;
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index < 0 || dims[0] !== keys.length) return undefined;
  return keys[Math.floor(index / (data.length / keys.length))];
}

/** Why the loss of a step is no finite number, as far as it shows. */
export function causeOfLoss(lost: LostStep): string {
  const { model, programs, source, batch, boundary, targets, before, isFirst } = lost;
  const named = (key: number): string => source.sampleName?.(key) ?? String(key);
  for (const labels of targets.labelsByOutput) {
    const key = labels && lostSample(labels, batch.keys);
    if (key !== undefined) return `the label of the sample ${named(key)} is not a finite number`;
  }
  const learning = new Set(programs.trained.map(({ variable }) => variable));
  const frozen = model.weights.filter((variable) => !learning.has(variable));
  const weight = frozen.find(({ value }) => lostValue(value.data) !== undefined);
  if (weight !== undefined) return `the weight "${weight.path}" is not finite`;
  for (const tensor of Object.values(boundary)) {
    const key = lostSample(fromTensor(tensor), batch.keys);
    if (key !== undefined) return `the sample ${named(key)} holds values that are not finite`;
  }
  const index = before.findIndex(({ data }) => lostValue(data) !== undefined);
  const path = programs.trained[index]?.variable.path;
  const rate = `a learning rate of ${model.optimizer.learningRate} is too high`;
  if (path !== undefined) {
    return isFirst
      ? `the weight "${path}" was not finite before the training`
      : `the step before has made the weight "${path}" infinite or NaN: most likely ${rate}`;
  }
  return isFirst ? "samples or initial weights are too large for the loss" : `most likely ${rate}`;
}

/** The same in a sentence. */
export function lossText({ loss, epoch, step, cause }: LostLoss): string {
  const place = step === undefined ? "the validation of epoch " : "epoch ";
  return `The loss is ${loss} in ${place}${epoch + 1}${step === undefined ? "" : `, step ${step + 1}`}: ${cause}.`;
}

/** What to say of a validation whose loss is no finite number. */
export function lostValidation(model: BaseModel): string {
  const weight = lostWeight(model);
  const rate = `a learning rate of ${model.optimizer.learningRate} is too high`;
  return weight === undefined
    ? `the weights give no finite number for the samples of the validation: most likely ${rate}, unless they ` +
        "or their labels are not finite"
    : `the weight "${weight.path}" is ${weight.value}: most likely ${rate}`;
}
