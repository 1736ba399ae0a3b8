import type { Command } from "commander";
import { readableFormats } from "../../photos/photo-format.js";
import { pad } from "../../report/text-table.js";
import { textWidth } from "../../report/text-width.js";
import { percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { UsageError } from "../../errors/errors.js";
import { harmlessLine } from "../../errors/harmless.js";
import { count } from "../../errors/words.js";
import type { DoneEvent, JobEvent } from "../../jobs/events.js";
import { csvCell } from "../../errors/csv-cell.js";
import { addJson, addOptions, deviceOption, someText, wholeNumber } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";
import { greatest } from "../../onnx/extremes.js";

interface PredictFlags {
  readonly device: string;
  readonly csv?: boolean;
  readonly top?: number;
  readonly json?: boolean;
}

/** Behind photos of something else. */
const foreignText = "like nothing it has learned from";

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx. Each PHOTO is a file:
${readableFormats}.
A folder stands for all photos in it and in its folders, a pattern such as 'holiday/**/*.jpg' for all that
fit, - for what comes on the standard input: a photo, or paths of photos, one a line.

Where one label would be a guess, those follow between which it lies: the right one is among them for
95 of 100 photos of the kind that was learned from.

"${foreignText}" stands behind a photo that is farther from all photos that
were learned from than 95 of 100 of their kind are: as a rule it shows something else, and its label
means little.

Photos that cannot be read are named and left out; the exit code is 1 only when none could be read.

Examples:
  graft predict runs/photos-20260131-120000 new.jpg
  graft predict model.onnx holiday/*.jpg --json
  graft predict model.onnx holiday --csv > holiday.csv
  find . -name '*.jpg' | graft predict model.onnx - --top 3`;

/** Where more than so many labels are possible, the photo says little. */
const mostNamed = 3;

/** Labels between which a photo leaves it open. */
function orText(labels: readonly string[]): string {
  if (labels.length > mostNamed) return `a guess: ${labels.length} classes are possible`;
  return `${labels.slice(0, -1).join(", ")} or ${labels.at(-1) ?? ""}`;
}

/** Longer paths do not move the labels of all others to the right. */
const widestPath = 60;

/** Fewer photos are counted at a glance. */
const worthSumming = 10;

/** What a prediction is in a line for people, behind path and label. */
function behind({ labels = [], foreign = false, top }: PredictionEvent): string {
  if (top !== undefined) {
    const others = top.slice(1).map(({ label, probability }) => `${label} ${percent(probability)}`);
    return [...others, ...(foreign ? [foreignText] : [])].map((text) => `  ${text}`).join("");
  }
  return foreign ? `  ${foreignText}` : labels.length > 1 ? `  ${orText(labels)}` : "";
}

/** Columns of the table in front of the probabilities of the classes. */
const columns = ["path", "label", "probability", "possible", "foreign", "distance"] as const;

/** @param classes all of them: an object puts names that are numbers into another order */
function tableRow(event: PredictionEvent, classes: readonly string[]): string {
  const { path, label, probability, labels, probabilities, foreign, distance } = event;
  const ofClasses = classes.map((name) => probabilities[name]);
  const cells = [path, label, probability, labels?.join(" | "), foreign, distance, ...ofClasses];
  return cells.map((cell) => csvCell(cell ?? null)).join(",");
}

/** All photos in a sentence. */
function summary({ photos, by_class: byClass, foreign = 0, skipped }: PredictDone): string {
  const classes = Object.entries(byClass)
    .filter(([, many]) => many > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([label, many]) => `${label} ${many}`);
  return [
    `${count(photos, "photo")}: ${classes.join(", ")}`,
    ...(foreign > 0 ? [`${foreign} ${foreign === 1 ? "is" : "are"} ${foreignText}`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join("; ");
}

type PredictionEvent = Extract<JobEvent, { event: "prediction" }>;
type PredictDone = Extract<DoneEvent, { command: "predict" }>;

/** Adds `graft predict` to the program. */
export function addPredict(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("predict")
    .summary("say what is on photos")
    .description("Says what is on photos: path, label and probability of each.")
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<PHOTO...>", "photos, folders, patterns, or - for the standard input")
    .option("--top <k>", "list the k most probable labels", wholeNumber("--top", { from: 1, to: 1_000_000 }))
    .option("--csv", "write a table for spreadsheets on stdout");
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, words: readonly string[], { device, json, csv, top }: PredictFlags) => {
      if (json === true && csv === true) {
        throw new UsageError("Two forms of output were asked for.", {
          subject: "--csv",
          expected: "--csv or --json",
          received: "both",
        });
      }
      const reporter = new Reporter(surroundings, json === true);
      let [pathWidth, labelWidth] = [0, 0];
      let classes: readonly string[] = [];
      const onBegin = (labels: readonly string[], paths: readonly string[]): void => {
        classes = labels;
        labelWidth = greatest(labels.map(textWidth));
        pathWidth = Math.min(widestPath, greatest(paths.map(textWidth), 0));
        if (csv === true)
          reporter.table([...columns, ...labels.map((label) => `p(${label})`)].map((name) => csvCell(name)).join(","));
      };
      const tell: Words = (event) => {
        if (event.event === "done" && event.command === "predict" && event.photos > worthSumming)
          // Names of classes are keys of its record, which are as the classifier has them.
          reporter.say(harmlessLine(summary(event)));
        if (event.event !== "prediction") return false;
        const { path, label, probability } = event;
        const line = `${pad(path, pathWidth)}  ${pad(label, labelWidth)}  ${pad(percent(probability), 7, "right")}`;
        reporter.result(`${line}${behind(event)}`);
        return true;
      };
      const context = contextFor(reporter, surroundings, tell);
      const emit = (event: JobEvent): void => {
        // A table has the names of files as they are: other programs open them.
        if (csv === true && event.event === "prediction") reporter.table(tableRow(event, classes));
        else context.emit(event);
      };
      try {
        const input = words.includes("-") ? await surroundings.readInput() : undefined;
        const { predict } = await import("../../jobs/predict.js");
        await predict({ model, photos: words, input, top, device, onBegin }, { ...context, emit });
      } finally {
        reporter.end();
      }
    });
}
