import { rebuild } from "../../graph/rebuild.js";
import { input, type Value } from "../../graph/value.js";
import { type BatchSource, evenly } from "../../models/sources/batch-source.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { fromTensor, type NamedTensors, type Runtime, toTensor } from "../../runtime/runtime.js";
import { createSession, graphBytes } from "../../runtime/session.js";
import { type Int8Trunk, int8Trunk } from "./int8-trunk.js";
import type { Host } from "../machine.js";
import { joinSamples } from "./join-samples.js";

/** Photos to calibrate with. */
const photos = 16;

/** Photos at a time. */
const atOnce = 8;

/** A trunk in 8 bits, and the inputs that it is a graph of. */
export interface CalibratedTrunk extends Int8Trunk {
  readonly data: readonly Value[];
}

/** Trunks in 8 bits by the source that they were calibrated with, and by what they compute. */
const known = new WeakMap<BatchSource, Map<string, Promise<CalibratedTrunk>>>();

/**
 * A trunk in 8 bits, calibrated on photos of a source that lie evenly in it, so that each class is among them.
 *
 * @param values the boundary as a graph of `data`, with weights as constants
 * @param data the model's inputs
 */
export async function calibratedTrunk(
  { runtime, machine }: Host,
  values: readonly Value[],
  data: readonly Value[],
  source: BatchSource,
): Promise<CalibratedTrunk> {
  const outputs = Object.fromEntries(values.map((value, index) => [`b${index}`, value]));
  const digest = machine.digest(graphBytes(outputs));
  const ofSource = known.get(source) ?? new Map<string, Promise<CalibratedTrunk>>();
  known.set(source, ofSource);
  const found = ofSource.get(digest) ?? calibrate(runtime, values, data, source);
  ofSource.set(digest, found);
  const trunk = await found;
  // Another model's trunk that computes the same is a graph of that model's inputs.
  const own = new Map(
    trunk.data.flatMap((value, index) => data.slice(index, index + 1).map((mine) => [value, mine] as const)),
  );
  return { ...trunk, data, values: trunk.values.map(rebuild(trunk.values, own)) };
}

async function calibrate(
  runtime: Runtime,
  values: readonly Value[],
  data: readonly Value[],
  source: BatchSource,
): Promise<CalibratedTrunk> {
  // Names that tell which input it is, whatever the source feeds.
  const names = data.map((value, index) => (value.source.kind === "input" ? value.source.name : `data/${index}`));
  const preprocess = await createSession(
    runtime,
    Object.fromEntries(names.map((name, index) => [name, source.graph[index] ?? input(name, "float32", ["N"])])),
  );
  const parts: NamedTensors[] = [];
  try {
    const fed = source.spread === undefined ? spread(source) : [await source.spread(photos)];
    for await (const feeds of fed) parts.push(await preprocess.run(feeds));
  } finally {
    await preprocess.release();
  }
  return { data, ...(await int8Trunk(runtime, values, regrouped(parts, names))) };
}

/** What is fed for samples that lie evenly in a source. */
async function* spread(source: BatchSource): AsyncGenerator<NamedTensors> {
  // Of samples that nobody has counted, the first ones.
  const wanted = new Set(evenly(photos, Number.isFinite(source.samples) ? source.samples : photos));
  let first = 0;
  // Alike, so that a training that is resumed has the same trunk.
  for await (const batch of source.inOrder(true)) {
    if (first > Math.max(...wanted)) break;
    const rows = [...batch.keys.keys()].filter((row) => wanted.has(first + row));
    first += batch.keys.length;
    if (rows.length > 0) yield await batch.load(rows);
  }
}

/** The same samples in batches of {@link atOnce}. */
function regrouped(parts: readonly NamedTensors[], names: readonly string[]): NamedTensors[] {
  const whole = names.map((name) => {
    const tensors = parts.flatMap((part) => part[name] ?? []);
    return [name, joinSamples(tensors.map((tensor) => fromTensor(tensor) as TensorData<"float32">))] as const;
  });
  const count = whole[0]?.[1].dims[0] ?? 0;
  return Array.from({ length: Math.ceil(count / atOnce) }, (_, group) =>
    Object.fromEntries(
      whole.map(([name, { data, dims }]) => {
        const size = data.length / count;
        const [start, end] = [group * atOnce, Math.min(count, (group + 1) * atOnce)];
        return [name, toTensor(float32(data.slice(start * size, end * size), [end - start, ...dims.slice(1)]))];
      }),
    ),
  );
}
