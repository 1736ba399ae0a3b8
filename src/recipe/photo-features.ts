import { framingOf } from "../applications/backbone.js";
import { preprocessGraph } from "../applications/preprocess.js";
import { FileError, NumberError } from "../errors/errors.js";
import type { Value } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import type { ReadySource } from "../models/sources/batch-source.js";
import type { TrunkReport } from "../models/training-types.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Photo } from "../photos/photo.js";
import type { Generator as RandomGenerator } from "../random/generator.js";
import type { RandomStreams } from "../random/seed.js";
import { type FeatureOptions, featuresOf } from "../training/activations/features.js";
import type { FineTuneJob } from "./fine-tune-types.js";
import type { FeatureModel } from "./feature-model.js";
import { wholeView } from "../photos/view.js";
import { photoGraph, PhotoLibrary, type PhotoSource } from "./photo-library.js";
import { tensorOf } from "./remembered.js";
import { chooseViews, type ViewedPhoto, viewSource } from "./photo-views.js";
import type { Plan } from "./plan.js";

/** Photos at a time on their way through the frozen network. */
const featureBatch = 8;

/** Photos of one set that could be read, and what the frozen network makes of them. */
export interface PhotoFeatures {
  readonly photos: readonly Photo[];
  /** For a training or validation of more than the head. */
  readonly source: PhotoSource;
  /** `[photos, features]`: those of each map are of length 1. */
  readonly features: TensorData<"float32">;
  /** How many of the features each map gives, in order. */
  readonly widths: readonly number[];
  /** Numbers of their classes, `[photos]`. */
  readonly labels: TensorData<"float32">;
}

/** Both sets. */
export interface FeatureSets {
  readonly training: PhotoFeatures;
  readonly validation: PhotoFeatures;
  /** What 8 bits cost, where frozen layers are computed in 8 bits. */
  readonly trunk: TrunkReport | undefined;
  /** How many photos could not be read. */
  readonly skipped: number;
}

/**
 * Reads the photos of both sets once and lets them cross the frozen network.
 *
 * @param network what `featureModel` gave
 * @param order where the order of the training photos is drawn from
 * @throws FileError when a class has no readable photo to train on, or none is left to validate with
 */
export async function featuresOfSets(
  job: FineTuneJob,
  { batchSize }: Plan,
  { model: network, widths }: FeatureModel,
  order: RandomGenerator,
): Promise<FeatureSets> {
  const { backbone, classes, trunkPrecision, signal, journal, onEvent = () => undefined } = job;
  const skipped: Skipped[] = [];
  const onSkipped = (path: string, reason: string): void => {
    skipped.push({ path, reason });
    onEvent({ event: "skipped", path, reason });
  };
  const libraryOf = (photos: readonly Photo[]): PhotoLibrary =>
    new PhotoLibrary(photos, { framing: framingOf(backbone), onSkipped, signal, root: job.root });
  const [training, validation] = [libraryOf(job.training), libraryOf(job.validation)];
  const graph = preprocessing(job);
  const source = training.source(batchSize, graph, order);
  const validationSource = validation.source(featureBatch, graph);

  const total = job.training.length + job.validation.length;
  const options = { trunkPrecision, calibration: source };
  const crossing = async (): Promise<Crossed> => {
    const features = await read(job, network, source, job.training.length, {
      ...options,
      onBatch: (done) => {
        onEvent({ event: "progress", stage: "features", unit: "photos", done: done + skipped.length, total });
      },
    });
    checkTraining(training, classes);
    checkFeatures(training, features.values);
    const before = training.photos.length;
    const validationFeatures = await read(job, network, validationSource, job.validation.length, {
      ...options,
      onBatch: (done) => {
        onEvent({ event: "progress", stage: "features", unit: "photos", done: before + done + skipped.length, total });
      },
    });
    checkValidation(validation);
    checkFeatures(validation, validationFeatures.values);
    return { training: features.values, validation: validationFeatures.values, trunk: features.trunk };
  };
  const crossed =
    journal === undefined
      ? await crossing()
      : await journal.remember<Crossed>(
          "features",
          crossing,
          ({ trunk = null, training: learned, validation: held }) => ({
            facts: {
              training: training.usableNumbers,
              validation: validation.usableNumbers,
              skipped,
              trunk,
            } satisfies KeptFacts,
            tensors: { training: learned, validation: held },
          }),
          (state) => {
            const facts = state.facts as KeptFacts;
            training.takeOver(facts.training);
            validation.takeOver(facts.validation);
            for (const { path, reason } of facts.skipped) onSkipped(path, reason);
            return {
              training: tensorOf(state, "training"),
              validation: tensorOf(state, "validation"),
              trunk: facts.trunk ?? undefined,
            };
          },
        );
  return {
    training: { photos: training.photos, source, features: crossed.training, widths, labels: labels(training) },
    validation: {
      photos: validation.photos,
      source: validationSource,
      features: crossed.validation,
      widths,
      labels: labels(validation),
    },
    trunk: crossed.trunk,
    skipped: skipped.length,
  };
}

interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** What the frozen network makes of both sets. */
interface Crossed extends ViewFeatures {
  readonly trunk: TrunkReport | undefined;
}

/** What is kept of it beside the tensors: which photos they are of. */
interface KeptFacts {
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly skipped: readonly Skipped[];
  readonly trunk: TrunkReport | null;
}

/** What the frozen network makes of the views of both sets, `[photos · views, features]`, one photo after the other. */
export interface ViewFeatures {
  readonly training: TensorData<"float32">;
  readonly validation: TensorData<"float32">;
}

/** Views of both sets, and what the frozen network makes of them. */
export interface ViewsOfSets {
  /** Those of the training photos, for a training of more than the head. */
  readonly training: ReadySource;
  /** Those of all photos, likewise. */
  readonly all: ReadySource;
  readonly features: ViewFeatures;
  /**
   * Those of some photos, for a training of more than the head.
   *
   * @param numbers those of the training photos and, behind them, the validation photos
   */
  readonly of: (numbers: readonly number[]) => ReadySource;
  /** Some photos as they are. */
  readonly whole: (numbers: readonly number[]) => ReadySource;
  /** The same sources with other batches; each time they begin anew, in the same order. */
  readonly withBatches: (photos: number) => Pick<ViewsOfSets, "training" | "all" | "of">;
}

/**
 * Lets views of the photos cross the frozen network: the photos themselves, their mirror images and parts of them.
 *
 * @param random where views, and the order in which they are trained with, are drawn from
 * @returns `undefined` when the job was stopped before all had crossed
 */
export async function viewsOfSets(
  job: FineTuneJob,
  { batchSize }: Plan,
  { model: network }: FeatureModel,
  { training, validation }: Pick<FeatureSets, "training" | "validation">,
  random: RandomStreams,
): Promise<ViewsOfSets | undefined> {
  const { backbone, journal } = job;
  const graph = preprocessing(job);
  const framing = framingOf(backbone);
  const lost = new Set<string>();
  const onLost = async (path: string, reason: string): Promise<void> => {
    if (lost.has(path)) return;
    lost.add(path);
    await job.onLost?.(path, reason);
  };
  const viewsOf = (photos: readonly Photo[], name: string): readonly ViewedPhoto[] =>
    chooseViews(photos, random.stream(`views/${name}`));
  const sourceOf = (viewed: readonly ViewedPhoto[], name?: string, size = batchSize): ReadySource =>
    viewSource(viewed, {
      ...{ framing, batchSize: size, graph, root: job.root, onLost },
      order: name === undefined ? undefined : random.stream(`order/${name}`),
    });
  const viewed = {
    training: viewsOf(training.photos, "training"),
    validation: viewsOf(validation.photos, "validation"),
  };
  const sources = [sourceOf(viewed.training, "training"), sourceOf(viewed.validation, "validation")];
  const everyPhoto = [...viewed.training, ...viewed.validation];
  const allOf = (size?: number): ReadySource => sourceOf(everyPhoto, "all", size);
  const all = allOf();
  const some = (numbers: readonly number[]): ViewedPhoto[] => numbers.flatMap((number) => everyPhoto[number] ?? []);
  const of = (numbers: readonly number[], size?: number): ReadySource => sourceOf(some(numbers), "part", size);
  const whole = (numbers: readonly number[]): ReadySource =>
    sourceOf(some(numbers).map(({ photo }) => ({ photo, views: [wholeView] })));
  const withBatches = (size: number): ReturnType<ViewsOfSets["withBatches"]> => ({
    training: sourceOf(viewed.training, "training", size),
    all: allOf(size),
    of: (numbers) => of(numbers, size),
  });
  const crossing = (): Promise<ViewFeatures | undefined> => crossedBy(job, network, sources, { training, batchSize });
  const features =
    journal === undefined
      ? await crossing()
      : await journal.remember<ViewFeatures | undefined>(
          "views",
          crossing,
          (made) => ({ facts: null, tensors: { training: made.training, validation: made.validation } }),
          (state) => ({ training: tensorOf(state, "training"), validation: tensorOf(state, "validation") }),
        );
  const [source] = sources;
  return source && features && { training: source, all, of, whole, features, withBatches };
}

/**
 * Lets views cross the frozen network.
 *
 * @param sources those of the training photos and of the validation photos
 */
