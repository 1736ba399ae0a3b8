import type { Command } from "commander";
import { networks } from "../../jobs/networks.js";
import { textTable } from "../../report/text-table.js";
import { contextFor } from "../face.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

/** Adds `graft networks` to the program. */
export function addNetworks(program: Command, surroundings: Surroundings): void {
  program
    .command("networks")
    .summary("list the networks that have names")
    .description("Lists the pretrained networks that --network knows by name. Any ONNX file can be used besides.")
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", "\nExample:\n  graft networks")
    .action(async (flags: { readonly json?: boolean }) => {
      const reporter = new Reporter(surroundings, flags.json === true);
      const records = await networks(contextFor(reporter, surroundings));
      const table = textTable(
        ["name", "image", "pixels", "licence"],
        records.map(({ name, licence, imageSize, preprocess }) => [name, String(imageSize), preprocess, licence]),
        ["left", "right", "left", "left"],
      ).split("\n");
      // Descriptions are sentences, which a table would shorten.
      reporter.result(
        table
          .map((line, index) => (index === 0 ? line : `${line}\n  ${records[index - 1]?.description ?? ""}`))
          .join("\n"),
      );
    });
}
