import type { Command } from "commander";
import { tuneOptions } from "../../jobs/tune-options.js";
import type { TrainSettings } from "../../jobs/train-options.js";
import { addJson, addOptions, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import { runTraining } from "../train-run.js";
import type { Surroundings } from "../surroundings.js";

const help = `
For whoever wants to choose: "graft train" has settings that suit most folders. Photos cross the frozen network
once; then the rest of the network is trained again and again, first with these settings, then with others that
are drawn: learning rate, how much of the network learns, epochs, photos a step. Photos that were not learned from
measure each, and others replace the defaults only if these photos say so beyond luck. The end is a run like one of
"graft train" with the settings that were taken, and beside it what was tried: tuning.json, tuning.csv, tuning.svg,
and learning-rate.svg, where there was time to look for a learning rate first.

DIR is a folder of photos as "graft train" takes it. All of it takes as long as --time says. Ctrl+C stops after the
current step and keeps what was reached.

Examples:
  graft tune photos/
  graft tune photos/ --time 1h --out runs/tuned
  graft tune photos/ --network my-network.onnx --preprocess torch --time 3m`;

/** Adds `graft tune` to the program. */
export function addTune(program: Command, surroundings: Surroundings, end: (exitCode: number) => void): void {
  const command = program
    .command("tune")
    .summary("look for settings, and train with them")
    .description("Looks for settings that suit a folder of photos, in the time given, and trains with them.")
    .argument("<DIR>", "folder of photos: one folder per class", someText("DIR", "the path of a folder"));
  addJson(addOptions(command, tuneOptions))
    .addHelpText("after", help)
    .action(async (directory: string, { json, ...settings }: TrainSettings & { readonly json?: boolean }) => {
      const { tune } = await import("../../jobs/tune.js");
      const reporter = new Reporter(surroundings, json === true);
      end(await runTraining((context) => tune({ directory, settings }, context), reporter, surroundings));
    });
}
