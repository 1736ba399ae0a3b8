import type { BatchSource } from "../../models/sources/batch-source.js";
import {
  type FitOptions,
  History,
  type InputArrays,
  type Logs,
  type TrunkPrecision,
} from "../../models/training-types.js";
import { Activations } from "../activations/activations.js";
import { splitValidation, toSource, validationSource } from "../../models/sources/arrays.js";
import { checkSource } from "./check-labels.js";
import { evaluateBatches } from "./evaluation.js";
import { warnOfOtherPreprocessing } from "./preprocessing-warning.js";
import { prepareModel, roundSteps } from "./samples.js";
import { labelShapesOf } from "./targets.js";
import { type Call, callbackList, contextOf } from "./call.js";
import { FitRun } from "./fit-run.js";

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
  const [first] = source.inOrder(true);
  const programs = await memory.programsFor(compiled, labelShapesOf(first, compiled), trunkPrecision);
  await programs.calibrate(calibration);
  const activations = new Activations(programs, source, trunkPrecision === "int8");
  const context = contextOf(model, host.machine, roundSteps(source));
  return evaluateBatches(programs, compiled, activations, source.inOrder(true), callbackList([], 0), context);
}

/** `fit`: trains a model; see {@link FitOptions}. */
export async function fit(call: Call, x: BatchSource | InputArrays, given: FitOptions): Promise<History> {
  const { host, model, memory } = call;
  const { machine } = host;
  const { x: samples, options } = splitValidation(x, given);
  // The order of arrays goes on from fit to fit.
  const order = options.shuffle === false ? undefined : memory.streams.of("shuffle");
  const source = toSource(model, samples, options, order);
  const { validationData, batchSize, validationBatchSize = batchSize } = options;
  const validation = validationData && validationSource(model, validationData, validationBatchSize);
  prepareModel(model, source);
  // Of arrays that are split, both parts at once, so that a sample has the number that the arrays know it by.
  checkSource(samples === x ? source : toSource(model, x, given), model.compiled);
  if (validation !== undefined && samples === x) checkSource(validation, model.compiled, "validation ");
  warnOfOtherPreprocessing(model, source, (line) => {
    machine.warn(line);
  });
  memory.tellOfTrainable();
  const history = new History();
  await new FitRun({
    model,
    machine,
    source,
    validation,
    options,
    callbacks: callbackList(options.callbacks, options.verbose, [history]),
    streams: memory.streams,
    programsFor: (labelShapes) => memory.programsFor(model.compiled, labelShapes, options.trunkPrecision),
  }).run();
  const report = memory.programs?.trunkReport;
  if (report === undefined) return history;
  // Of the same weights and samples: callbacks may have restored other weights than those of the last epoch.
  const compared = validation && {
    int8: await measured(call, validation, "int8", source),
    exact: await measured(call, validation, "float32", source),
  };
  history.trunk = { ...report, validation: compared };
  if (options.verbose !== 0) machine.print(trunkLine(history.trunk));
  return history;
}
