import { dimAt, type Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul } from "../../../ops/elementwise.js";
import { cast } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, wholeNumber, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext, Sampler } from "../../context.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";
import { snakeCase } from "../../names.js";

/** Options of all layers that change pictures. */
export interface ImagePreprocessingOptions extends LayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
  /** Kept for Keras's files, where boxes may go through the layer beside pictures; without effect on pictures. */
  readonly boundingBoxFormat?: string | undefined;
}

/** Options of layers that change pictures at random. */
export interface RandomImageOptions extends ImagePreprocessingOptions {
  /** Gives the layer random numbers of its own, beside the seed of the run; default: they follow from the order of layers. */
  readonly seed?: number | undefined;
}

/** Draws random numbers for a layer: they are fed to the graph, new ones at each step. */
export interface Draws {
  /** Evenly distributed from `low` (default 0) to `high` (default 1). */
  uniform(shape: Shape, low?: number, high?: number): Value;
  /** Normally distributed, with mean 0 and deviation 1. */
  normal(shape: Shape): Value;
  /** As a function on the host draws them. */
  sampled(shape: Shape, sampler: Sampler): Value;
}

/** One number a picture, `[N]`, as it broadcasts to pictures: `[N, 1, 1, 1]`. */
export function perImage(value: Value): Value {
  return reshapeTo(value, [dimAt(value.shape, 0), 1, 1, 1]);
}

function drawsOf(context: CallContext, stream: string): Draws {
  return {
    uniform(shape, low = 0, high = 1) {
      const unit = context.random(stream, "uniform", shape);
      if (low === 0 && high === 1) return unit;
      return add(mul(unit, scalarLike(unit, high - low)), scalarLike(unit, low));
    },
    normal: (shape) => context.random(stream, "normal", shape),
    sampled: (shape, sampler) => context.random(stream, sampler, shape),
  };
}

/**
 * A layer that changes pictures while a model is trained, and in inference gives them back as float32.
 *
 * It is written in Keras's two steps: what is drawn, and what is done to pictures with it. `T` is what is drawn.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/
 */
export abstract class BaseImagePreprocessing<T> extends UnaryLayer {
  static override readonly options: readonly string[] = [
    "seed",
    "dataFormat",
    "boundingBoxFormat",
  ] satisfies readonly (keyof RandomImageOptions)[];
  protected readonly seed: number | undefined;
  private readonly boundingBoxFormat: string | undefined;

  constructor(options: RandomImageOptions) {
    super(options);
    channelsLastOnly(this.className, options.dataFormat);
    this.boundingBoxFormat = options.boundingBoxFormat;
    this.seed = options.seed === undefined ? undefined : wholeNumber(this.className, "seed", options.seed, 0);
  }

  /** Name of the layer's stream of random numbers. */
  protected get stream(): string {
    return this.seed === undefined ? snakeCase(this.className) : `${this.className} of seed ${this.seed}`;
  }

  /**
   * Draws what is to be done to a batch, in the order in which Keras draws.
   *
   * @param images `[N, C, H, W]` float32
   */
  abstract drawTransformation(images: Value, draws: Draws): T;

  /**
   * Does to a batch what has been drawn.
   *
   * @param images `[N, C, H, W]` float32
   * @returns pictures, for most layers of the same size
   */
  abstract transformImages(images: Value, transformation: T): Value;

  /** What the layer does in inference; default nothing. */
  protected inferImages(images: Value): Value {
    return images;
  }

  protected forward(x: Value, context: CallContext): Value {
    requireRank(channelsLast(x.shape), 4, this.className);
    const images = x.type === "float32" ? x : cast(x, "float32");
    if (!context.training) return this.inferImages(images);
    return this.transformImages(images, this.drawTransformation(images, drawsOf(context, this.stream)));
  }

  protected override baseConfig(): Config {
    return {
      ...super.baseConfig(),
      data_format: "channels_last",
      // As in Keras the key is there only where it was given.
      ...(this.boundingBoxFormat === undefined ? {} : { bounding_box_format: this.boundingBoxFormat }),
    };
  }
}
