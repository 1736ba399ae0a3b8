import type { Command } from "commander";
import { count } from "../../errors/words.js";
import type { ExportDone } from "../../jobs/events.js";
import { exportOptions } from "../../jobs/export-options.js";
import type { ExportOptions } from "../../recipe/export/target.js";
import { exportTargets } from "../../recipe/export/targets.js";
import { pad } from "../../report/text-table.js";
import { percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { addJson, addOptions, deviceOption, oneOf, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface ExportFlags extends ExportOptions {
  readonly to: string;
  readonly out?: string;
  readonly photos?: string;
  readonly device: string;
  readonly json?: boolean;
}

const names = exportTargets.map(({ name }) => name);
const widest = Math.max(...names.map(({ length }) => length));

const help = `
RUN is a run folder of \`graft train\`, or its model.onnx. FORMAT is one of:

${exportTargets.map(({ name, summary }) => `  ${pad(name, widest)}  ${summary}`).join("\n")}

It is written below the run's folder, in export/, or to --out. A name that is taken is never written over:
model-2.onnx, and --out is refused.

Without options an export computes what model.onnx does. --precision float16 makes it half as large,
int8 a quarter where the network is made of convolutions. It looks at photos of the run, says how accurate it is
before and after on photos that were held out, and leaves those layers as they are that would cost too much.

Examples:
  graft export runs/photos-20260131-120000 --to html
  graft export runs/photos-20260131-120000 --to onnx --precision int8 --out small.onnx`;

/** Bytes in the unit that fits. */
function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What people are told of an export, a sentence a line. */
function sentences(done: ExportDone): string[] {
  const { notes, photos, accuracy_before: before, accuracy_after: after, difference, float32 = [], files } = done;
  const measured = photos !== undefined && before !== undefined && after !== undefined && difference !== undefined;
  return [
    `${sizeText(done.bytes)}${files.length > 1 ? ` in ${count(files.length, "file")}` : ""}.`,
    ...(measured
      ? [
          `Accuracy on ${count(photos, "photo")}: ${percent(before)} before, ${percent(after)} now; ` +
            `no probability differs by more than ${difference.toFixed(3)}.`,
        ]
      : []),
    ...(float32.length > 0 ? [`As exact as before, since 8 bits cost too much there: ${float32.join(", ")}.`] : []),
    ...notes,
  ];
}

/** Adds `graft export` to the program. */
export function addExport(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("export")
    .summary("write the classifier for other programs")
    .description("Writes the classifier of a run in the form of other programs.")
    .argument("<RUN>", "a run folder or a model.onnx", someText("RUN", "the path of a run folder or a model.onnx"))
    .requiredOption("--to <format>", names.join(", "), oneOf("--to", names))
    .option(
      "--out <path>",
      "the file or folder; default below the run",
      someText("--out", "the path of a file or folder"),
    )
    .option(
      "--photos <dir>",
      "the run's photos; default where they were when it was trained",
      someText("--photos", "the path of a folder of photos"),
    );
  addJson(addOptions(addOptions(command, exportOptions), deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, flags: ExportFlags) => {
      const { to, out, photos, device, json, ...options } = flags;
      const target = exportTargets.find(({ name }) => name === to);
      if (target === undefined) throw new TypeError("--to is one of the targets.");
      // What it makes is a file.
      surroundings.goOnUnread();
      const reporter = new Reporter(surroundings, json === true);
      const words: Words = (event) => {
        if (event.event !== "done" || event.command !== "export") return false;
        reporter.result(event.path);
        for (const sentence of sentences(event)) reporter.say(sentence);
        return true;
      };
      try {
        const { exportRun } = await import("../../jobs/export.js");
        await exportRun({ model, target, options, photos, out, device }, contextFor(reporter, surroundings, words));
      } finally {
        reporter.end();
      }
    });
}
