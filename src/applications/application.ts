import { loadWeightsFile } from "../formats/keras/load-weights-file.js";
import { Model } from "../models/model.js";
import { isKept } from "../files/cache.js";
import type { ApplicationOptions } from "./application-options.js";
import type { Architecture, OptionsOf } from "./architecture.js";
import type { Network } from "./backbone.js";
import { entrance } from "./entrance.js";
import { modeOf, planOf } from "./plan.js";
import { type PreprocessMode, standardizationOf } from "./preprocess.js";
import { type DownloadListener, pretrainedFile } from "./pretrained-weights.js";
import { averageTop, pool } from "./tops.js";

/**
 * A function of Keras's applications.
 *
 * @param onProgress told of the download of published weights; default: lines for a person
 * @returns layers under Keras's names
 * @throws UsageError for an option that is not usable
 * @throws ShapeError when the weights' file belongs to another network
 * @throws DownloadError when the published weights cannot be had; it says what to download, and where to put it
 */
export type Application<Own extends object = object> = (
  options?: OptionsOf<Own>,
  onProgress?: DownloadListener,
) => Promise<Model>;

/** The function of an architecture, which scripts call: {@link Application}. */
export function application<Own extends object>(architecture: Architecture<Own>): Application<Own> {
  return async (options = {}, onProgress) => build(architecture, options, onProgress);
}

/** An architecture as a network to be grafted onto, under its name in lower case. */
export function networkOf<Own extends object>(architecture: Architecture<Own>): Network {
  const { className, words, megabytes, licence, imageSizes, stages, published } = architecture;
  return {
    record: {
      name: className.toLowerCase(),
      description: `${className} trained on ImageNet, ${words}; ${megabytes} MB from Keras's server, or a file of your own`,
      licence,
      imageSize: imageSizes[0],
      preprocess: modeOf(architecture, architecture.own),
      megabytes,
    },
    stages,
    isKept: async () => {
      const side = imageSizes[0];
      const plan = planOf(architecture, { includeTop: false, inputShape: [side, side, 3] });
      return isKept(`keras/${published(plan).file}`);
    },
    takesWeights: true,
    load: async ({ imageSize, weights, onProgress }) =>
      build(architecture, { weights, includeTop: false, inputShape: [imageSize, imageSize, 3] }, onProgress),
  };
}

/** The model that a call asks for. */
async function build<Own extends object>(
  architecture: Architecture<Own>,
  options: ApplicationOptions,
  onProgress: DownloadListener | undefined,
): Promise<Model> {
  const { features, top = averageTop, ending = pool, published } = architecture;
  const plan = planOf(architecture, options);
  // Without a network that is told at once, rather than when the model has been made.
  const file = plan.weights === null ? undefined : await pretrainedFile(plan.weights, published(plan), onProgress);
  const { inputs, photos } = entrance(plan, options.inputTensor);
  const map = features(photos, plan);
  const model = new Model({ inputs, outputs: plan.includeTop ? top(map, plan) : ending(map, plan), name: plan.name });
  if (file === undefined) return model;
  await loadWeightsFile(model, file);
  const mode = modeOf(architecture, plan.own);
  const { className: network, cost } = architecture;
  model.pretrained = { network, standardization: standardizationOf(mode), cost, advice: adviceFor(mode, architecture) };
  return model;
}

/** A module whose `preprocessInput` does what a mode says. */
const modules: Readonly<Partial<Record<PreprocessMode, string>>> = {
  tf: "resnetV2",
  torch: "densenet",
  caffe: "vgg16",
};

/** How to feed a network as it was trained. */
function adviceFor<Own extends object>(mode: PreprocessMode, architecture: Architecture<Own>): string {
  if (mode === "0-255")
    return "Use new ImageDataGenerator() without rescale: the network does itself what pixels need.";
  // Where the options took the preprocessing out of the network, its module goes on doing nothing.
  const module = mode === modeOf(architecture, architecture.own) ? architecture.module : modules[mode];
  const given = `preprocessingFunction: applications.${module ?? architecture.module}.preprocessInput`;
  return `Use new ImageDataGenerator({ ${given} }) without rescale.`;
}
