import type { CallbackContext, Logs } from "../../models/training-types.js";
import type { Compiled } from "../../models/compile-types.js";
import { type NamedTensors, type Tensor, toTensor } from "../../runtime/runtime.js";
import type { Activations } from "../activations/activations.js";
import type { CallbackList } from "./callback-list.js";
import type { Programs } from "../programs/programs.js";
import type { OngoingStreams } from "../../random/ongoing-streams.js";
import { randomFeeds } from "./random-feeds.js";
import { RunningMeans } from "./running-means.js";
import { ahead, type Batches } from "./samples.js";
import { targetFeeds, type Targets, targetsOf } from "./targets.js";

/** Those of some tensors that a program wants. */
export function pick(feeds: NamedTensors, wanted: readonly string[]): NamedTensors {
  return Object.fromEntries(wanted.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
}

/**
 * Loss and states of metrics of a batch in inference.
 *
 * @param activations boundary activations of the batch
 * @param targets its labels and weights
 * @param streams where layers that draw in inference, too, have their random numbers from
 */
export async function evaluateBatch(
  programs: Programs,
  activations: NamedTensors,
  targets: Targets,
  streams: OngoingStreams,
): Promise<NamedTensors> {
  const session = await programs.evaluate();
  const feeds: Record<string, Tensor> = {
    ...activations,
    ...targetFeeds(targets),
    ...randomFeeds(programs.inferenceRandoms, streams, targets.size, "inference/"),
  };
  for (const { variable, name } of programs.fedWeights) feeds[name] = toTensor(variable.value);
  return session.run(pick(feeds, session.inputNames));
}

/** Loss and metrics over batches in inference; callbacks are told of each. */
export async function evaluateBatches(
  programs: Programs,
  compiled: Compiled,
  activations: Activations,
  batches: Batches,
  callbacks: CallbackList,
  context: CallbackContext,
  streams: OngoingStreams,
): Promise<Logs> {
  await callbacks.onTestBegin(context);
  const means = new RunningMeans(compiled);
  let step = 0;
  for await (const { batch, loading } of ahead(batches, activations)) {
    await callbacks.onTestBatchBegin(step, context);
    const boundary = await activations.of(batch, loading);
    means.add(await evaluateBatch(programs, boundary, targetsOf(batch, compiled), streams), batch.keys.length);
    await callbacks.onTestBatchEnd(step, await means.logs(), context);
    step += 1;
  }
  const logs = await means.logs();
  await callbacks.onTestEnd(logs, context);
  return logs;
}
