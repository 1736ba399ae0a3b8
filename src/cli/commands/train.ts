import type { Command } from "commander";
import { trainOptions, type TrainSettings } from "../../jobs/train-options.js";
import { addJson, addOptions, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";
import { runTraining } from "../train-run.js";

const help = `
DIR holds one folder per class, or "train" and "validation" (also "val", "valid") and perhaps "test",
each with one folder per class. Without validation photos, a fifth of each class is drawn for it;
identical files stay on one side.

A new classifier is fitted to what the frozen network sees in the photos, then in mirror images and parts of
them too; then the last stage of the network is trained with it, unless the classifier alone is right on 99 %
of 200 or more photos. model.onnx is there after the first of these, and is replaced when photos that taught
nothing say that a later one is better. In the end all photos are learned from; the figures are from before.
Ctrl+C (and SIGTERM, SIGHUP) stops after the current step and keeps what was reached; a second one ends
at once. Either way, as after a crash, --resume goes on from the last checkpoint and ends as if there had
been no stop, byte for byte.

Where the largest class has more than 1.5 times the photos of the smallest, each class counts alike
(--class-weights); a file of weights is JSON, such as {"cat": 1, "dog": 2.5}.

The run folder holds model.onnx, run.json, history.csv and curves.svg, with --learning-curve
learning-curve.svg too.

Examples:
  graft train photos/
  graft train photos/ --time 5m                 take five minutes, and make the best of them
  graft train photos/ --epochs 10 --out runs/first --seed 7
  graft train photos/ --network my-network.onnx --preprocess torch
  graft train --resume runs/first               go on with a run that was stopped
  graft train --from runs/first                 repeat a run, and say whether it gives the same bytes
  graft train photos/ --unfreeze none           train the new classifier only`;

/** Adds `graft train` to the program. */
export function addTrain(program: Command, surroundings: Surroundings, end: (exitCode: number) => void): void {
  const command = program
    .command("train")
    .summary("fine-tune a network on a folder of photos")
    .description("Fine-tunes a pretrained network on a folder of photos.")
    .argument("[DIR]", "folder of photos: one folder per class", someText("DIR", "the path of a folder"));
  addJson(addOptions(command, trainOptions))
    .addHelpText("after", help)
    .action(
      async (directory: string | undefined, { json, ...settings }: TrainSettings & { readonly json?: boolean }) => {
        const { train } = await import("../../jobs/train.js");
        const given = Object.keys(settings).filter((name) => command.getOptionValueSource(name) === "cli");
        const reporter = new Reporter(surroundings, json === true);
        end(await runTraining((context) => train({ directory, settings, given }, context), reporter, surroundings));
      },
    );
}
