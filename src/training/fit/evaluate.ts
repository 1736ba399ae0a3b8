import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { EvaluateOptions, InputArrays, Logs } from "../../models/training-types.js";
import { Activations } from "../activations/activations.js";
import { toSource } from "../../models/sources/arrays.js";
import { checkedBatches, checkSource } from "./check-labels.js";
import { evaluateBatches } from "./evaluation.js";
import { prepareModel, roundSteps, takeBatches } from "./samples.js";
import { labelShapesOf } from "./targets.js";
import { type Call, callbackList, contextOf } from "./call.js";

/** `evaluate`: loss and metrics on samples, without training. */
export async function evaluate(
  { host, model, memory }: Call,
  x: BatchSource | InputArrays,
  options: EvaluateOptions,
): Promise<Logs> {
  const source = toSource(model, x, options);
  prepareModel(model, source);
  const { compiled } = model;
  checkSource(source, compiled);
  const [first] = source.inOrder();
  const programs = await memory.programsFor(compiled, labelShapesOf(first, compiled));
  const { steps = roundSteps(source), verbose = 1 } = options;
  const batches: Iterable<Batch> = options.steps === undefined ? source.inOrder() : takeBatches(source, steps);
  const checked = checkedBatches(batches, source, compiled);
  const callbacks = callbackList(options.callbacks, verbose);
  callbacks.begin(model, { verbose, epochs: 1, steps });
  const activations = new Activations(programs, source, false);
  return evaluateBatches(programs, compiled, activations, checked, callbacks, contextOf(model, host.machine, steps));
}
