import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Command } from "commander";
import type { PhotoSet } from "../../photos/photo.js";
import { type PhotoFolder, scanFolder } from "../../photos/scan.js";
import { FileError, UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { confusionText, perClassText } from "../../report/confusion.js";
import { classifierFile } from "../../recipe/open-classifier.js";
import type { LabelledPhoto } from "../../recipe/fine-tune-types.js";
import { evaluatePhotos } from "../../jobs/evaluate-photos.js";
import { deviceOption, openDevice } from "../open-device.js";
import { someText } from "../options.js";
import { Reporter } from "../reporter.js";
import { readSplitRecord } from "../../runs/run-folder.js";
import type { Surroundings } from "../surroundings.js";
import { accuracyText, count, quotedList } from "../words.js";

interface EvaluateFlags {
  readonly device: string;
  readonly json?: boolean;
}

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx.

DIR holds one folder per class, named as in training. Where DIR is divided into sets, "test" is used,
or else "validation". Photos that the run was trained with are left out. The command says which
photos it took.

Examples:
  graft evaluate runs/photos-20260131-120000 held-out/
  graft evaluate model.onnx held-out/ --json`;

/** Photos to measure with, and where they come from in words. */
interface Chosen {
  readonly set: PhotoSet;
  readonly photos: readonly LabelledPhoto[];
  readonly source: string;
  /** Whether the classifier was trained with all of them. */
  readonly trainedWith?: boolean;
}

/** The real path of each photo that a run has trained with. */
async function trainedPhotos(model: string): Promise<ReadonlySet<string>> {
  const record = await readSplitRecord(model);
  if (record === undefined) return new Set();
  // The folder may have moved since, or have lain on another computer: then nothing is known to have been trained with.
  const base = await realpath(record.data.directory).catch(() => undefined);
  return new Set(base === undefined ? [] : record.split.training.map((path) => join(base, path)));
}

/** Test photos, else validation photos, else all; of these, the ones that the classifier was not trained with. */
async function choose({ directory, train, validation, test }: PhotoFolder, model: string): Promise<Chosen> {
  const [set, name] =
    test !== undefined
      ? [test, `the test photos, ${test.directory}`]
      : validation !== undefined
        ? [validation, `the validation photos, ${validation.directory}`]
        : [train, `all photos of ${directory}`];
  const trained = await trainedPhotos(model);
  const base = await realpath(set.directory).catch(() => set.directory);
  const photos = set.photos.filter(({ path }) => !trained.has(join(base, relative(set.directory, path))));
  if (photos.length === set.photos.length) return { set, photos, source: name };
  if (photos.length === 0) return { set, photos: set.photos, source: name, trainedWith: true };
  return { set, photos, source: `the photos of ${set.directory} that were kept out of training` };
}

/** Numbers of the folder's classes in the classifier's labels. */
function matchClasses(classes: readonly string[], labels: readonly string[], directory: string): number[] {
  // Unicode writes some letters in two ways; folders are read in one of them.
  const known = labels.map((label) => label.normalize("NFC"));
  const extra = classes.filter((name) => !known.includes(name));
  const missing = known.filter((name) => !classes.includes(name));
  const [first] = extra;
  if (first === undefined && missing.length === 0) return classes.map((name) => known.indexOf(name));
  const advice =
    first !== undefined && missing.length > 0
      ? `${didYouMean(first, missing) ?? ""} Rename the folders, or use the classifier that belongs to them.`
      : first !== undefined
        ? "Move these folders elsewhere, or train with them."
        : "Add photos of these classes: the accuracy of a part would not be that of the whole.";
  throw new UsageError(`The classes of ${directory} are not those of the classifier.`, {
    subject: directory,
    expected: quotedList(labels),
    received: [
      ...(extra.length > 0 ? [`unknown to the classifier: ${quotedList(extra)}`] : []),
      ...(missing.length > 0 ? [`missing: ${quotedList(missing)}`] : []),
    ].join("; "),
    advice: advice.trim(),
  });
}

async function evaluate(
  model: string,
  directory: string,
  flags: EvaluateFlags,
  reporter: Reporter,
  surroundings: Surroundings,
): Promise<void> {
  const { engine } = surroundings;
  const runtime = await openDevice(flags.device, engine, reporter);
  const file = await classifierFile(model);
  const folder = await scanFolder(directory);
  const { photos, source, trainedWith = false } = await choose(folder, file);
  const classifier = await engine.openClassifier(runtime, file, photos.length);
  try {
    const numbers = matchClasses(folder.classes, classifier.labels, directory);
    if (trainedWith) {
      reporter.warn("trained-on", "All of these photos were trained with: the accuracy says nothing about new photos.");
    }
    const labelled = photos.map(({ path, classIndex }) => ({ path, classIndex: numbers[classIndex] ?? 0 }));
    reporter.say(`Measuring on ${source}.`);
    const { evaluation: result } = await evaluatePhotos(classifier, labelled, reporter, "Measuring");
    if (result.photos === 0) {
      throw new FileError(`None of the ${count(labelled.length, "photo")} can be read.`, {
        subject: directory,
        expected: "at least one JPEG, PNG, WebP, GIF, TIFF or AVIF",
        received: `${count(labelled.length, "file")} that cannot be used`,
      });
    }
    const { loss, accuracy, perClass, confusion } = result;
    reporter.event({
      event: "done",
      photos: result.photos,
      loss,
      accuracy,
      per_class: perClass,
      confusion,
      device: runtime.device,
    });
    reporter.result(
      [
        `${count(result.photos, "photo")}, ${source}`,
        `accuracy  ${accuracyText(accuracy, result.photos)}`,
        `loss      ${loss.toFixed(4)}`,
        "",
        perClassText(result),
        "",
        confusionText(result),
      ].join("\n"),
    );
  } finally {
    reporter.end();
    await classifier.release();
  }
}

/** Adds `graft evaluate` to the program. */
export function addEvaluate(program: Command, surroundings: Surroundings): void {
  program
    .command("evaluate")
    .summary("measure a classifier on labelled photos")
    .description(
      "Measures a classifier on labelled photos: accuracy, loss, figures of each class, and what was mixed up.",
    )
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<DIR>", "folder of photos: one folder per class", someText("DIR", "the path of a folder"))
    .addOption(deviceOption())
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", help)
    .action(async (model: string, directory: string, flags: EvaluateFlags) => {
      await evaluate(model, directory, flags, new Reporter(surroundings, flags.json === true), surroundings);
    });
}
