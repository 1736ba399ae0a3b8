import { framingOf } from "../applications/backbone.js";
import type { BaseModel } from "../models/base-model.js";
import type { Photo } from "../photos/photo.js";
import { RandomStreams } from "../random/seed.js";
import { fromTensor } from "../runtime/runtime.js";
import { createTrainingLoops } from "../training/fit/loops.js";
import type { FineTuneJob } from "./fine-tune-types.js";
import { preprocessing } from "./photo-features.js";
import { PhotoLibrary } from "./photo-library.js";

/** What a model says of a photo. */
export interface Answer {
  readonly photo: Photo;
  /** Of each class, in the order of the classes. */
  readonly probabilities: readonly number[];
}

/** Photos at a time. */
const batchSize = 8;

/**
 * What a model in memory says of photos, computed as in the training, with the network exact; those that cannot be read are left out.
 *
 * @param job the training
 * @param model what it has made: preprocessed images in, probabilities out
 * @param photos in any order
 */
export async function probabilitiesInMemory(
  job: FineTuneJob,
  model: BaseModel,
  photos: readonly Photo[],
): Promise<readonly Answer[]> {
  const { runtime, machine, backbone, seed, signal } = job;
  const library = new PhotoLibrary(photos, { framing: framingOf(backbone), signal, root: job.root });
  const source = library.source(batchSize, preprocessing(job));
  let samples = 0;
  for await (const { keys } of source.read(batchSize)) samples += keys.length;
  if (samples === 0) return [];
  const loops = createTrainingLoops({ runtime, machine, random: new RandomStreams(seed) });
  try {
    const [output] = await loops.predict(model, source, { verbose: 0 });
    if (output === undefined) throw new TypeError("The model has no output.");
    const data = fromTensor(output).data as Float32Array;
    const width = data.length / samples;
    return library.photos.map((photo, row) => {
      const own = Array.from(data.subarray(row * width, (row + 1) * width));
      // As in the file: a sigmoid says how probable the second class is.
      return { photo, probabilities: width === 1 ? own.flatMap((one) => [1 - one, one]) : own };
    });
  } finally {
    await loops.release(model);
  }
}
