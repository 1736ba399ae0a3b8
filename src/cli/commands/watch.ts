import type { Command } from "commander";
import { UsageError } from "../../errors/errors.js";
import { count } from "../../errors/words.js";
import { percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { stopOnInterrupt } from "../interruption.js";
import { addJson, addOptions, deviceOption, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface WatchFlags {
  readonly move?: string;
  readonly link?: string;
  readonly all?: boolean;
  readonly device: string;
  readonly json?: boolean;
}

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx. Photos that come into DIR, or into a folder in it, are
named as soon as they are completely written; those that are there already only with --all. A file that cannot be
read is told, and looked at again when it changes.

With --move or --link a photo, or a link to it, goes to PLACE/CLASS/. Nothing is ever written over: cat-2.jpg. A photo
that is like nothing the classifier has learned from stays where it is. PLACE may lie in DIR.

Ctrl+C ends it, with exit code 0.

Examples:
  graft watch runs/photos-20260131-120000 inbox
  graft watch model.onnx camera --move sorted --all`;

/** Adds `graft watch` to the program. */
export function addWatch(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("watch")
    .summary("name photos as they come into a folder")
    .description("Names photos as they come into a folder, and sorts them by class if asked.")
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<DIR>", "the folder that photos come into", someText("DIR", "the path of a folder"))
    .option("--move <place>", "move each photo to PLACE/CLASS/", someText("--move", "the path of a folder"))
    .option("--link <place>", "put a link to each photo into PLACE/CLASS/", someText("--link", "the path of a folder"))
    .option("--all", "name the photos that are there already, too");
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, directory: string, flags: WatchFlags) => {
      const { move, link, all = false, device, json } = flags;
      if (move !== undefined && link !== undefined) {
        throw new UsageError("Photos are moved or linked.", {
          subject: "--link",
          expected: "--move or --link",
          received: "both",
        });
      }
      const sort =
        move !== undefined
          ? ({ how: "move", to: move } as const)
          : link === undefined
            ? undefined
            : ({ how: "link", to: link } as const);
      // Who reads along may go; photos are sorted on.
      if (sort !== undefined) surroundings.goOnUnread();
      const reporter = new Reporter(surroundings, json === true);
      const stop = stopOnInterrupt(surroundings, reporter, "Stopping after this photo.");
      try {
        const { watch } = await import("../../jobs/watch.js");
        const context = contextFor(reporter, surroundings, words(reporter));
        await watch({ model, directory, all, sort, device }, { ...context, signal: stop.signal });
      } finally {
        stop.end();
        reporter.end();
      }
    });
}

const words =
  (reporter: Reporter): Words =>
  (event) => {
    if (event.event === "watching") {
      const { directory, there } = event;
      const already = there === 0 ? "" : ` ${count(there, "photo is", "photos are")} there already.`;
      reporter.say(`Watching ${directory}.${already} Ctrl+C ends it.`);
      return true;
    }
    if (event.event === "prediction") {
      const { path, label, probability, foreign, placed } = event;
      const strange = foreign === true ? "  like nothing it has learned from" : "";
      reporter.result(
        `${path}  ${label}  ${percent(probability)}${strange}${placed === undefined ? "" : `  ${placed}`}`,
      );
      return true;
    }
    if (event.event === "done" && event.command === "watch") {
      const { photos, by_class: byClass, skipped } = event;
      const classes = Object.entries(byClass).filter(([, many]) => many > 0);
      const list = classes.map(([label, many]) => `${label} ${many}`).join(", ");
      reporter.say(
        `${count(photos, "photo")}${list === "" ? "" : `: ${list}`}${skipped > 0 ? `; ${skipped} skipped` : ""}`,
      );
    }
    return false;
  };
