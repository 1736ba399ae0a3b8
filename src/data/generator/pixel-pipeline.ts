import { input, type Value } from "../../graph/value.js";
import { platform } from "../../models/platform.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { cast } from "../../ops/layout.js";
import { type NamedTensors, type Session, Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import type { AffineTransform } from "../augment/affine-parameters.js";
import { augment, augmentationFeeds, fedNames } from "../augment/augmentation.js";
import { callOnHost, type HostPreprocessing } from "./host-preprocessing.js";
import type { PixelSteps } from "./pixel-steps.js";
import type { Samples } from "./samples.js";

/** Name of what is fed to the graph where a preprocessing function runs on the host. */
const preprocessedName = "preprocessed";

/** From pixels as they are read to what a network sees: the graph, what is fed to it, and its result for people to see. */
export class PixelPipeline {
  private made: { readonly graph: readonly Value[]; readonly fitted: readonly unknown[] } | undefined;
  /** What a preprocessing function on the host is given. */
  private augmentedGraph: Value | undefined;
  private readonly sessions = new Map<Value, Promise<Session>>();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly steps: PixelSteps,
    private readonly shape: Samples["shape"],
    private readonly type: Samples["type"],
  ) {}

  /** One value, `[N, channels, height, width]` float32; the same until statistics change. */
  get graph(): readonly Value[] {
    const { hostPreprocessing, standardize } = this.steps;
    const fitted = this.steps.fitted();
    const known = this.made;
    if (known?.fitted.every((value, index) => value === fitted[index]) === true) return known.graph;
    const pixels =
      hostPreprocessing === undefined
        ? this.augmented()
        : toChannelsFirst(input(preprocessedName, "float32", ["N", ...this.shape]));
    this.made = { graph: [standardize(pixels)], fitted };
    return this.made.graph;
  }

  /** Pixels as they are fed, up to a preprocessing function. */
  private augmented(): Value {
    const photos = input(fedNames.photos, this.type, ["N", ...this.shape]);
    const pixels = toChannelsFirst(this.type === "float32" ? photos : cast(photos, "float32"));
    const { augmentation } = this.steps;
    return augmentation === undefined ? pixels : augment(pixels, augmentation.kind);
  }

  /**
   * What is fed to the graph.
   *
   * @param pixels `[rows, height, width, channels]`
   * @param transforms how each row is augmented; `undefined` where nothing is
   * @throws UsageError when a preprocessing function on the host gives something unusable
   */
  async feeds(
    pixels: Uint8Array | Float32Array,
    transforms: readonly AffineTransform[] | undefined,
  ): Promise<NamedTensors> {
    const { augmentation, hostPreprocessing } = this.steps;
    const [height, width, channels] = this.shape;
    const dims = [pixels.length / (height * width * channels), ...this.shape];
    const photos =
      pixels instanceof Float32Array ? new Tensor("float32", pixels, dims) : new Tensor("uint8", pixels, dims);
    const drawn =
      augmentation === undefined || transforms === undefined
        ? undefined
        : augmentationFeeds(augmentation.kind, transforms, height, width);
    const fed = { [fedNames.photos]: photos, ...drawn };
    return hostPreprocessing === undefined ? fed : this.preprocessed(fed, dims, hostPreprocessing);
  }

  private async preprocessed(
    fed: NamedTensors,
    dims: readonly number[],
    preprocess: HostPreprocessing,
  ): Promise<NamedTensors> {
    this.augmentedGraph ??= toChannelsLast(this.augmented());
    const augmented = await this.run(this.augmentedGraph, fed);
    const size = this.shape.reduce((product, extent) => product * extent, 1);
    const result = new Float32Array(augmented.length);
    for (let start = 0; start < augmented.length; start += size) {
      const image = augmented.slice(start, start + size);
      const { data } = await callOnHost(preprocess, new Tensor("float32", image, this.shape));
      result.set(data as Float32Array, start);
    }
    return { [preprocessedName]: new Tensor("float32", result, dims) };
  }

  /** What the network sees of what {@link feeds} gave, `[rows, height, width, channels]`. */
  async seen(feeds: NamedTensors): Promise<Float32Array> {
    const [x] = this.graph;
    if (x === undefined) throw new TypeError("The pipeline has no graph.");
    return this.run(x, feeds, toChannelsLast);
  }

  private async run(
    value: Value,
    feeds: NamedTensors,
    finish = (result: Value): Value => result,
  ): Promise<Float32Array> {
    const known = this.sessions.get(value) ?? createSession(platform().runtime, { y: finish(value) });
    this.sessions.set(value, known);
    const running = known.then((session) => session.run(feeds));
    this.running.add(running);
    try {
      return (await running)["y"]?.data as Float32Array;
    } finally {
      this.running.delete(running);
    }
  }

  /** Frees what is kept on the engine; it is made again when it is needed. */
  async release(): Promise<void> {
    const kept = [...this.sessions.values()];
    this.sessions.clear();
    const sessions = await Promise.all(kept);
    // Somebody may look while others train.
    await Promise.allSettled(this.running);
    await Promise.all(sessions.map((session) => session.release()));
  }
}
