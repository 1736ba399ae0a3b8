import type { Command } from "commander";
import { readableFormats } from "../../photos/photo-format.js";
import { explainMethods, type ExplainMethod } from "../../recipe/explain/methods.js";
import { pad } from "../../report/text-table.js";
import { textWidth } from "../../report/text-width.js";
import { percent } from "../../report/words.js";
import { greatest } from "../../onnx/extremes.js";
import { contextFor, type Words } from "../face.js";
import { addJson, addOptions, deviceOption, oneOf, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface ExplainFlags {
  readonly method?: ExplainMethod;
  readonly class?: string;
  readonly out?: string;
  readonly device: string;
  readonly json?: boolean;
}

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx. Each PHOTO is a file:
${readableFormats}.
A folder stands for all photos in it and in its folders, a pattern such as 'holiday/**/*.jpg' for all that
fit.

cat.jpg.heat.png is written beside cat.jpg, or into the folder --out: the photo in grey, in colour on it
what speaks for the class. A name that is taken is never written over: cat.jpg.heat-2.png.

hirescam, grad-cam and grad-cam++ take the network's last maps of features and cost little more than a
prediction. attention-rollout shows what a transformer attends to, whatever the class. occlusion lays
patches over the photo and looks how much less probable the class gets: 50 times slower, and sure. Without
--method, hirescam, grad-cam and occlusion are tried, and drawn is the one whose hottest fifth, painted over,
costs the class most.

A bright place is where this network sees something that speaks for the class, not a proof that it is
there: look at a few photos that it gets wrong.

Examples:
  graft explain runs/photos-20260131-120000 new.jpg
  graft explain model.onnx holiday/*.jpg --class cat --out heat`;

/** How pictures were drawn, for people; the name in brackets is what `--method` takes. */
const ways: Readonly<Record<ExplainMethod, string>> = {
  hirescam: "from the network's last maps of features",
  "grad-cam": "from the network's last maps of features",
  "grad-cam++": "from the network's last maps of features",
  "attention-rollout": "from what the transformer attends to",
  occlusion: "by laying patches over the photo",
};

/** How the pictures were drawn in a sentence: `Drawn by laying patches over the photo (occlusion).` */
function drawnText(used: ReadonlyMap<ExplainMethod, number>): string {
  const all = [...used].map(([name, photos]) => ({ way: `${ways[name]} (${name})`, photos }));
  const [first] = all;
  if (all.length === 1 && first !== undefined) return `Drawn ${first.way}.`;
  return `Drawn: ${all.map(({ way, photos }) => `${photos} ${way}`).join(", ")}.`;
}

/** Longer paths do not move the labels of all others to the right. */
const widestPath = 60;

/** Adds `graft explain` to the program. */
export function addExplain(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("explain")
    .summary("draw where on photos it sees what speaks for a class")
    .description("Draws where on photos the classifier sees what speaks for a class.")
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<PHOTO...>", "photos, folders or patterns")
    .option("--method <name>", `how: ${explainMethods.join(", ")}`, oneOf("--method", explainMethods))
    .option("--class <name>", "which class; default the one that it says", someText("--class", "the name of a class"))
    .option(
      "--out <dir>",
      "folder of the pictures; default beside each photo",
      someText("--out", "the path of a folder"),
    );
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, photos: readonly string[], flags: ExplainFlags) => {
      const { method, class: label, out, device, json } = flags;
      // What it makes are pictures.
      surroundings.goOnUnread();
      const reporter = new Reporter(surroundings, json === true);
      const pathWidth = Math.min(widestPath, greatest(photos.map(textWidth)));
      const used = new Map<ExplainMethod, number>();
      const words: Words = (event) => {
        if (event.event === "done" && used.size > 0) reporter.say(drawnText(used));
        if (event.event !== "explanation") return false;
        const { path, label: named, probability, picture, method: way } = event;
        used.set(way, (used.get(way) ?? 0) + 1);
        reporter.result(`${pad(path, pathWidth)}  ${named}  ${pad(percent(probability), 7, "right")}  ${picture}`);
        return true;
      };
      try {
        const { explainPhotos } = await import("../../jobs/explain.js");
        const request = { model, photos, method, label, out, device };
        await explainPhotos(request, contextFor(reporter, surroundings, words));
      } finally {
        reporter.end();
      }
    });
}
