import type { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { TrunkPrecision, TrunkReport } from "../../models/training-types.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { fromTensor } from "../../runtime/runtime.js";
import { workAhead } from "../../runtime/work-ahead.js";
import { Activations } from "./activations.js";
import { pick } from "../fit/evaluation.js";
import type { Host } from "../machine.js";
import { names } from "../programs/names.js";
import { Programs } from "../programs/programs.js";
import { joinSamples } from "../programs/join-samples.js";

/** What {@link featuresOf} gives. */
export interface Features {
  /** `[samples, …]` */
  readonly values: TensorData<"float32">;
  /** What 8 bits cost, where frozen layers are computed in 8 bits. */
  readonly trunk: TrunkReport | undefined;
}

/** Fewer samples have crossed by the time that copies of the network are there. */
const worthCopies = 200;

/** How {@link featuresOf} computes. */
export interface FeatureOptions {
  /** How frozen layers are computed; default `"float32"`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** Photos to calibrate 8 bits with; default the source itself. */
  readonly calibration?: BatchSource;
  /** All samples of the source in their order; default what its `inOrder` gives. */
  readonly batches?: Iterable<Batch> | AsyncIterable<Batch>;
  /** How many there will be; default those of the source. */
  readonly samples?: number;
  /** The most samples of a batch; default that of the source. */
  readonly batchSize?: number;
  /** Told of each batch: samples done so far. */
  readonly onBatch?: (done: number) => void;
}

/**
 * A model's outputs for all samples of a source, in the samples' order. The activations at the model's freeze boundary are
 * kept on the way, so that a training of what lies behind it finds them: photos cross the frozen part once.
 *
 * @param model its trainable flags say where the boundary is
 */
export async function featuresOf(
  host: Host,
  model: BaseModel,
  source: BatchSource,
  {
    trunkPrecision,
    calibration = source,
    batches = source.inOrder(),
    samples = source.samples,
    batchSize = source.batchSize,
    onBatch = () => undefined,
  }: FeatureOptions = {},
): Promise<Features> {
  const waiting = samples < worthCopies ? undefined : batchSize;
  const programs = await Programs.create(host, model, undefined, [], { trunkPrecision, waiting, fed: source.graph });
  // Threads of copies start while photos are read.
  let atOnce = 1;
  const opening = programs.fixed().then((session) => {
    ({ atOnce } = session);
    return session;
  });
  // Meanwhile the first batches are read.
  const calibrated = programs.calibrate(calibration).then(() => new Activations(programs, source));
  // Both are awaited below, unless something else fails before.
  for (const promise of [opening, calibrated]) promise.catch(() => undefined);
  try {
    const compute = async (batch: Batch): Promise<TensorData<"float32">> => {
      const [boundary, behind] = [await (await calibrated).of(batch), await opening];
      const { [names.output(0)]: output } = await behind.run(pick(boundary, behind.inputNames));
      if (output === undefined) throw new TypeError("The engine gave no features.");
      return fromTensor(output) as TensorData<"float32">;
    };
    const parts: TensorData<"float32">[] = [];
    let done = 0;
    // While each copy of the network is busy with a batch, another is loaded for it.
    for await (const part of workAhead(batches, compute, () => 2 * atOnce)) {
      parts.push(part);
      done += part.dims[0] ?? 0;
      onBatch(done);
    }
    await (await calibrated).flush();
    await opening;
    return { values: joinSamples(parts), trunk: programs.trunkReport };
  } finally {
    const [session] = await Promise.allSettled([opening, calibrated]);
    if (session.status === "fulfilled") await session.value.release();
    await programs.release();
  }
}
