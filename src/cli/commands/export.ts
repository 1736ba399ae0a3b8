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
int8 a quarter where the network is made of convolutions. Both look at photos of the run, say how accurate it is
before and after on photos that were held out, and compute those layers in float32 that would cost too much. Where
nobody knows where the photos are, float16 is tried with drawn ones; int8 needs them.

Examples:
  graft export runs/photos-20260131-120000 --to html
  graft export runs/photos-20260131-120000 --to onnx --precision int8 --out small.onnx`;

/** Bytes in the unit that fits. */
function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Layers that are named before the rest is counted. */
const most = 12;

/** `a, b and 3 more`. */
function listed(names: readonly string[], shown: number): string {
  const more = names.length - shown;
  return names.slice(0, shown).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** What people are told of an export, a sentence a line. */
function sentences(done: ExportDone): string[] {
  const { notes, photos, accuracy_before: before, accuracy_after: after, difference, float32 = [], files } = done;
  const others = `${done.other_labels ?? 0} get${done.other_labels === 1 ? "s" : ""}`;
  const measured = photos !== undefined && before !== undefined && after !== undefined && difference !== undefined;
  return [
    `${sizeText(done.bytes)}${files.length > 1 ? ` in ${count(files.length, "file")}` : ""}.`,
    ...(measured
      ? [
          `Accuracy on ${count(photos, "photo")}: ${percent(before)} before, ${percent(after)} now; ` +
            `no probability differs by more than ${difference.toPrecision(2)}, and ${others} another label.`,
        ]
      : []),
    ...(float32.length > 0
      ? [`Computed in float32, since fewer bits cost too much there: ${listed(float32, most)}.`]
      : []),
    ...notes,
  ];
}

/** A file takes moments to write: who stops the command meanwhile finds it whole. */
async function undisturbed<T>(surroundings: Surroundings, work: () => Promise<T>): Promise<T> {
  let stopped = false;
  const listenNoMore = surroundings.onInterrupt(() => {
    stopped = true;
  });
  try {
    return await work();
  } finally {
    listenNoMore();
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a signal has set it
    if (stopped) surroundings.endNow();
  }
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
        const context = contextFor(reporter, surroundings, words);
        await exportRun(
          { model, target, options, photos, out, device },
          { ...context, undisturbed: (work) => undisturbed(surroundings, work) },
        );
      } finally {
        reporter.end();
      }
    });
}
