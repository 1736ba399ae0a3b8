import type { RandomStreams } from "../random/seed.js";
import type { FineTuneJob } from "./fine-tune-types.js";
import { foldsOfPhotos } from "./folds.js";
import { labelled } from "./head-stage.js";
import { type LearningCurve, learningCurve } from "./learning-curve.js";
import type { FeatureSets } from "./photo-features.js";

/**
 * How many photos more would help: a learning curve of all photos of a job, training and validation, on the features of its
 * frozen network.
 *
 * @param penalty that was found for them
 * @returns `undefined` where it was not asked for, the job was stopped, or there are too few photos for a curve
 */
export async function curveOfPhotos(
  job: FineTuneJob,
  { training, validation }: FeatureSets,
  penalty: number,
  random: RandomStreams,
): Promise<LearningCurve | undefined> {
  if (job.learningCurve !== true) return undefined;
  const sets = [training, validation];
  const own = random.stream("learning-curve");
  const folds = await foldsOfPhotos(
    sets.flatMap(({ photos }) => photos),
    own,
  );
  return learningCurve(labelled(sets, folds), penalty, {
    runtime: job.runtime,
    random: own,
    signal: job.signal,
    onFit: (done, total) => {
      job.onEvent?.({ event: "progress", stage: "learning-curve", unit: "steps", done, total });
    },
  });
}
