import { resolve } from "node:path";
import { namedRecord } from "../errors/named-record.js";
import type { Backbone } from "../applications/backbone.js";
import { pathWithin } from "../photos/prepare-photos.js";
import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import type { Evaluation } from "../report/confusion.js";
import type { ClassWeightsSetting } from "../recipe/class-weights.js";
import type { RunInputs } from "../runs/run-inputs.js";
import type { RunRecord } from "../runs/run-record.js";
import { thresholdOf } from "../recipe/prediction-set.js";
import type { FinishedRun } from "./finished-run.js";
import type { WrittenCheck } from "./check-written.js";
import type { LostPhotos } from "./lost-photos.js";
import { recordedSettings, type TrainSettings } from "./train-options.js";

/** What a record holds beside what was reached. */
interface Circumstances {
  readonly settings: TrainSettings;
  readonly backbone: Backbone;
  readonly started: Date;
  readonly finished: Date;
  readonly device: string;
  readonly inputs: RunInputs;
  /** SHA-256 of the list of their photos. */
  readonly photosSha256: string;
  readonly measured: Readonly<Record<string, number>>;
  readonly modelSha256: string | undefined;
  readonly classWeights: ClassWeightsSetting | undefined;
  readonly search: boolean;
  readonly checked: WrittenCheck | undefined;
  /** Warnings of photos that went meanwhile. */
  readonly lost: LostPhotos["warnings"];
}

type Measured = NonNullable<RunRecord["result"]["test"]>;

/** What `run.json` says of a run. */
export function recordOf(
  { photos, weighting, result, held, test, skipped, warnings, seconds, interrupted }: Omit<FinishedRun, "report">,
  circumstances: Circumstances,
): RunRecord {
  const { settings, backbone, started, finished, device, classWeights } = circumstances;
  const inputs: Omit<typeof circumstances.inputs, "photos"> & { photos?: unknown } = { ...circumstances.inputs };
  // They are a file of their own.
  delete inputs.photos;
  const unused = new Set(skipped.map(({ path }) => path));
  const paths = (list: readonly { readonly path: string }[]): string[] =>
    list.flatMap(({ path }) => (unused.has(path) ? [] : [pathWithin(photos.directory, path)]));
  const { record, imageSize } = backbone;
  const { best } = result;
  return {
    format: 2,
    versions: inputs.versions,
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds,
    training_seconds: result.seconds,
    device,
    interrupted,
    configuration: recordedSettings(settings),
    network: {
      name: record.name,
      licence: record.licence,
      preprocess: record.preprocess,
      preprocess_source: record.preprocessSource,
      image_size: imageSize,
      crop: record.crop,
      keep_proportions: record.keepProportions,
      interpolation: record.interpolation,
      unfrozen_from: result.unfrozenFrom,
    },
    data: {
      directory: resolve(photos.directory),
      classes: [...photos.classes],
      fingerprint: photos.fingerprint,
      skipped: skipped.map(({ path, reason }) => ({ path: pathWithin(photos.directory, path), reason })),
    },
    inputs: { ...inputs, photos_sha256: circumstances.photosSha256, measured: { ...circumstances.measured } },
    model_sha256: circumstances.modelSha256,
    model_checked: circumstances.checked && { ...circumstances.checked },
    searched: circumstances.search,
    class_weights: {
      kind: weighting.kind,
      asked: weighting.asked,
      by_class: namedRecord(photos.classes.map((name, label) => [name, weighting.byClass[label] ?? 1])),
      given: classWeights,
    },
    split: {
      division: photos.division,
      seed: settings.seed,
      training: paths(photos.training),
      validation: paths(photos.validation),
      learned_from: paths(result.learnedFrom),
      test: paths(photos.test),
    },
    result: {
      epochs: result.epochs.length,
      best_epoch: result.bestEpoch,
      loss: best.loss,
      accuracy: best.accuracy,
      val_loss: best.val_loss,
      val_accuracy: best.val_accuracy,
      test_loss: test?.loss,
      test_accuracy: test?.accuracy,
      test_photos: test?.photos,
      warnings: [...warnings, ...circumstances.lost].map((warning) => ({ ...warning })),
      learning_curve: learningCurveRecord(result.learningCurve),
      held_out: {
        ...measured(held),
        set_threshold: thresholdOf(result.heldOut),
        distance_threshold: result.familiar?.threshold,
      },
      test: test && measured(test),
      trunk: result.trunk && { ...result.trunk, float32: [...result.trunk.float32] },
    },
  };
}

/** A learning curve as `run.json` and `done` write it. */
export function learningCurveRecord(curve: FineTuneResult["learningCurve"]): RunRecord["result"]["learning_curve"] {
  return curve && { ...curve, points: [...curve.points] };
}

function measured({
  photos,
  loss,
  accuracyInterval,
  balancedAccuracy,
  calibrationError,
  perClass,
}: Evaluation): Measured {
  return {
    photos,
    loss,
    accuracy_interval: accuracyInterval,
    balanced_accuracy: balancedAccuracy,
    calibration_error: calibrationError,
    per_class: perClass.map((figures) => ({ ...figures })),
  };
}
