import type { ActivationLike } from "../nn/activations/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { ApplicationOptions } from "./application-options.js";
import type { PreprocessMode } from "./preprocess.js";
import type { PublishedWeights } from "./pretrained-weights.js";
import type { StageRule } from "./stages.js";

/** What one call asks for, checked, with defaults in place of what was left away. */
export interface Plan<Own extends object = object> {
  /** Options that only this family has. */
  readonly own: Own;
  /** `"imagenet"`, the path of a file, or `null` for random ones. */
  readonly weights: string | null;
  readonly includeTop: boolean;
  /** `[height, width, channels]` of a photo; `null` where it varies. */
  readonly shape: readonly (number | null)[];
  readonly pooling: "avg" | "max" | null;
  readonly classes: number;
  /** The classifier's. */
  readonly activation: ActivationLike;
  /** The model's name, which some families begin their layers' names with. */
  readonly name: string;
}

/**
 * One of Keras's applications: all that sets it apart from the others. What they have in common is in `application`, which makes
 * the function of it that scripts call, and in `networkOf`, which makes the row of it that `--network` finds.
 *
 * @typeParam Own options that only this family has
 */
export interface Architecture<Own extends object = object> {
  /** Keras's name of the function, such as `ResNet50`. */
  readonly className: string;
  /** Keras's name of the model unless asked otherwise, such as `resnet50`. */
  readonly name: string | ((plan: Omit<Plan<Own>, "name">) => string);
  /** Where `preprocessInput` is, such as `resnet50` for `applications.resnet50`. */
  readonly module: string;
  /** Sides of the square images that there are published weights for, in pixels, the default first; mostly one. */
  readonly imageSizes: readonly [number, ...number[]];
  /** Smallest side that the network leaves something of, in pixels: Keras's. */
  readonly smallestSide: number;
  /** Whether the classifier takes maps of any size, so that the size may be open with a top too; default `false`. */
  readonly openTop?: boolean;
  /** Whether Keras makes the default size the size without a top too, rather than leaving it open; default `false`. */
  readonly fixedSize?: boolean;
  /** What is done to pixels in [0, 255] before they go in, which the family's options may decide. */
  readonly preprocess: PreprocessMode | ((own: Own) => PreprocessMode);
  /** Options that only this family has, with their defaults; `{}` for none. */
  readonly own: Own;
  /** Refuses options of the family that are not usable; what a call gives is unchecked until then. */
  readonly check?: (plan: Omit<Plan<Own>, "name">) => void;
  /** From photos `[N, H, W, C]` to the last feature map. */
  readonly features: (x: SymbolicTensor, plan: Plan<Own>) => SymbolicTensor;
  /** From the last feature map to the classifier's output; default {@link averageTop}. */
  readonly top?: (x: SymbolicTensor, plan: Plan<Own>) => SymbolicTensor;
  /** What comes behind the feature map without a top; default {@link pool}. */
  readonly ending?: (x: SymbolicTensor, plan: Plan<Own>) => SymbolicTensor;
  /** Keras's file of the weights that a call asks for. */
  readonly published: (plan: Plan<Own>) => PublishedWeights;
  /** What it is, in a few words, for a list of networks: they stand behind `ResNet50 trained on ImageNet, `. */
  readonly words: string;
  /** Size of the published file without a top, in megabytes: four bytes a parameter. */
  readonly megabytes: number;
  /** SPDX identifier of the licence of the published weights, or `"unknown"`. */
  readonly licence: string;
  /** What wrong preprocessing costs, as measured. */
  readonly cost?: string;
  /** Layers with which the stages of a network without a top begin, in order: those of a stage see the picture at one size. */
  readonly stages: StageRule;
}

/** What the function of an application takes: the options of all, and those of its family. */
export type OptionsOf<Own extends object> = ApplicationOptions & {
  readonly [Name in keyof Own]?: Own[Name] | undefined;
};