async function crossedBy(
  { runtime, machine, trunkPrecision, signal, onEvent }: FineTuneJob,
  network: BaseModel,
  sources: readonly ReadySource[],
  { training, batchSize }: { readonly training: PhotoFeatures; readonly batchSize: number },
): Promise<ViewFeatures | undefined> {
  const total = sources.reduce((sum, { samples }) => sum + samples, 0);
  let before = 0;
  const values: TensorData<"float32">[] = [];
  for (const source of sources) {
    const batches = stoppable(source.inOrder(), signal);
    const options = { trunkPrecision, calibration: training.source, batches, batchSize, samples: source.samples };
    const onBatch = (done: number): void => {
      onEvent?.({ event: "progress", stage: "views", unit: "photos", done: before + done, total });
    };
    values.push((await featuresOf({ runtime, machine }, network, source, { ...options, onBatch })).values);
    if (signal?.aborted === true) return undefined;
    before += source.samples;
  }
  const [learned, held] = values;
  return learned && held && { training: learned, validation: held };
}

/** Items until the signal comes; the one that is being worked on is still given. */
function* stoppable<Item>(items: Iterable<Item>, signal: AbortSignal | undefined): Generator<Item> {
  for (const item of items) {
    yield item;
    if (signal?.aborted === true) return;
  }
}

/**
 * The validation photos once more, with the network computed exactly.
 *
 * @param network what `featureModel` gave
 * @param onPhotos told how many are done
 * @throws FileError when none can be read any more
 */
export async function exactValidation(
  job: FineTuneJob,
  { model: network, widths }: FeatureModel,
  onPhotos: (done: number) => void,
): Promise<PhotoFeatures> {
  const library = new PhotoLibrary(job.validation, { framing: framingOf(job.backbone), root: job.root });
  const source = library.source(featureBatch, preprocessing(job));
  const { values } = await read(job, network, source, job.validation.length, { onBatch: onPhotos });
  checkValidation(library);
  return { photos: library.photos, source, features: values, widths, labels: labels(library) };
}

/**
 * What the network makes of photos after a training has changed it. What its frozen part makes of them is kept.
 *
 * @param network what `featureModel` gave, with the trainable flags of the training
 */
export async function featuresAfter(
  { runtime, machine, trunkPrecision, signal }: FineTuneJob,
  { model: network }: FeatureModel,
  { training, validation }: Pick<FeatureSets, "training" | "validation">,
): Promise<ViewFeatures | undefined> {
  const options = { trunkPrecision, calibration: training.source };
  const values: TensorData<"float32">[] = [];
  for (const { source } of [training, validation]) {
    const batches = stoppable(source.inOrder(), signal);
    values.push((await featuresOf({ runtime, machine }, network, source, { ...options, batches })).values);
    if (signal?.aborted === true) return undefined;
  }
  const [learned, held] = values;
  return learned && held && { training: learned, validation: held };
}

/** What the network wants done to photos. */
export function preprocessing({ backbone }: FineTuneJob): readonly Value[] {
  return photoGraph(backbone.imageSize, (pixels) => preprocessGraph(pixels, backbone.record.preprocess));
}

/** Features of the photos of a source, which are read on the way. */
async function read(
  { runtime, machine }: FineTuneJob,
  network: BaseModel,
  source: PhotoSource,
  samples: number,
  options: FeatureOptions,
): ReturnType<typeof featuresOf> {
  return featuresOf({ runtime, machine }, network, source, {
    ...options,
    batches: source.read(featureBatch),
    samples,
    batchSize: featureBatch,
  });
}

/** Numbers of the classes of all photos, `[photos]`, in the library's order. */
function labels({ photos }: PhotoLibrary): TensorData<"float32"> {
  return float32(
    photos.map(({ classIndex }) => classIndex),
    [photos.length],
  );
}

function checkTraining({ photos }: PhotoLibrary, classes: readonly string[]): void {
  const found = new Set(photos.map(({ classIndex }) => classIndex));
  const empty = classes.filter((_, index) => !found.has(index));
  if (empty.length === 0) return;
  throw new FileError(`There is no readable photo of ${empty.map((name) => `"${name}"`).join(", ")} to train on.`, {
    subject: empty[0] ?? "",
    expected: "at least one readable photo in each class",
    received: `none in ${empty.length} of ${classes.length} classes`,
    advice: "Add photos to these folders, or remove the folders.",
  });
}

/** A network with a constant that is no number answers so for each photo. */
function checkFeatures({ photos }: PhotoLibrary, { data }: TensorData<"float32">): void {
  const index = data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  const photo = photos[Math.floor(index / (data.length / photos.length))];
  throw new NumberError("The network's answers are no numbers.", {
    subject: "network",
    expected: "finite numbers for each photo",
    received: `${data[index]} for ${photo?.path ?? "a photo"}`,
    advice: "The network's file is damaged, or its numbers are too large for these pixels: check --preprocess.",
  });
}

function checkValidation({ photos }: PhotoLibrary): void {
  if (photos.length > 0) return;
  throw new FileError("There is no readable photo to validate with.", {
    subject: "validation",
    expected: "at least one readable photo",
    received: "none",
    advice: "Add photos, or leave the validation folder out: then a part of the training photos is taken.",
  });
}
