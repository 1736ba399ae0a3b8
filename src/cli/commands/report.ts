import type { Command } from "commander";
import { percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { addJson, addOptions, deviceOption, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface ReportFlags {
  readonly photos?: string;
  readonly out?: string;
  readonly device: string;
  readonly json?: boolean;
}

const help = `
\`graft train\` writes report.html into each run folder; this makes it again, or of other photos. It is one
page that needs nothing else: it opens from disk and can be sent to somebody. Small copies of photos are in
it: whoever gets it sees them.

RUN is a run folder. Without --photos the page shows what the run was measured with, its test photos or
those that were held out, and RUN/report.html is written anew. With --photos the classifier is measured with
the photos of a folder, one folder a class, as \`graft evaluate\` does, and the page is a new file:
RUN/report-DIR.html, or --out. A name that is taken is never written over: report-DIR-2.html. Photos of
some of the classes will do: the page says which are missing.

Examples:
  graft report runs/photos-20260131-120000
  graft report runs/photos-20260131-120000 --photos holiday --out holiday.html`;

/** Adds `graft report` to the program. */
export function addReport(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("report")
    .summary("write a page about a run: figures, mistakes, heat maps")
    .description("Writes a page about a run: its figures, curves, mistakes, heat maps and photos.")
    .argument("<RUN>", "a run folder", someText("RUN", "the path of a run folder"))
    .option("--photos <dir>", "measure with the photos of this folder", someText("--photos", "the path of a folder"))
    .option("--out <file>", "path of the page; never written over", someText("--out", "the path of a file"));
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (run: string, flags: ReportFlags) => {
      const { photos, out, device, json } = flags;
      // What it makes is a page.
      surroundings.goOnUnread();
      const reporter = new Reporter(surroundings, json === true);
      const words: Words = (event) => {
        if (event.event !== "done" || event.command !== "report") return false;
        reporter.result(`${event.report}  ${percent(event.accuracy)} of ${event.photos} photos named rightly`);
        return true;
      };
      try {
        const { report } = await import("../../jobs/report.js");
        await report({ run, photos, out, device }, contextFor(reporter, surroundings, words));
      } finally {
        reporter.end();
      }
    });
}
