import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import {
  type AnySamples,
  type FitOptions,
  History,
  type Logs,
  type TrunkPrecision,
} from "../../models/training-types.js";
import { toSource, validationSource } from "../../models/sources/any-samples.js";
import { splitValidation } from "../../models/sources/arrays.js";
import { Training } from "../../nn/weight-use.js";
import { Activations } from "../activations/activations.js";
import type { Programs } from "../programs/programs.js";
import { checkSource } from "./check-labels.js";
import { evaluateBatches } from "./evaluation.js";
import { warnOfOtherPreprocessing } from "./preprocessing-warning.js";
import { looked, prepareModel, roundSteps } from "./samples.js";
import { checkSameSizes } from "./open-sizes.js";
import { labelShapesOf } from "./targets.js";
import { type Call, callbackList, contextOf, trainedBy } from "./call.js";
import { checkOptions, FitRun } from "./fit-run.js";
import { hasOwnStep } from "../../models/own-step.js";
import { verbosity } from "./verbosity.js";

/** What 8 bits cost, in words. */
function trunkLine({ convolutions, of, moved, photos, validation }: NonNullable<History["trunk"]>): string {
  const differences = Object.entries(validation?.exact ?? {}).map(
    ([name, value]) =>
      `val_${name} ${(validation?.int8[name] ?? Number.NaN).toFixed(4)} with it, ${value.toFixed(4)} exactly`,
  );
  return [
    `Frozen layers in 8 bits: ${convolutions} of ${of} convolutions; what the trained layers see moves by ` +
      `${(100 * moved).toFixed(1)} % (${photos} photos)`,
    ...differences,
  ].join("; ");
}

/** Loss and metrics on a round of a source, with the trunk that the model was just trained with, or exactly. */
async function measured(
  { host, model, memory }: Call,
  source: BatchSource,
  trunkPrecision: TrunkPrecision,
  calibration: BatchSource,
): Promise<Logs> {
  const { compiled } = model;
  const { first, batches } = await looked(alike(source));
  const work = async (programs: Programs): Promise<Logs> => {
    await programs.calibrate(calibration);
    const activations = new Activations(programs, source, trunkPrecision === "int8");
    const context = contextOf(model, host.machine, roundSteps(source));
    return evaluateBatches(programs, compiled, activations, batches, callbackList([], 0), context, memory.streams);
  };
  return memory.withPrograms(source.graph, compiled, labelShapesOf(first, compiled), work, trunkPrecision);
}

async function* alike(source: BatchSource): AsyncGenerator<Batch> {
  yield* source.inOrder(true);
}

/** `fit`: trains a model; see {@link FitOptions}. */
export async function fit(call: Call, x: AnySamples, given: FitOptions): Promise<History> {
  checkOptions(given);
  // Before anything is waited for: whoever calls a second time is told, whatever the first call is busy with.
  const training = Training.begin("fit", trainedBy(call.model));
  try {
    return await fitAlone(call, training, x, given);
  } finally {
    training.end();
  }
}

async function fitAlone(call: Call, training: Training, x: AnySamples, given: FitOptions): Promise<History> {
  const { host, model, memory } = call;
  const { machine } = host;
  const { x: samples, options } = splitValidation(x, given);
  // The order of arrays goes on from fit to fit.
  const order = options.shuffle === false ? undefined : memory.streams.of("shuffle");
  const source = await toSource("fit", model, samples, options, order);
  const { validationData, batchSize, validationBatchSize = batchSize } = options;
  const validation = validationData && (await validationSource(model, validationData, validationBatchSize));
  // What a trainStep of a user's own does with samples and labels, nobody knows.
  if (!hasOwnStep(model, "trainStep")) {
    prepareModel(model, source);
    if (validation !== undefined) checkSameSizes(model, source, validation, options.trunkPrecision);
    // A model that had waited for its input has weights by now.
    training.cover(trainedBy(model));
    // Of arrays that are split, both parts at once, so that a sample has the number that the arrays know it by.
    checkSource(samples === x ? source : await toSource("fit", model, x, given), model.compiled);
    if (validation !== undefined && samples === x) checkSource(validation, model.compiled, "validation ");
  }
  warnOfOtherPreprocessing(model, source, (line) => {
    machine.warn(line);
  });
  memory.tellOfTrainable();
  const history = new History();
  const trunk = await new FitRun({
    model,
    training,
    machine,
    source,
    validation,
    options,
    callbacks: callbackList(options.callbacks, verbosity("fit", options.verbose), [history]),
    memory,
  }).run();
  if (trunk === undefined) return history;
  // Of the same weights and samples: callbacks may have restored other weights than those of the last epoch.
  const compared = validation && {
    int8: await measured(call, validation, "int8", source),
    exact: await measured(call, validation, "float32", source),
  };
  history.trunk = { ...trunk, validation: compared };
  if (verbosity("fit", options.verbose) > 0) machine.print(trunkLine(history.trunk));
  return history;
}
