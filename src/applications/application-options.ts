import { type Word } from "../errors/check.js";
import type { ActivationLike } from "../nn/activations/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/** Options that all pretrained networks have; names and defaults are Keras's. */
export interface ApplicationOptions {
  /** `"imagenet"`, the path of a weights file in Keras's layout, or `null` for random ones; default `"imagenet"`. */
  readonly weights?: string | null | undefined;
  /** Whether the network ends in its own classifier; default `true`. */
  readonly includeTop?: boolean | undefined;
  /** What the network is called on, `[N, H, W, C]`, in place of an input of its own: what `layers.Input` or a layer gives. */
  readonly inputTensor?: SymbolicTensor | null | undefined;
  /**
   * `[height, width, channels]`, of which published weights want three; default with a top: the size that the network was trained
   * with; without: `[null, null, 3]`, any size, so that `outputShape` holds extents that vary.
   */
  readonly inputShape?: readonly (number | null)[] | null | undefined;
  /** Without a top: how the last feature map is pooled; default not at all. */
  readonly pooling?: Word<"avg" | "max"> | null | undefined;
  /** With a top: number of classes; default 1000. */
  readonly classes?: number | undefined;
  /** With a top: its activation; default `"softmax"`, which or `null` it must be with weights that were trained. */
  readonly classifierActivation?: ActivationLike | null | undefined;
  /** The model's name; default the network's, in lower case. */
  readonly name?: string | null | undefined;
}

/** Names of the {@link ApplicationOptions}. */
export const applicationOptions = Object.keys({
  weights: true,
  includeTop: true,
  inputTensor: true,
  inputShape: true,
  pooling: true,
  classes: true,
  classifierActivation: true,
  name: true,
} satisfies Record<keyof ApplicationOptions, true>);
