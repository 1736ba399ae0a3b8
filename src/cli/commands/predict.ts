import type { Command } from "commander";
import { readableFormats } from "../../photos/photo-format.js";
import { pad } from "../../report/text-table.js";
import { textWidth } from "../../report/text-width.js";
import { percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { addJson, addOptions, deviceOption, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";
import { greatest } from "../../onnx/extremes.js";

interface PredictFlags {
  readonly device: string;
  readonly json?: boolean;
}

/** Behind photos of something else. */
const foreignText = "like nothing it has learned from";

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx. Each PHOTO is a file:
${readableFormats}.

Where one label would be a guess, those follow between which it lies: the right one is among them for
95 of 100 photos of the kind that was learned from.

"${foreignText}" stands behind a photo that is farther from all photos that
were learned from than 95 of 100 of their kind are: as a rule it shows something else, and its label
means little.

Photos that cannot be read are named and left out; the exit code is 1 only when none could be read.

Examples:
  graft predict runs/photos-20260131-120000 new.jpg
  graft predict model.onnx holiday/*.jpg --json`;

/** Where more than so many labels are possible, the photo says little. */
const mostNamed = 3;

/** Labels between which a photo leaves it open. */
function orText(labels: readonly string[]): string {
  if (labels.length > mostNamed) return `a guess: ${labels.length} classes are possible`;
  return `${labels.slice(0, -1).join(", ")} or ${labels.at(-1) ?? ""}`;
}

/** Longer paths do not move the labels of all others to the right. */
const widestPath = 60;

/** Adds `graft predict` to the program. */
export function addPredict(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("predict")
    .summary("say what is on photos")
    .description("Says what is on photos: path, label and probability of each.")
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<PHOTO...>", "photos");
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, photos: readonly string[], { device, json }: PredictFlags) => {
      const reporter = new Reporter(surroundings, json === true);
      const pathWidth = Math.min(widestPath, greatest(photos.map(textWidth)));
      let labelWidth = 0;
      const onLabels = (labels: readonly string[]): void => {
        labelWidth = greatest(labels.map(textWidth));
      };
      const words: Words = (event) => {
        if (event.event !== "prediction") return false;
        const { path, label, labels = [], probability, foreign = false } = event;
        const others = foreign ? `  ${foreignText}` : labels.length > 1 ? `  ${orText(labels)}` : "";
        const line = `${pad(path, pathWidth)}  ${pad(label, labelWidth)}  ${pad(percent(probability), 7, "right")}`;
        reporter.result(`${line}${others}`);
        return true;
      };
      try {
        const { predict } = await import("../../jobs/predict.js");
        await predict({ model, photos, device, onLabels }, contextFor(reporter, surroundings, words));
      } finally {
        reporter.end();
      }
    });
}
