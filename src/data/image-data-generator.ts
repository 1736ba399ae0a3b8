import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { input, type Value } from "../graph/value.js";
import { toChannelsFirst, toChannelsLast } from "../nn/channels.js";
import { cast } from "../ops/layout.js";
import { mul } from "../ops/elementwise.js";
import { scalar } from "../ops/constants.js";
import type { Generator } from "../random/generator.js";
import { fromTensor, Tensor, toTensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import { platform } from "../models/platform.js";
import {
  affineMatrix,
  type AffineOptions,
  type AffineTransform,
  checkAffineOptions,
  getRandomTransform,
} from "./affine-parameters.js";
import { affineTransform, type FillMode, samplingMatrices } from "./augment/affine-graph.js";
import { DirectoryIterator, type FlowFromDirectoryOptions } from "./directory-iterator.js";
import type { GraphPreprocessing } from "./standardize.js";

/** Options of {@link ImageDataGenerator}; names, meaning and defaults are Keras's. */
export interface ImageDataGeneratorOptions extends Omit<AffineOptions, "channelShiftRange" | "brightnessRange"> {
  /** Factor for all values, after everything else; default none. */
  readonly rescale?: number;
  /** What is put beyond the edges; default `"nearest"`. */
  readonly fillMode?: FillMode;
  /** Value beyond the edges for `fillMode: "constant"`; default 0. */
  readonly cval?: number;
  /** Applied after augmentation and before `rescale`; a function of Graft that is part of the graph. */
  readonly preprocessingFunction?: GraphPreprocessing;
}

const optionNames = [
  "rescale",
  "rotationRange",
  "widthShiftRange",
  "heightShiftRange",
  "shearRange",
  "zoomRange",
  "horizontalFlip",
  "verticalFlip",
  "fillMode",
  "cval",
  "preprocessingFunction",
] as const satisfies readonly (keyof ImageDataGeneratorOptions)[];

const fillModes: readonly FillMode[] = ["nearest", "reflect", "wrap", "constant"];

function check(options: ImageDataGeneratorOptions): void {
  for (const name of Object.keys(options)) {
    if ((optionNames as readonly string[]).includes(name)) continue;
    const advice = didYouMean(name, optionNames);
    throw new UsageError(`ImageDataGenerator has no option "${name}".`, {
      subject: name,
      expected: optionNames.join(", "),
      received: name,
      ...(advice === undefined ? {} : { advice }),
    });
  }
  checkAffineOptions(options);
  const { fillMode = "nearest", rescale = 1, cval = 0 } = options;
  if (!fillModes.includes(fillMode)) {
    throw new UsageError(`There is no fill mode "${fillMode}".`, {
      subject: "fillMode",
      expected: fillModes.join(", "),
      received: fillMode,
    });
  }
  for (const [name, value] of Object.entries({ rescale, cval })) {
    if (Number.isFinite(value)) continue;
    throw new UsageError(`The option ${name} is not usable.`, {
      subject: name,
      expected: "a number",
      received: String(value),
    });
  }
}

/** Names of what an iterator feeds to the graph of a generator. */
export const fedNames = { photos: "photos", matrices: "matrices" } as const;

/**
 * Reads photos in batches and augments them, as Keras's class of this name does.
 *
 * Augmentation is part of the graph that runs on the engine; only its random parameters are drawn on the host, from a
 * seeded stream.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator
 */
export class ImageDataGenerator {
  readonly options: ImageDataGeneratorOptions;

  /** @throws UsageError for an unknown option or an impossible value */
  constructor(options: ImageDataGeneratorOptions = {}) {
    check(options);
    this.options = options;
  }

  /** Whether a photo is not the same each time it comes. */
  get augments(): boolean {
    const { rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange, horizontalFlip, verticalFlip } =
      this.options;
    const ranges = [rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange];
    return (
      ranges.some((range) => range !== undefined && range !== 0) || horizontalFlip === true || verticalFlip === true
    );
  }

  /** Parameters for one photo. */
  getRandomTransform(height: number, width: number, generator: Generator): AffineTransform {
    return getRandomTransform(this.options, height, width, generator);
  }

  /**
   * Writes augmentation, preprocessing and rescaling as a graph.
   *
   * @param height of the photos, in pixels
   * @param width of the photos, in pixels
   * @returns `[N, 3, height, width]` float32; it is fed with `photos`, `[N, height, width, 3]` uint8, and, when the
   * generator augments, `matrices`, `[N, 3, 2]` float32
   */
  graph(height: number, width: number): Value {
    const photos = input(fedNames.photos, "uint8", ["N", height, width, 3]);
    const pixels = toChannelsFirst(cast(photos, "float32"));
    const transformed = this.augments
      ? this.transformed(pixels, input(fedNames.matrices, "float32", ["N", 3, 2]))
      : pixels;
    return this.standardized(transformed);
  }

  private transformed(pixels: Value, matrices: Value): Value {
    return affineTransform(pixels, matrices, this.options.fillMode ?? "nearest", this.options.cval ?? 0);
  }

  private standardized(pixels: Value): Value {
    const { preprocessingFunction, rescale } = this.options;
    const preprocessed = preprocessingFunction === undefined ? pixels : preprocessingFunction.graph(pixels);
    return rescale === undefined ? preprocessed : mul(preprocessed, scalar("float32", rescale));
  }

  /**
   * Transforms one image with given parameters.
   *
   * @param image `[height, width, channels]`
   * @param parameters what to do; parts left out do nothing
   * @returns the same shape, float32
   */
  async applyTransform(image: Tensor, parameters: Partial<AffineTransform>): Promise<Tensor> {
    const [height, width, channels] = image.dims;
    if (image.dims.length !== 3 || height === undefined || width === undefined || channels === undefined) {
      throw new UsageError("applyTransform takes one image.", {
        subject: "image",
        expected: "shape [height, width, channels]",
        received: `[${image.dims.join(", ")}]`,
      });
    }
    const values = fromTensor(image);
    const pixels = toChannelsFirst(input("image", "float32", ["N", height, width, channels]));
    const y = this.transformed(pixels, input(fedNames.matrices, "float32", ["N", 3, 2]));
    const session = await createSession(platform().runtime, { y: toChannelsLast(y) });
    try {
      const data = Float32Array.from(values.data as ArrayLike<number>);
      const feeds = {
        image: new Tensor("float32", data, [1, height, width, channels]),
        [fedNames.matrices]: toTensor(samplingMatrices([affineMatrix(parameters, height, width)])),
      };
      const { y: result } = await session.run(feeds);
      return new Tensor("float32", result?.data as Float32Array, [height, width, channels]);
    } finally {
      await session.release();
    }
  }

  /**
   * Takes photos from a folder that holds one folder per class.
   *
   * @throws FileError when the folder cannot be read or holds no photos
   */
  flowFromDirectory(directory: string, options: FlowFromDirectoryOptions = {}): Promise<DirectoryIterator> {
    return DirectoryIterator.open(this, directory, options);
  }
}
