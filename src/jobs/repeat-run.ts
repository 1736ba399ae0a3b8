import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import { hashFile } from "../files/checksum.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import { pathWithin, type PreparedPhotos } from "../photos/prepare-photos.js";
import type { Photo } from "../photos/photo.js";
import type { ClassWeightsSetting } from "../recipe/class-weights.js";
import { readPhotoList } from "../runs/photo-list.js";
import { runFiles } from "../runs/run-files.js";
import { differencesBetween, type RunInputs } from "../runs/run-inputs.js";
import { readRunRecord, type RunRecord } from "../runs/run-record.js";
import { checkAllSettings } from "./check-settings.js";
import type { JobContext } from "./job.js";
import type { Repetition } from "./repetition.js";
import { settingsRecorded, type TrainSettings } from "./train-options.js";

/** A run that is repeated. */
export interface RunBefore {
  /** Path of its folder. */
  readonly run: string;
  readonly record: RunRecord;
  /** What went into it; `undefined` in records of format 1, which have one fingerprint of all photos. */
  readonly inputs: RunInputs | undefined;
  readonly settings: TrainSettings;
  readonly classWeights: ClassWeightsSetting | undefined;
  /** What was measured on its machine. */
  readonly measured: Readonly<Record<string, number>>;
  /** SHA-256 of its `model.onnx`. */
  readonly modelSha256: string;
  /** Its `history.csv`, where that is there. */
  readonly history: string | undefined;
}

/**
 * Reads all that is needed to repeat a run. The folder may be a stranger's: what is in it is checked, no file is read that it names, and
 * its photos are only compared with those of the folder of photos.
 *
 * @param path a run's folder, or its `run.json`
 * @throws UsageError when there is no such run, or its settings are not usable
 * @throws FileError when its files cannot be read, or are damaged
 */
export async function readRunBefore(path: string): Promise<RunBefore> {
  const run = await folderOf(path);
  const record = await readRunRecord(run);
  const { inputs: recorded, class_weights: weighting } = record;
  const settings = settingsRecorded(record.configuration);
  checkAllSettings(join(run, runFiles.record), settings);
  const given =
    weighting?.kind === "given" ? weighting.by_class : weighting?.asked === true ? weighting.kind : undefined;
  return {
    run,
    record,
    inputs: recorded && { ...recorded, photos: await readPhotoList(run, recorded.photos_sha256) },
    settings: settings as unknown as TrainSettings,
    // Records of format 1 have the weights as they were used.
    classWeights: (weighting?.given ?? given) as ClassWeightsSetting | undefined,
    measured: recorded?.measured ?? {},
    modelSha256: record.model_sha256 ?? (await hashOfModel(join(run, runFiles.model))),
    history: await textIfThere(join(run, runFiles.history)),
  };
}

async function folderOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? path : dirname(path);
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw fileSystemError(cause, path, "read");
    throw new UsageError(`There is no run at ${path}.`, {
      subject: "--from",
      expected: `the folder of a run, or its ${runFiles.record}`,
      received: "a path where nothing is",
    });
  }
}

/** SHA-256 of a `model.onnx`. */
export async function hashOfModel(file: string): Promise<string> {
  try {
    return await hashFile(file, "sha256");
  } catch (cause) {
    throw fileSystemError(cause, file, "read");
  }
}

async function textIfThere(file: string): Promise<string | undefined> {
  try {
    return await readRegularText(file, { most: 2 ** 29 });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, file, "read");
  }
}

/**
 * Photos on the sides on which the run before had them: another version may draw others.
 *
 * @returns the same as were given, where these are not the run's photos
 */
export function dividedAs({ inputs }: Pick<RunBefore, "inputs">, photos: PreparedPhotos): PreparedPhotos {
  if (inputs === undefined) return photos;
  const { training, validation } = inputs.photos;
  const byPath = new Map<string, Photo>();
  for (const photo of [...photos.training, ...photos.validation]) {
    byPath.set(pathWithin(photos.directory, photo.path), photo);
  }
  if (byPath.size !== training.length + validation.length) return photos;
  const found = (list: RunInputs["photos"]["training"]): Photo[] => list.flatMap(([path]) => byPath.get(path) ?? []);
  const divided = { ...photos, training: found(training), validation: found(validation) };
  return divided.training.length === training.length && divided.validation.length === validation.length
    ? divided
    : photos;
}

