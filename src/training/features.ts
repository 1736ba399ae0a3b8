import type { BaseModel } from "../models/base-model.js";
import type { BatchSource } from "../models/batch-source.js";
import type { TrunkPrecision, TrunkReport } from "../models/training-types.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { fromTensor, type Runtime, type Tensor, toTensor } from "../runtime/runtime.js";
import { Activations } from "./activations.js";
import { pick } from "./evaluation.js";
import { names, Programs } from "./programs.js";
import { ahead, joinSamples } from "./samples.js";

/** What {@link featuresOf} gives. */
export interface Features {
  /** `[samples, …]` */
  readonly values: TensorData<"float32">;
  /** What 8 bits cost, where frozen layers are computed in 8 bits. */
  readonly trunk: TrunkReport | undefined;
}

/** How {@link featuresOf} computes frozen layers. */
export interface FeatureOptions {
  /** Default `"float32"`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** Photos to calibrate 8 bits with; default the source itself. */
  readonly calibration?: BatchSource;
}

/**
 * A model's outputs for all samples of a source, in the samples' order. The activations at the model's freeze boundary are
 * kept on the way, so that a training of what lies behind it finds them: photos cross the frozen part once.
 *
 * @param model its trainable flags say where the boundary is
 * @param onBatch told of each batch: samples done so far
 */
export async function featuresOf(
  runtime: Runtime,
  model: BaseModel,
  source: BatchSource,
  onBatch: (done: number) => void,
  { trunkPrecision, calibration = source }: FeatureOptions = {},
): Promise<Features> {
  const programs = new Programs(runtime, model, undefined, [], trunkPrecision);
  try {
    await programs.calibrate(calibration);
    const activations = new Activations(programs, source);
    const session = await programs.predict();
    const parts: TensorData<"float32">[] = [];
    let done = 0;
    for (const { batch, loading } of ahead(source.inOrder(), activations)) {
      const feeds: Record<string, Tensor> = { ...(await activations.of(batch, loading)) };
      for (const { variable, name } of programs.fedWeights) feeds[name] = toTensor(variable.value);
      const { [names.output(0)]: output } = await session.run(pick(feeds, session.inputNames));
      if (output !== undefined) parts.push(fromTensor(output) as TensorData<"float32">);
      done += batch.keys.length;
      onBatch(done);
    }
    await activations.flush();
    return { values: joinSamples(parts), trunk: programs.trunkReport };
  } finally {
    await programs.release();
  }
}
