import type { Command } from "commander";
import { count } from "../../errors/words.js";
import type { PhotoSource } from "../../jobs/events.js";
import { harmlessLine } from "../../errors/harmless.js";
import { confusionText, perClassText } from "../../report/confusion.js";
import { accuracyText, percent } from "../../report/words.js";
import { contextFor, type Words } from "../face.js";
import { addJson, addOptions, deviceOption, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface EvaluateFlags {
  readonly device: string;
  readonly json?: boolean;
}

const help = `
MODEL is a run folder of \`graft train\`, or its model.onnx.

DIR holds one folder per class, named as in training. Where DIR is divided into sets, "test" is used,
or else "validation". Photos that the run was trained with are left out. The command says which
photos it took.

Examples:
  graft evaluate runs/photos-20260131-120000 held-out/
  graft evaluate model.onnx held-out/ --json`;

function sourceText({ set, directory: given }: PhotoSource): string {
  const directory = harmlessLine(given);
  switch (set) {
    case "all":
      return `all photos of ${directory}`;
    case "held-out":
      return `the photos of ${directory} that were kept out of training`;
    case "test":
    case "validation":
      return `the ${set} photos, ${directory}`;
  }
}

/** Of photos of the classes, one in twenty is expected. */
function foreignRow(foreign: number | undefined, photos: number): string[] {
  return foreign === undefined ? [] : [`foreign   ${foreign} of ${photos} are like nothing it has learned from`];
}

/** Adds `graft evaluate` to the program. */
export function addEvaluate(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("evaluate")
    .summary("measure a classifier on labelled photos")
    .description(
      "Measures a classifier on labelled photos: accuracy, loss, figures of each class, and what was mixed up.",
    )
    .argument("<MODEL>", "a run folder or a model.onnx", someText("MODEL", "the path of a run folder or a model.onnx"))
    .argument("<DIR>", "folder of photos: one folder per class", someText("DIR", "the path of a folder"));
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (model: string, directory: string, { device, json }: EvaluateFlags) => {
      const reporter = new Reporter(surroundings, json === true);
      const words: Words = (event) => {
        if (event.event !== "measuring") return false;
        reporter.say(`Measuring on ${sourceText(event.source)}.`);
        return true;
      };
      try {
        const { evaluate } = await import("../../jobs/evaluate.js");
        const { evaluation, foreign, source } = await evaluate(
          { model, directory, device },
          contextFor(reporter, surroundings, words),
        );
        reporter.result(
          [
            `${count(evaluation.photos, "photo")}, ${sourceText(source)}`,
            `accuracy  ${accuracyText(evaluation.accuracy, evaluation.photos)}`,
            `balanced  ${percent(evaluation.balancedAccuracy)}: the mean of what is recognised of each class`,
            `probable  off by ${percent(evaluation.calibrationError)} on the mean (expected calibration error)`,
            `loss      ${evaluation.loss.toFixed(4)}`,
            ...foreignRow(foreign, evaluation.photos),
            "",
            perClassText(evaluation),
            "",
            confusionText(evaluation),
          ].join("\n"),
        );
      } finally {
        reporter.end();
      }
    });
}