/**
 * Compares what goes into a run with what went into the one that it repeats, before anything is computed.
 *
 * @returns what may lead to other bytes all the same
 * @throws FileError when photos or network are others: it would be another run
 */
export function checkRepeats(
  before: RunBefore,
  photos: PreparedPhotos,
  now: RunInputs,
  { emit }: Pick<JobContext, "emit">,
): readonly string[] {
  const all =
    before.inputs === undefined ? differencesOfFormat1(before, photos, now) : differencesBetween(before.inputs, now);
  const others = all.filter(({ kind }) => kind === "photos" || kind === "network");
  const [first] = others;
  if (first !== undefined) {
    throw new FileError(`${before.run} cannot be repeated: not all is as it was.`, {
      subject: first.kind,
      expected: "the photos and the network of that run",
      received: others.map(({ message }) => message).join("; "),
      advice: `Put back what has changed, name the folder that has its photos, or begin a new run: graft train ${shellWord(now.directory, process.platform)}`,
    });
  }
  const differences = [
    ...all.map(({ message }) => message),
    ...(before.record.searched === true ? ["that run had searched its settings, this one takes what was found"] : []),
    ...(before.record.result.warnings?.some(({ code }) => code === "photo-lost") === true
      ? ["photos were lost while that run learned from them"]
      : []),
    ...(before.record.interrupted ? ["that run was stopped early"] : []),
    ...(before.settings.time === undefined ? [] : ["what fits into a time that is given is decided by the clock"]),
  ];
  if (differences.length > 0) {
    const message = `It may come to other bytes than ${before.run}: ${differences.join("; ")}.`;
    emit({ event: "warning", code: "other-circumstances", message });
  }
  return differences;
}

/** What records of format 1 tell. */
function differencesOfFormat1(
  { record }: RunBefore,
  photos: PreparedPhotos,
  now: RunInputs,
): ReturnType<typeof differencesBetween> {
  const texts = (
    list: readonly (readonly [name: string, then: string | number | undefined, now: string | number | undefined])[],
  ): string[] =>
    list.flatMap(([name, then, other]) =>
      then === undefined || then === other ? [] : [`${name} is ${String(other)} instead of ${String(then)}`],
    );
  const paths = (list: readonly Photo[]): string[] => list.map(({ path }) => pathWithin(photos.directory, path));
  const split = record.split;
  const skipped = new Set(record.data.skipped.map(({ path }) => path));
  const isDivided = (["training", "validation", "test"] as const).every(
    (set) =>
      paths(photos[set])
        .filter((path) => !skipped.has(path))
        .join("\n") === split[set].join("\n"),
  );
  const { network } = record;
  return [
    ...(record.data.fingerprint === photos.fingerprint
      ? []
      : [{ kind: "photos" as const, message: "the photos are others: they have another fingerprint" }]),
    ...(isDivided ? [] : [{ kind: "photos" as const, message: "photos are on other sides of the split" }]),
    ...texts([
      ["the network", network.name, now.network.name],
      ["the side of its pictures", network.image_size, now.network.image_size],
      ["its preprocessing", network.preprocess, now.network.preprocess],
    ]).map((message) => ({ kind: "network" as const, message })),
    ...Object.entries(record.versions).flatMap(([name, then]) =>
      texts([[name, then, now.versions[name]]]).map((message) => ({ kind: "version" as const, message })),
    ),
    ...texts([["the device", record.device, now.device]]).map((message) => ({ kind: "hardware" as const, message })),
  ];
}

/**
 * Whether a run has come to the same as the one that it repeats.
 *
 * @param before that one
 * @param now SHA-256 of the new `model.onnx`, and the new `history.csv`
 * @param differences what was not as it was
 */
export function repetition(
  before: RunBefore,
  now: { readonly modelSha256: string | undefined; readonly history: string },
  differences: readonly string[],
): Repetition {
  return {
    run: before.run,
    same_model: before.modelSha256 === now.modelSha256,
    same_history: before.history === undefined ? null : withoutSeconds(before.history) === withoutSeconds(now.history),
    differences,
  };
}

/** The last column has how long epochs took. */
function withoutSeconds(history: string): string {
  return history.trim().replaceAll(/,[^,\r\n]*\r?$/gm, "");
}
