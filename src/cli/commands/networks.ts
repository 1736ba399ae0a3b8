import type { Command } from "commander";
import type { PublishedAccuracy } from "../../applications/backbone.js";
import { type NetworkHere, networks } from "../../jobs/networks.js";
import { textTable } from "../../report/text-table.js";
import { contextFor } from "../face.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

const help = `
The accuracy is that on ImageNet as it is published, with the network's own classifier; "l" marks that of a
linear classifier on frozen features, "z" that of names of classes. ms is the time of one photo on this
computer, where it was measured.

Examples:
  graft networks               what there is
  graft networks --measure     measure those that are on this computer`;

/** Adds `graft networks` to the program. */
export function addNetworks(program: Command, surroundings: Surroundings): void {
  program
    .command("networks")
    .summary("list the networks that have names")
    .description(
      "Lists the pretrained networks that --network knows by name. Any other of the hub (hf:owner/name) or in a file can be used besides.",
    )
    .option("--measure", "measure how long a photo takes, of networks that are on this computer")
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", help)
    .action(async (flags: { readonly measure?: boolean; readonly json?: boolean }) => {
      const reporter = new Reporter(surroundings, flags.json === true);
      const listed = await networks(flags.measure === true, contextFor(reporter, surroundings));
      reporter.result(tableOf(listed));
    });
}

const marks: Readonly<Record<PublishedAccuracy["by"], string>> = { classifier: "", linear: "l", "zero-shot": "z" };

function tableOf(listed: readonly NetworkHere[]): string {
  const header = ["image", "pixels", "MB", "top 1", "", "ms", "licence", "name"];
  const rows = listed.map(({ imageSize, preprocess, megabytes, accuracy, milliseconds, licence }) => [
    String(imageSize),
    preprocess,
    megabytes === undefined ? "" : String(megabytes),
    accuracy === undefined ? "" : `${accuracy.percent.toFixed(1)} %`,
    accuracy === undefined ? "" : marks[accuracy.by],
    milliseconds === undefined ? "" : String(milliseconds),
    licence,
    "",
  ]);
  const aligned = textTable(header, rows, ["right", "left", "right", "right", "left", "right", "left"]).split("\n");
  const at = aligned[0]?.lastIndexOf("name") ?? 0;
  // Names of the hub and descriptions are longer than a table's cells may be, and names are there to be copied.
  return aligned
    .flatMap((line, index) => {
      const network = listed[index - 1];
      return network === undefined ? [line] : [line.padEnd(at) + network.name, `    ${network.description}`];
    })
    .join("\n");
}
