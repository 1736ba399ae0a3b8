import { harmlessLine } from "../errors/harmless.js";
import { checkOptionNames, isWhole, refuse, text } from "../errors/check.js";
import { hubReference } from "../files/hub/reference.js";
import type { BaseModel } from "../models/base-model.js";
import { hubBackbone } from "./hub-backbone.js";
import { type Preprocess, preprocessOf, standardizationOf } from "./preprocess.js";
import { type DownloadListener, progressLines } from "./pretrained-weights.js";

/** How a network of the hub is taken. */
export interface FromHubOptions {
  /** Branch, tag or hash of a commit; default `"main"`. */
  readonly revision?: string | undefined;
  /** Path of the network's file in the repository; default the one that Graft chooses, see `docs/command.md`. */
  readonly file?: string | undefined;
  /** What is done to pixels in [0, 255] by whoever calls the model; default what files of the repository say. */
  readonly preprocess?: Preprocess | undefined;
  /** Side of the image in pixels; default the network's own. */
  readonly imageSize?: number | undefined;
  /** Which output the classifier is cut off, by its name; default the only one that fits. */
  readonly networkOutput?: string | undefined;
}

const optionNames = Object.keys({
  ...{ revision: true, file: true, preprocess: true, imageSize: true, networkOutput: true },
} satisfies Record<keyof FromHubOptions, true>);

/**
 * A network of the hub without its classifier, as `graft train --network hf:owner/name` takes it: fetched into the cache that all programs of
 * the hub share, checked by the hub's hashes, and used from there afterwards. Its `pretrained` says exactly which one it is
 * (`hf:owner/name@commit`), its licence, and what was done to pixels when it was trained. The recipes take the same network by its name:
 * `recipes.fineTune(directory, { network: "hf:owner/name" })`.
 *
 * @param repository `owner/name`
 * @param options which of its files and revisions, and how
 * @param onProgress told of the downloads; default: lines on stderr
 * @returns takes preprocessed images `[N, imageSize, imageSize, 3]`; gives a feature map `[N, h, w, c]` or features `[N, c]`
 * @throws UsageError for an option that is not usable, a repository without a network that Graft reads or with several, or one that does
 * not say its preprocessing
 * @throws DownloadError when the network cannot be had; it says why and what to do
 * @throws FileError when it is not a network for images
 * @see https://huggingface.co/docs/hub/models-the-hub
 */
export async function fromHub(
  repository: string,
  options: FromHubOptions = {},
  onProgress: DownloadListener = progressLines((line) => {
    console.error(harmlessLine(line));
  }),
): Promise<BaseModel> {
  const owner = "fromHub";
  text(owner, "repository", repository);
  checkOptionNames(owner, options, optionNames);
  const { revision, file, preprocess, imageSize, networkOutput } = options;
  for (const [name, value] of Object.entries({ revision, file, preprocess, networkOutput })) {
    if (value !== undefined) text(owner, name, value);
  }
  if (imageSize !== undefined && !isWhole(imageSize, 32)) {
    refuse(owner, "imageSize", "a whole number of pixels, 32 or more", imageSize);
  }
  if (typeof onProgress !== "function") refuse(owner, "onProgress", "a function", onProgress);
  const reference = hubReference({ repository, revision, file });
  const { model, record } = await hubBackbone(reference, {
    preprocess: preprocess === undefined ? undefined : preprocessOf(preprocess),
    ...{ imageSize, networkOutput, onProgress },
    warn: (line) => {
      console.error(harmlessLine(line));
    },
  });
  model.pretrained = {
    network: record.name,
    licence: record.licence,
    standardization: standardizationOf(record.preprocess),
    advice: adviceFor(record.preprocess),
  };
  return model;
}

/** How to feed it as it was trained. */
function adviceFor(preprocess: Preprocess): string {
  if (preprocess === "0-255") return "Use new ImageDataGenerator() without rescale.";
  if (preprocess === "0-1") return "Use new ImageDataGenerator({ rescale: 1 / 255 }).";
  const module = { tf: "resnetV2", torch: "densenet", caffe: "vgg16" }[preprocess as string];
  if (module === undefined)
    return `Its pixels are to be as "${preprocess}" says: mean and deviation of pixels in [0, 1].`;
  return `Use new ImageDataGenerator({ preprocessingFunction: applications.${module}.preprocessInput }) without rescale.`;
}
