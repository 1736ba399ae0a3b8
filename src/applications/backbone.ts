import type { BaseModel } from "../models/base-model.js";
import type { Framing } from "../photos/framing.js";
import type { Preprocess } from "./preprocess.js";
import type { DownloadListener } from "./pretrained-weights.js";
import type { StageRule } from "./stages.js";

/** Where a network comes from and on what terms. */
export interface NetworkRecord extends Omit<Framing, "size"> {
  /** The name that `--network` takes, such as `mobilenetv2`; for a file, its name. */
  readonly name: string;
  /** One sentence for a list of networks. */
  readonly description: string;
  /** SPDX identifier of the weights' licence, or what the file says of it, or `"unknown"`. */
  readonly licence: string;
  /** Side of the square image that it is fed with, in pixels, unless asked otherwise. */
  readonly imageSize: number;
  /** What is done to pixels in [0, 255] before they go in. */
  readonly preprocess: Preprocess;
  /** What is downloaded, in MB. */
  readonly megabytes?: number | undefined;
  readonly accuracy?: PublishedAccuracy | undefined;
  /** Where a network in a file has that from, such as `preprocessor_config.json`. */
  readonly preprocessSource?: string | undefined;
}

/** How often a network's first guess is right on the photos of ImageNet, as those say who made it. */
export interface PublishedAccuracy {
  /** In %. */
  readonly percent: number;
  /** What guesses: its own classifier; a linear one on its frozen features; or the names of classes, which it compares photos with. */
  readonly by: "classifier" | "linear" | "zero-shot";
  /** Where that is said. */
  readonly source: string;
}

/** What a network that has a name is loaded with. */
export interface LoadNetworkOptions {
  /** Side of the square image, in pixels. */
  readonly imageSize: number;
  /** A file of weights, or `null` for none; default the published ones. */
  readonly weights?: string | null | undefined;
  /** Told of the download. */
  readonly onProgress?: DownloadListener | undefined;
}

/** A network that has a name: all that Graft says of it and does with it. The file of its family exports one. */
export interface Network {
  readonly record: NetworkRecord;
  /** Layers with which the stages of what was loaded begin, in order: those of a stage see the picture at one size. */
  readonly stages: StageRule;
  /** Whether it can be loaded with a file of weights of one's own. */
  readonly takesWeights: boolean;
  /** Whether its weights are on this computer already. */
  readonly isKept: () => Promise<boolean>;
  /** Loads it without its classifier. */
  readonly load: (options: LoadNetworkOptions) => Promise<BaseModel>;
}

/** A pretrained network without its own classifier, ready to be grafted onto. */
export interface Backbone {
  readonly record: NetworkRecord;
  /** Side of the square image that this one takes, in pixels. */
  readonly imageSize: number;
  /** Takes preprocessed images `[N, imageSize, imageSize, 3]`; gives a feature map `[N, h, w, c]` or features `[N, c]`. */
  readonly model: BaseModel;
  /**
   * Layers with which its stages begin, in order: those of a stage see the picture at one size. From the last one on the network is
   * trained unless asked otherwise.
   */
  readonly stages: readonly string[];
  /** Fingerprints of photos that it has learned from, where it says so: a classifier that Graft has trained. */
  readonly learnedPhotos?: ReadonlySet<string> | undefined;
}

/** How photos become pictures for a network. */
export function framingOf({ imageSize: size, record }: Backbone): Framing {
  const { crop, keepProportions, interpolation } = record;
  return { size, crop, keepProportions, interpolation };
}
