import type { BatchSource } from "../../models/sources/batch-source.js";
import type { EvaluateOptions, Logs, AnySamples } from "../../models/training-types.js";
import { checkSteps } from "../../models/sources/check-samples.js";
import { toSource } from "../../models/sources/any-samples.js";
import { Activations } from "../activations/activations.js";
import { checkedBatches, checkSource } from "./check-labels.js";
import { evaluateBatches } from "./evaluation.js";
import { firstBatches, looked, prepareModel, ranOut, roundSteps } from "./samples.js";
import { OwnStep } from "./own-step.js";
import { hasOwnStep } from "../../models/own-step.js";
import { evaluateOwn } from "./own-work.js";
import { labelShapesOf } from "./targets.js";
import { type Call, callbackList, contextOf } from "./call.js";
import { verbosity } from "./verbosity.js";

/** `evaluate`: loss and metrics on samples, without training. */
export async function evaluate({ host, model, memory }: Call, x: AnySamples, options: EvaluateOptions): Promise<Logs> {
  checkSteps("evaluate", "steps", options.steps);
  const source: BatchSource = await toSource("evaluate", model, x, options);
  const isOwn = hasOwnStep(model, "testStep");
  if (!isOwn) {
    prepareModel(model, source);
    checkSource(source, model.compiled);
  }
  const verbose = verbosity("evaluate", options.verbose);
  const steps = Math.min(options.steps ?? Infinity, roundSteps(source));
  const { first, batches } = await looked(
    firstBatches("evaluate", source, options.steps, (given) => {
      host.machine.warn(ranOut("evaluate", given, options.steps ?? given));
    }),
  );
  if (isOwn) {
    const own = new OwnStep(host, model, source, memory.streams, "testStep", undefined);
    const callbacks = callbackList(options.callbacks, verbose);
    callbacks.begin(model, { verbose, epochs: 1, steps });
    try {
      return await evaluateOwn(own, batches, callbacks, contextOf(model, host.machine, steps));
    } finally {
      await own.release();
    }
  }
  const { compiled } = model;
  return memory.withPrograms(source.graph, compiled, labelShapesOf(first, compiled), (programs) => {
    const callbacks = callbackList(options.callbacks, verbose);
    callbacks.begin(model, { verbose, epochs: 1, steps });
    const activations = new Activations(programs, source, false);
    const checked = checkedBatches(batches, source, compiled);
    const context = contextOf(model, host.machine, steps);
    return evaluateBatches(programs, compiled, activations, checked, callbacks, context, memory.streams);
  });
}
