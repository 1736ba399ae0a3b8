import type { Command } from "commander";
import { type PreprocessMode, preprocessMode, preprocessModes } from "../../applications/preprocess.js";
import type { TrunkPrecision } from "../../models/training-types.js";
import { exitCodes } from "../failure.js";
import { deviceOption } from "../open-device.js";
import { oneOf, positiveNumber, someText, wholeNumber } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

/** Options of `graft train` as they come from the command line. */
export interface TrainFlags {
  readonly network: string;
  readonly weights?: string;
  readonly preprocess?: PreprocessMode;
  readonly out?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly imageSize?: number;
  readonly unfreeze?: string;
  readonly trunkPrecision?: TrunkPrecision;
  readonly seed: number;
  readonly device: string;
  readonly json?: boolean;
}

const help = `
DIR holds one folder per class, or "train" and "validation" (also "val", "valid") and perhaps "test",
each with one folder per class. Without validation photos, a fifth of each class is drawn for it;
identical files stay on one side.

First a new classifier is trained on top of the frozen network, then the last block of the network
with it, unless the classifier alone is right on 98 % of 200 or more validation photos. The weights that
do best on the validation photos are kept. Ctrl+C stops after the current step and keeps what was reached.

The run folder holds model.onnx, run.json, history.csv and curves.svg.

Examples:
  graft train photos/
  graft train photos/ --epochs 10 --out runs/first --seed 7
  graft train photos/ --network my-network.onnx --preprocess torch
  graft train photos/ --unfreeze none           train the new classifier only`;

/** Adds `graft train` to the program. */
export function addTrain(program: Command, surroundings: Surroundings, end: (exitCode: number) => void): void {
  program
    .command("train")
    .summary("fine-tune a network on a folder of photos")
    .description("Fine-tunes a pretrained network on a folder of photos.")
    .argument("<DIR>", "folder of photos: one folder per class", someText("DIR", "the path of a folder"))
    .option(
      "--network <name|file.onnx>",
      "pretrained network: a name of `graft networks`, or an ONNX file",
      someText("--network", "a name, or the path of an .onnx file"),
      "mobilenetv2",
    )
    .option(
      "--weights <file>",
      "weights for a named network, instead of its own",
      someText("--weights", "the path of a file"),
    )
    .option(
      "--preprocess <mode>",
      `what is done to pixels: ${preprocessModes.join(", ")} (default: as the network was trained)`,
      preprocessMode,
    )
    .option(
      "--out <folder>",
      "where the run goes (default: runs/<DIR>-<date>-<time>)",
      someText("--out", "the path of a folder"),
    )
    .option(
      "--epochs <number>",
      "the most epochs of each phase (default: by the number of photos, 30 or more); ends earlier when nothing improves",
      wholeNumber("--epochs", { from: 1, to: 10_000 }),
    )
    .option(
      "--batch-size <number>",
      "photos a step (default: 32, fewer for small folders)",
      wholeNumber("--batch-size", { from: 1, to: 1024 }),
    )
    .option(
      "--learning-rate <number>",
      "step size while the network is frozen; 3 % of it afterwards (default: 0.001)",
      positiveNumber("--learning-rate", 10),
    )
    .option(
      "--image-size <pixels>",
      "side of the square that photos are resized to (default: the network's)",
      wholeNumber("--image-size", { from: 32, to: 1024 }),
    )
    .option(
      "--unfreeze <layer|none|all>",
      "from which layer on the network is trained in the second phase (default: its last block)",
      someText("--unfreeze", 'the name of a layer, "none" or "all"'),
    )
    .option(
      "--trunk-precision <type>",
      "how frozen layers are computed while training: float32, or int8, which is faster (default: float32)",
      oneOf("--trunk-precision", ["float32", "int8"]),
    )
    .option(
      "--seed <number>",
      "the same seed gives the same run",
      wholeNumber("--seed", { from: 0, to: Number.MAX_SAFE_INTEGER }),
      0,
    )
    .addOption(deviceOption())
    .option("--json", "write one JSON object a line on stdout")
    .addHelpText("after", help)
    .action(async (directory: string, flags: TrainFlags) => {
      const reporter = new Reporter(surroundings, flags.json === true);
      try {
        const { train } = await import("../../jobs/train.js");
        const { interrupted } = await train(directory, flags, reporter, surroundings);
        if (interrupted) end(exitCodes.interrupted);
      } finally {
        reporter.end();
      }
    });
}
