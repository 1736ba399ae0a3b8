import { toSource } from "../../models/sources/any-samples.js";
import { asFloat32 } from "../../models/sources/array-source.js";
import { checkSteps } from "../../models/sources/check-samples.js";
import type { PredictOptions, AnySamples } from "../../models/training-types.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { fromTensor, type Tensor, toTensor } from "../../runtime/runtime.js";
import { Activations } from "../activations/activations.js";
import { joinSamples } from "../programs/join-samples.js";
import { names } from "../programs/names.js";
import { type Call, callbackList, contextOf } from "./call.js";
import { pick } from "./evaluation.js";
import { randomFeeds } from "./random-feeds.js";
import { ahead, firstBatches, looked, prepareModel, ranOut, roundSteps } from "./samples.js";
import { verbosity } from "./verbosity.js";

/** `predict`: a tensor for each output. */
export async function predict(
  { host, model, memory }: Call,
  x: AnySamples,
  options: PredictOptions,
): Promise<readonly Tensor[]> {
  checkSteps("predict", "steps", options.steps);
  const source = await toSource("predict", model, x, options);
  prepareModel(model, source);
  const verbose = verbosity("predict", options.verbose);
  const steps = Math.min(options.steps ?? Infinity, roundSteps(source));
  const { batches } = await looked(
    firstBatches("predict", source, options.steps, (given) => {
      host.machine.warn(ranOut("predict", given, options.steps ?? given));
    }),
  );
  return memory.withExactPrograms(source.graph, async (programs) => {
    const activations = new Activations(programs, source, false);
    const session = await programs.predict();
    const callbacks = callbackList(options.callbacks, verbose);
    const context = contextOf(model, host.machine, steps);
    callbacks.begin(model, { verbose, epochs: 1, steps });
    await callbacks.onPredictBegin(context);
    const parts = model.outputs.map((): TensorData<"float32">[] => []);
    let step = 0;
    for await (const { batch, loading } of ahead(batches, activations)) {
      await callbacks.onPredictBatchBegin(step, context);
      const feeds: Record<string, Tensor> = { ...(await activations.of(batch, loading)) };
      Object.assign(feeds, randomFeeds(programs.inferenceRandoms, memory.streams, batch.keys.length, "inference/"));
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
  });
}
