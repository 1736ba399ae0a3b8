import { version } from "../../../errors/version.js";
import type { LayerGraph } from "../../../formats/layers/layer-spec.js";
import { writeLayersModel } from "../../../formats/tfjs/write-layers-model.js";
import { checkedLayers } from "../checked-layers.js";
import type { ExportableClassifier } from "../exportable.js";
import { framingNote } from "../framing-note.js";
import type { Exported, ExportRequest } from "../target.js";

/** Teachable Machine's library takes pixels in [0, 255] times 1 / 127, minus 1. */
const half = 127;

/**
 * What Teachable Machine's library cannot read with the TensorFlow.js that it was made for, 1.3.1: of all that layers are written with, this
 * activation alone is newer.
 */
const newer = (graph: LayerGraph): boolean => graph.some(({ config }) => config["activation"] === "gelu");

/**
 * The classifier as a TensorFlow.js layers model with Teachable Machine's `metadata.json`. The model takes what Teachable Machine's library
 * feeds, `[N, size, size, 3]` in [−1, 1].
 *
 * @throws UsageError for a network that is not made of what layers can do; it names the operator
 * @throws EngineError when the layers do not say what the classifier says
 */
export async function writeTfjs(
  classifier: ExportableClassifier,
  { runtime }: Pick<ExportRequest, "runtime">,
): Promise<Exported> {
  const { labels, metadata } = classifier;
  const network = classifier.network();
  const { framing, standardization } = network;
  const { bgr, scale, offset } = standardization;
  const before = {
    bgr,
    scale: scale.map((factor) => half * factor),
    offset: offset.map((summand, channel) => half * (scale[channel] ?? 1) + summand),
  };
  const { size } = framing;
  const graph = await checkedLayers(runtime, network, { before, fed: { scale: 1 / half, offset: -1 } }, "tfjs");
  const files = writeLayersModel(graph, `graft-ml ${version}`);
  const teachable = {
    tfjsVersion: "4.22.0",
    packageName: "@teachablemachine/image",
    packageVersion: "0.8.5",
    timeStamp: new Date().toISOString(),
    userMetadata: { generatedBy: `graft-ml ${version}`, network: metadata["network"], licence: metadata["licence"] },
    modelName: metadata["network"] ?? "graft",
    labels,
    imageSize: size,
  };
  return {
    files: new Map<string, Uint8Array | string>([
      ...Object.entries(files),
      ["metadata.json", `${JSON.stringify(teachable, undefined, 2)}\n`],
    ]),
    notes: [
      `The model takes [N, ${size}, ${size}, 3], red, green and blue, as pixel / ${half} - 1. ${framingNote(framing)}`,
      ...(framing.keepProportions === true && (framing.crop ?? 1) === 1
        ? []
        : [
            "Teachable Machine's library cuts a square out of the middle instead, so its probabilities differ a little.",
          ]),
      ...(newer(graph)
        ? [
            "Its GELU needs TensorFlow.js 4.19 or newer, also under Teachable Machine's library, which asks for 1.3.1 by itself.",
          ]
        : []),
    ],
  };
}
