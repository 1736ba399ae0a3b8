import { Training } from "../../nn/weight-use.js";
import type { NamedTensors } from "../../runtime/runtime.js";
import type { BatchOptions, InputArrays, Logs, OutputArrays } from "../../models/training-types.js";
import { Activations } from "../activations/activations.js";
import { asArrays } from "../../models/sources/arrays.js";
import { checkClassWeight, checkSource } from "./check-labels.js";
import { evaluateBatch } from "./evaluation.js";
import type { Programs } from "../programs/programs.js";
import { RunningMeans } from "./running-means.js";
import { prepareModel } from "./samples.js";
import { StepRunner } from "./step-runner.js";
import { OwnMeans } from "./own-means.js";
import { OwnStep } from "./own-step.js";
import { hasOwnStep, type OwnStepName } from "../../models/own-step.js";
import { classFactorsOf, type Targets, targetsOf, labelShapesOf } from "./targets.js";
import { type Call, trainedBy } from "./call.js";

/** What is done with a batch at the freeze boundary. */
type Work = (programs: Programs, boundary: NamedTensors, targets: Targets) => Promise<NamedTensors>;

async function onBatch(
  call: string,
  { model, memory }: Call,
  x: InputArrays,
  y: OutputArrays | undefined,
  { sampleWeight, classWeight }: BatchOptions,
  work: Work,
): Promise<Logs> {
  const source = asArrays(call, model, x, { y, sampleWeight });
  prepareModel(model, source);
  const { compiled } = model;
  const batch = source.nextBatch();
  checkSource(source, compiled);
  checkClassWeight(classWeight, compiled, source, labelShapesOf(batch, compiled));
  const targets = targetsOf(batch, compiled, classWeight);
  return memory.withPrograms(source.graph, compiled, labelShapesOf(batch, compiled), async (programs) => {
    const boundary = await new Activations(programs, source, false).of(batch);
    const means = new RunningMeans(compiled);
    means.add(await work(programs, boundary, targets), batch.keys.length);
    return await means.logs();
  });
}

/** As {@link onBatch}, by a step of a user's own. */
async function onBatchOwn(
  kind: OwnStepName,
  { host, model, memory }: Call,
  x: InputArrays,
  y: OutputArrays | undefined,
  { sampleWeight, classWeight }: BatchOptions,
  training: Training | undefined,
): Promise<Logs> {
  const source = asArrays(kind === "trainStep" ? "trainOnBatch" : "testOnBatch", model, x, { y, sampleWeight });
  const batch = source.nextBatch();
  const step = new OwnStep(host, model, source, memory.streams, kind, training);
  try {
    await step.prepare(batch);
    training?.cover(trainedBy(model));
    const means = new OwnMeans();
    means.add(await step.run(batch, classWeight && classFactorsOf(batch, classWeight)));
    return await means.logs();
  } finally {
    await step.release();
  }
}

/** `trainOnBatch`: one training step. */
export async function trainOnBatch(
  call: Call,
  x: InputArrays,
  y: OutputArrays | undefined,
  options: BatchOptions,
): Promise<Logs> {
  const { model, memory } = call;
  const training = Training.begin("trainOnBatch", trainedBy(model));
  try {
    if (hasOwnStep(model, "trainStep")) return await onBatchOwn("trainStep", call, x, y, options, training);
    return await onBatch("trainOnBatch", call, x, y, options, (programs, boundary, targets) => {
      // A model that had waited for its input has weights by now.
      training.cover(trainedBy(model));
      return new StepRunner(programs, model.optimizer, memory.streams, training).run(boundary, targets);
    });
  } finally {
    training.end();
  }
}

/** `testOnBatch`: loss and metrics of one batch, without training. */
export function testOnBatch(
  call: Call,
  x: InputArrays,
  y: OutputArrays | undefined,
  options: BatchOptions,
): Promise<Logs> {
  if (hasOwnStep(call.model, "testStep")) return onBatchOwn("testStep", call, x, y, options, undefined);
  return onBatch("testOnBatch", call, x, y, options, (programs, boundary, targets) =>
    evaluateBatch(programs, boundary, targets, call.memory.streams),
  );
}
