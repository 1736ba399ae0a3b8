import type { Backbone } from "../../src/applications/backbone.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import type { Photo } from "../../src/photos/photo.js";
import { Generator } from "../../src/random/generator.js";
import { RandomStreams } from "../../src/random/seed.js";
import type { FineTuneJob } from "../../src/recipe/fine-tune-types.js";
import { HeadFitter } from "../../src/recipe/fit-head.js";
import { type FittedAndMeasured, HeadStage } from "../../src/recipe/head-stage.js";
import { featureModel } from "../../src/recipe/feature-model.js";
import { type FeatureSets, featuresOfSets, type PhotoFeatures } from "../../src/recipe/photo-features.js";
import { planOf } from "../../src/recipe/plan.js";
import { probabilitiesOf } from "../../src/recipe/probabilities.js";
import { rowsAt, rowsTogether } from "../../src/recipe/rows.js";
import { tempered } from "../../src/recipe/temperature.js";
import type { Runtime } from "../../src/runtime/runtime.js";

/** A set of photos as a frozen network sees them. */
export interface SeenSet {
  readonly job: FineTuneJob;
  readonly all: Pick<PhotoFeatures, "photos" | "features">;
  /** A part of it, of which the others are made. */
  readonly kind: PhotoFeatures;
}

/** What the recipe learns from some photos of a set and reports of it, and what it says of the others. */
export interface Division {
  readonly fitted: FittedAndMeasured;
  /** Classes of the photos that nothing was learned from … */
  readonly truth: readonly number[];
  /** … and what is said of them. */
  readonly probabilities: readonly ArrayLike<number>[];
}

/** Lets all photos of a set cross the network, as the recipe does. */
export async function see(
  runtime: Runtime,
  backbone: Backbone,
  classes: readonly string[],
  photos: readonly Photo[],
): Promise<SeenSet> {
  const machine = createNodeMachine();
  // The recipe sees two sets; which photos are in which means nothing here.
  const job: FineTuneJob = {
    ...{ runtime, machine, backbone, classes, division: "drawn" },
    ...{ training: photos.slice(0, -1), validation: photos.slice(-1) },
  };
  const random = new Generator(0);
  const { training, validation } = await featuresOfSets(job, planOf(job, job), featureModel(backbone.model), random);
  const all = {
    photos: [...training.photos, ...validation.photos],
    features: rowsTogether([training.features, validation.features]),
  };
  return { job, all, kind: training };
}

/** Some of the photos. */
function part({ all, kind }: SeenSet, numbers: readonly number[]): PhotoFeatures {
  const photos = numbers.flatMap((number) => all.photos.slice(number, number + 1));
  return { ...kind, photos, features: rowsAt(all.features, numbers) };
}

/**
 * Learns from a share of each class, as the recipe does with the frozen network, and looks at the others.
 *
 * @param share of each class that is learned from, the drawn validation photos included
 * @param seed where the division is drawn from
 */
export async function divide(set: SeenSet, share: number, seed: number): Promise<Division> {
  const { job, all } = set;
  const random = new Generator(seed);
  const [training, validation, test]: [number[], number[], number[]] = [[], [], []];
  for (const label of job.classes.keys()) {
    const own = all.photos.flatMap(({ classIndex }, number) => (classIndex === label ? [number] : []));
    const shuffled = random.shuffle(own);
    const learned = Math.round(own.length * share);
    const trained = Math.round(0.8 * learned);
    training.push(...shuffled.slice(0, trained));
    validation.push(...shuffled.slice(trained, learned));
    test.push(...shuffled.slice(learned));
  }
  const sets: FeatureSets = {
    ...{ training: part(set, training), validation: part(set, validation) },
    ...{ trunk: undefined, skipped: 0 },
  };
  const own = { ...job, training: sets.training.photos, validation: sets.validation.photos };
  const stage = await HeadStage.create(own, sets, new RandomStreams(seed));
  const fitted = await stage.fit(1, performance.now());
  await stage.release();
  const fitter = await HeadFitter.create(job.runtime, all.features.dims[1] ?? 0, job.classes.length);
  const { photos, features } = part(set, test);
  const logits = tempered(await fitter.logits(features, fitted.classifier), fitted.temperature);
  await fitter.release();
  return {
    fitted,
    truth: photos.map(({ classIndex }) => classIndex),
    probabilities: probabilitiesOf(logits),
  };
}
