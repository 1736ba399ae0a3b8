import type { Command } from "commander";
import { harmlessLine } from "../../errors/harmless.js";
import { byteCount, count } from "../../errors/words.js";
import { cache } from "../../jobs/cache.js";
import { textTable } from "../../report/text-table.js";
import { contextFor } from "../face.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

const help = `
What a frozen network makes of a photo is computed once and kept, so that a second training of the same
photos begins at once. Least recently used parts are removed when the whole grows beyond 10 GB or half
of what is free on the disk. The environment variable GRAFT_CACHE names another folder.

Examples:
  graft cache                  what is kept, and where
  graft cache --clear          remove it; downloaded networks stay`;

/** Adds `graft cache` to the program. */
export function addCache(program: Command, surroundings: Surroundings): void {
  program
    .command("cache")
    .summary("show or clear what is kept of photos")
    .description("Shows what is kept of photos that went through a frozen network, and clears it.")
    .option("--clear", "remove all of it")
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", help)
    .action(async (flags: { readonly clear?: boolean; readonly json?: boolean }) => {
      const reporter = new Reporter(surroundings, flags.json === true);
      const { folder: path, trunks, bytes } = await cache(flags.clear === true, contextFor(reporter, surroundings));
      const folder = harmlessLine(path);
      if (flags.clear === true) {
        reporter.result(
          trunks.length === 0 ? `Nothing is kept in ${folder}.` : `Removed ${byteCount(bytes)} from ${folder}.`,
        );
        return;
      }
      if (trunks.length === 0) {
        reporter.result(`Nothing is kept in ${folder}.`);
        return;
      }
      const rows = trunks.map(({ model, rows, bytes, lastUsed }) => [
        model,
        String(rows),
        byteCount(bytes),
        lastUsed.toISOString().slice(0, 16).replace("T", " "),
      ]);
      reporter.result(
        textTable(["model", "photos", "size", "last used (UTC)"], rows, ["left", "right", "right", "left"]),
      );
      reporter.result(`\n${count(trunks.length, "frozen network")}, ${byteCount(bytes)} in ${folder}`);
    });
}
