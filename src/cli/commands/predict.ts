import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { PhotoError } from "../../photos/decode.js";
import { FileError, UsageError } from "../../errors/errors.js";
import { mostProbable } from "../../report/confusion.js";
import { pad } from "../../report/text-table.js";
import { textWidth } from "../../report/text-width.js";
import type { Classifier } from "../../recipe/classifier.js";
import { lookAtPhotos } from "../../recipe/look-at-photos.js";
import { deviceOption, openDevice } from "../open-device.js";
import { someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";
import { count, percent } from "../words.js";

interface PredictFlags {
  readonly device: string;
  readonly json?: boolean;
}

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx. Each PHOTO is a file:
JPEG, PNG, WebP, GIF, TIFF or AVIF.

Photos that cannot be read are named and left out; the exit code is 1 only when none could be read.

Examples:
  graft predict runs/photos-20260131-120000 new.jpg
  graft predict model.onnx holiday/*.jpg --json`;

/** Longer paths do not move the labels of all others to the right. */
const widestPath = 60;

async function refuseFolders(photos: readonly string[]): Promise<void> {
  for (const path of photos) {
    // What cannot be looked at is reported when it is decoded.
    const isFolder = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (!isFolder) continue;
    throw new UsageError(`${path} is a folder, not a photo.`, {
      subject: path,
      expected: "the path of a photo",
      received: "a folder",
      advice:
        process.platform === "win32"
          ? `To look at all photos in it, list them; to measure on labelled photos, use: graft evaluate MODEL ${path}`
          : `To look at all photos in it: graft predict MODEL ${path.replace(/\/+$/, "")}/*. ` +
            `To measure on labelled photos: graft evaluate MODEL ${path}`,
    });
  }
}

async function predict(
  classifier: Classifier,
  photos: readonly string[],
  reporter: Reporter,
  device: string,
): Promise<void> {
  const { labels } = classifier;
  const pathWidth = Math.min(widestPath, Math.max(...photos.map(textWidth)));
  const labelWidth = Math.max(...labels.map(textWidth));
  const skipped: { path: string; reason: string }[] = [];
  const items = photos.map((path) => ({ path }));
  for await (const looked of lookAtPhotos(classifier, items)) {
    const { path } = looked.item;
    if ("reason" in looked) {
      skipped.push({ path, reason: looked.reason });
      reporter.skipped(path, looked.reason);
      continue;
    }
    const { probabilities } = looked;
    const best = mostProbable(probabilities);
    const label = labels[best] ?? "";
    const probability = probabilities[best] ?? 0;
    const byLabel = Object.fromEntries(labels.map((name, index) => [name, probabilities[index] ?? 0]));
    reporter.event({ event: "prediction", path, label, probability, probabilities: byLabel });
    reporter.result(`${pad(path, pathWidth)}  ${pad(label, labelWidth)}  ${pad(percent(probability), 7, "right")}`);
  }
  const [first] = skipped;
  if (first !== undefined && skipped.length === photos.length) {
    if (photos.length === 1) throw new PhotoError(first.path, first.reason);
    throw new FileError("No photo could be used.", {
      subject: first.path,
      expected: "at least one JPEG, PNG, WebP, GIF, TIFF or AVIF",
      received: `${count(photos.length, "file")} that cannot be used, such as ${first.path} (${first.reason})`,
    });
  }
  reporter.event({ event: "done", photos: photos.length - skipped.length, skipped: skipped.length, device });
}

/** Adds `graft predict` to the program. */
export function addPredict(program: Command, surroundings: Surroundings): void {
  program
    .command("predict")
    .summary("say what is on photos")
    .description("Says what is on photos: path, label and probability of each.")
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<PHOTO...>", "photos")
    .addOption(deviceOption())
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", help)
    .action(async (model: string, photos: readonly string[], flags: PredictFlags) => {
      const reporter = new Reporter(surroundings, flags.json === true);
      const { engine } = surroundings;
      const runtime = await openDevice(flags.device, engine, reporter);
      await refuseFolders(photos);
      const classifier = await engine.openClassifier(runtime, model, photos.length);
      try {
        await predict(classifier, photos, reporter, runtime.device);
      } finally {
        reporter.end();
        await classifier.release();
      }
    });
}
