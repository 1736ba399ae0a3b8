import type { Command } from "commander";
import type { InspectRequest } from "../../jobs/inspect.js";
import { trainOptions } from "../../jobs/train-options.js";
import { contextFor } from "../face.js";
import { addJson, addOptions, someText } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

const help = `
FILE|NAME is what --network takes: the name of a network, hf:owner/name of the hub, a file of ONNX, Keras
or TensorFlow.js, or a run's folder. Weights of Keras's networks are not downloaded; mobilenetv2
and networks of the hub are, since their files say what they are.

Examples:
  graft inspect resnet50
  graft inspect my-network.onnx
  graft inspect runs/photos-20260131-120000 --json`;

type Flags = Omit<InspectRequest, "network"> & { readonly json?: boolean };

/** Adds `graft inspect` to the program. */
export function addInspect(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("inspect")
    .summary("say what a network is, and what would be trained")
    .description(
      "Looks at a network: its format, inputs and outputs, what is done to photos for it, where its classifier would be " +
        "cut off, its layers, and the last block, which is trained unless asked otherwise.",
    )
    .argument("<FILE|NAME>", "a network", someText("FILE|NAME", "a network's name or the path of its file"));
  const { networkOutput, preprocess, imageSize } = trainOptions;
  addJson(addOptions(command, { networkOutput, preprocess, imageSize }))
    .addHelpText("after", help)
    .action(async (network: string, { json, ...flags }: Flags) => {
      const reporter = new Reporter(surroundings, json === true);
      try {
        const { inspect } = await import("../../jobs/inspect.js");
        const inspection = await inspect({ network, ...flags }, contextFor(reporter, surroundings));
        const { layersText, networkText } = await import("../../report/network-text.js");
        const layers = layersText(inspection);
        reporter.result(layers === undefined ? networkText(inspection) : `${networkText(inspection)}\n\n${layers}`);
      } finally {
        reporter.end();
      }
    });
}
