import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { InputArrays, PredictOptions } from "../../models/training-types.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { fromTensor, type Tensor, toTensor } from "../../runtime/runtime.js";
import { Activations } from "../activations/activations.js";
import { asFloat32 } from "../../models/sources/array-source.js";
import { toSource } from "../../models/sources/arrays.js";
import { pick } from "./evaluation.js";
import { names } from "../programs/names.js";
import type { Programs } from "../programs/programs.js";
import { ahead, prepareModel, roundSteps, takeBatches } from "./samples.js";
import { joinSamples } from "../programs/join-samples.js";
import { type Call, callbackList, contextOf } from "./call.js";
import type { TrainingMemory } from "./training-memory.js";

/** Programs that compute exactly: those that are there, if they do. */
async function exactPrograms(memory: TrainingMemory): Promise<Programs> {
  const known = memory.programs;
  const usable = known?.outdated === false && known.trunkReport === undefined;
  return usable ? known : memory.programsFor(undefined, []);
}

/** `predict`: a tensor for each output. */
export async function predict(
  { host, model, memory }: Call,
  x: BatchSource | InputArrays,
  options: PredictOptions,
): Promise<readonly Tensor[]> {
  const source = toSource(model, x, options);
  prepareModel(model, source);
  const programs = await exactPrograms(memory);
  const activations = new Activations(programs, source, false);
  const session = await programs.predict();
  const { steps = roundSteps(source), verbose = 1 } = options;
  const batches: Iterable<Batch> = options.steps === undefined ? source.inOrder() : takeBatches(source, steps);
  const callbacks = callbackList(options.callbacks, verbose);
  const context = contextOf(model, host.machine, steps);
  callbacks.begin(model, { verbose, epochs: 1, steps });
  await callbacks.onPredictBegin(context);
  const parts = model.outputs.map((): TensorData<"float32">[] => []);
  let step = 0;
  for (const { batch, loading } of ahead(batches, activations)) {
    await callbacks.onPredictBatchBegin(step, context);
    const feeds: Record<string, Tensor> = { ...(await activations.of(batch, loading)) };
    for (const { variable, name } of programs.fedWeights) feeds[name] = toTensor(variable.value);
    const results = await session.run(pick(feeds, session.inputNames));
    parts.forEach((part, index) => {
      const output = results[names.output(index)];
      if (output !== undefined) part.push(asFloat32(fromTensor(output)));
    });
    await callbacks.onPredictBatchEnd(step, context);
    step += 1;
  }
  await callbacks.onPredictEnd(context);
  return parts.map((part) => toTensor(joinSamples(part)));
}
