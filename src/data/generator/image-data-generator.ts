import { ShapeError, UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import type { Standardization } from "../../models/sources/batch-source.js";
import { platform } from "../../models/platform.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { cast } from "../../ops/layout.js";
import { Generator } from "../../random/generator.js";
import { randomStream } from "../../random/seed.js";
import { Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { type AffineTransform, getRandomTransform } from "./affine-parameters.js";
import { ArrayIterator, type FlowOptions } from "./array-iterator.js";
import { augment, type Augmentation, augmentationFeeds, fedNames } from "../augment/augmentation.js";
import type { MultiOutputBatch, WeightedBatch } from "./batch-iterator.js";
import { type DataframeRow, DataframeIterator, type FlowFromDataframeOptions } from "./dataframe-iterator.js";
import { DirectoryIterator, type FlowFromDirectoryOptions } from "./directory-iterator.js";
import { toFloat32Array } from "./float32-array.js";
import {
  checkGeneratorOptions,
  type HostPreprocessing,
  type ImageDataGeneratorOptions,
  resolveSwitches,
} from "./generator-options.js";
import { type GraphPreprocessing, type Normalization, normalize, normalizes, rescaled } from "./standardize.js";
import {
  channelDeviations,
  channelMeans,
  checkWhitening,
  dividePerChannel,
  type Statistics,
  subtractPerChannel,
  whiteningMatrix,
} from "./statistics.js";

export type { ImageDataGeneratorOptions } from "./generator-options.js";

/** Options of {@link ImageDataGenerator.fit}; names and defaults are Keras's. */
export interface GeneratorFitOptions {
  /** Whether to take the statistics of augmented photos; default false. */
  readonly augment?: boolean;
  /** How often each photo is augmented for it; default 1. */
  readonly rounds?: number;
  /** Seed of that augmentation; default: the generator's own stream. */
  readonly seed?: number;
}

/** Photos that are augmented in one call of the engine. */
const atOnce = 32;

/** Streams of different generators must differ, and be the same in the next run of the same script. */
let made = 0;

/**
 * Reads photos in batches and augments them, as Keras's class of this name does.
 *
 * Augmentation and standardization are part of the graph that runs on the engine; only random parameters are drawn on the
 * host, from a seeded stream. Keras's distributions are kept, but the numbers are not NumPy's.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator
 * `channels_first` is not offered.
 */
export class ImageDataGenerator {
  readonly options: ImageDataGeneratorOptions;
  /** Mean of each channel, `[1, 1, channels]`, which `fit` finds; `undefined` before. */
  mean: Tensor | undefined;
  /** Standard deviation of each channel, `[1, 1, channels]`, which `fit` finds; `undefined` before. */
  std: Tensor | undefined;
  /** `[size, size]` with `size` = height · width · channels, which `fit` finds; `undefined` before. */
  zcaWhiteningMatrix: Tensor | undefined;
  private readonly normalization: Normalization;
  private readonly label = `image-data-generator/${made++}`;
  private ownStream: Generator | undefined;
  private readonly warnedOf = new Set<string>();

  /** @throws UsageError for an unknown option or an impossible value */
  constructor(options: ImageDataGeneratorOptions = {}) {
    checkGeneratorOptions(options);
    this.options = options;
    const { warnings, ...switches } = resolveSwitches(options);
    const { rescale } = options;
    // As in Keras a factor of 0 is none.
    this.normalization = { ...switches, rescale: rescale === null || rescale === 0 ? undefined : rescale };
    for (const warning of warnings) platform().warn(warning);
  }

  /** What augmentation there is. */
  get augmentation(): Augmentation {
    const { rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange, horizontalFlip, verticalFlip } =
      this.options;
    const ranges = [rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange];
    const moves = ranges.some((range) => range !== undefined && range !== 0);
    return {
      affine: moves || horizontalFlip === true || verticalFlip === true,
      channelShift: (this.options.channelShiftRange ?? 0) !== 0,
      brightness: (this.options.brightnessRange ?? null) !== null,
      ...this.filling,
    };
  }

  private get filling(): Pick<Augmentation, "fillMode" | "cval" | "order"> {
    const { fillMode = "nearest", cval = 0, interpolationOrder = 1 } = this.options;
    return { fillMode, cval, order: interpolationOrder };
  }

  /** Whether a photo is not the same each time it comes. */
  get augments(): boolean {
    const { affine, channelShift, brightness } = this.augmentation;
    return affine || channelShift || brightness;
  }

  /** The preprocessing function that runs on the host, if there is one. */
  get hostPreprocessing(): HostPreprocessing | undefined {
    const { preprocessingFunction } = this.options;
    return typeof preprocessingFunction === "function" && !("graph" in preprocessingFunction)
      ? preprocessingFunction
      : undefined;
  }

  private get graphPreprocessing(): GraphPreprocessing | undefined {
    const { preprocessingFunction } = this.options;
    return preprocessingFunction !== undefined && preprocessingFunction !== null && "graph" in preprocessingFunction
      ? preprocessingFunction
      : undefined;
  }

  /** What is done to pixels, where that is a factor and a summand for each channel. */
  get standardization(): Standardization | undefined {
    if (this.hostPreprocessing !== undefined || normalizes(this.normalization)) return undefined;
    return rescaled(this.graphPreprocessing ?? {}, this.normalization.rescale);
  }

  /**
   * Draws parameters of a transformation.
   *
   * @param imageShape `[height, width, channels]`
   * @param seed default: the generator's own stream, which goes on with each call
   * @see https://keras.io/api/data_loading/image/ The distributions are Keras's, the numbers are not NumPy's.
   */
  getRandomTransform(imageShape: readonly number[], seed?: number): AffineTransform {
    const [height, width] = imageShape;
    if (imageShape.length !== 3 || height === undefined || width === undefined) {
      throw new ShapeError("getRandomTransform takes the shape of one image.", {
        subject: "imageShape",
        expected: "[height, width, channels]",
        received: `[${imageShape.join(", ")}]`,
      });
    }
    return this.draw(height, width, this.stream(seed));
  }

  /** Parameters for one photo from a given stream. */
  draw(height: number, width: number, generator: Generator): AffineTransform {
    return getRandomTransform(this.options, height, width, generator);
  }

  private stream(seed: number | undefined): Generator {
    if (seed !== undefined) return new Generator(seed).fork("transform");
    return (this.ownStream ??= randomStream(this.label));
  }

  /**
   * Writes everything as one graph: augmentation, preprocessing and normalization.
   *
   * @param height of the photos, in pixels
   * @param width of the photos, in pixels
   * @param channels of the photos; default 3
   * @param type of the values that are fed; default uint8
   * @returns `[N, channels, height, width]` float32; it is fed with `photos`, `[N, height, width, channels]`, and with the
   * parameters of augmentation
   */
  graph(height: number, width: number, channels = 3, type: "uint8" | "float32" = "uint8"): Value {
    return this.standardized(this.augmented(height, width, channels, type));
  }

  /** The first half of {@link graph}, up to the preprocessing function. */
  augmented(height: number, width: number, channels: number, type: "uint8" | "float32"): Value {
    const kind = this.augmentation;
    if (kind.brightness) checkBrightness(channels);
    const photos = input(fedNames.photos, type, ["N", height, width, channels]);
    const pixels = toChannelsFirst(type === "float32" ? photos : cast(photos, "float32"));
    return augment(pixels, kind);
  }

  /**
   * The second half of {@link graph}: the preprocessing function, if it is one of Graft, and normalization.
   *
   * @param pixels `[N, C, H, W]` float32
   */
  standardized(pixels: Value, sampleAxes?: readonly number[]): Value {
    const preprocessing = this.graphPreprocessing;
    if (preprocessing !== undefined && pixels.shape[1] !== 3) {
      throw new UsageError("The preprocessing function is for colour photos.", {
        subject: "preprocessingFunction",
        expected: "3 channels",
        received: String(pixels.shape[1]),
        advice: 'Use colorMode "rgb".',
      });
    }
    const preprocessed = preprocessing === undefined ? pixels : preprocessing.graph(pixels);
    return normalize(preprocessed, this.normalization, this.statistics(pixels), sampleAxes);
  }

  /** Identities of the statistics: where one changes, graphs must be made again. */
  get fitted(): readonly (Tensor | undefined)[] {
    return [this.mean, this.std, this.zcaWhiteningMatrix];
  }

  private statistics(pixels: Value): Partial<Statistics> {
    const { featurewiseCenter, featurewiseStdNormalization, zcaWhitening } = this.normalization;
    const [, channels, height, width] = pixels.shape;
    const size = [channels, height, width].reduce<number>((product, extent) => product * Number(extent), 1);
    const use = (option: string, wanted: boolean, tensor: Tensor | undefined, length: number) => {
      if (!wanted) return undefined;
      if (tensor === undefined) {
        if (!this.warnedOf.has(option)) {
          platform().warn(
            `This ImageDataGenerator specifies ${option}, but it has not been fit on any data, so it is left out. ` +
              "Fit it first: await datagen.fit(x).",
          );
        }
        this.warnedOf.add(option);
        return undefined;
      }
      if (tensor.data.length === length) return toFloat32Array(tensor);
      throw new ShapeError(`${option} was fit on photos of another shape.`, {
        subject: option,
        expected: `statistics of ${length} values`,
        received: `[${tensor.dims.join(", ")}]`,
        advice: "Call datagen.fit with photos of the size and channels that are to be normalized.",
      });
    };
    const mean = use("featurewiseCenter", featurewiseCenter, this.mean, Number(channels));
    const deviation = use("featurewiseStdNormalization", featurewiseStdNormalization, this.std, Number(channels));
    const whitening = use("zcaWhitening", zcaWhitening, this.zcaWhiteningMatrix, size * size);
    return {
      ...(mean === undefined ? {} : { mean }),
      ...(deviation === undefined ? {} : { deviation }),
      ...(whitening === undefined ? {} : { whitening }),
    };
  }

  /**
   * Transforms one image with given parameters.
   *
   * @param image `[height, width, channels]`
   * @param parameters what to do; parts left out do nothing
   * @returns the same shape, float32
   * @see https://keras.io/api/data_loading/image/ Brightness and channel shift included
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
    const { theta = 0, tx = 0, ty = 0, shear = 0, zx = 1, zy = 1 } = parameters;
    const { flipHorizontal = false, flipVertical = false, channelShiftIntensity, brightness } = parameters;
    const kind: Augmentation = {
      // Sampling that changes nothing would still round: it is left out, as in Keras.
      affine:
        [theta, tx, ty, shear].some((value) => value !== 0) || zx !== 1 || zy !== 1 || flipHorizontal || flipVertical,
      channelShift: (channelShiftIntensity ?? undefined) !== undefined,
      brightness: (brightness ?? undefined) !== undefined,
      ...this.filling,
    };
    const data = await transformImages(toFloat32Array(image), [height, width, channels], kind, [parameters]);
    return new Tensor("float32", data, [height, width, channels]);
  }

  /**
   * Transforms one image at random.
   *
   * @param x `[height, width, channels]`
   * @param seed as in {@link getRandomTransform}
   * @returns the same shape, float32
   */
  randomTransform(x: Tensor, seed?: number): Promise<Tensor> {
    return this.applyTransform(x, this.getRandomTransform(x.dims, seed));
  }

  /**
   * Preprocesses, rescales and normalizes, without augmentation.
   *
   * @param x `[height, width, channels]`, or a batch of them; the samplewise options take all of it for one sample, as
   * Keras does
   * @returns a new float32 array of the same shape (Keras changes its input)
   */
  async standardize(x: Tensor): Promise<Tensor> {
    if (x.dims.length !== 3 && x.dims.length !== 4) {
      throw new ShapeError("standardize takes an image or a batch of images.", {
        subject: "x",
        expected: "[height, width, channels] or [batch, height, width, channels]",
        received: `[${x.dims.join(", ")}]`,
      });
    }
    const float = new Tensor("float32", toFloat32Array(x), x.dims);
    const host = this.hostPreprocessing;
    const preprocessed = host === undefined ? float : await callOnHost(host, float);
    const [channels = 1, width = 1, height = 1] = [...x.dims].reverse();
    const batch = x.dims.length === 4 ? (x.dims[0] ?? 1) : 1;
    const pixels = toChannelsFirst(input("x", "float32", ["N", height, width, channels]));
    const y = toChannelsLast(this.standardized(pixels, [0, 1, 2, 3]));
    const session = await createSession(platform().runtime, { y });
    try {
      const fed = new Tensor("float32", preprocessed.data as Float32Array, [batch, height, width, channels]);
      const results = await session.run({ x: fed });
      return new Tensor("float32", results["y"]?.data as Float32Array, x.dims);
    } finally {
      await session.release();
    }
  }

  /**
   * Finds out of sample data what the featurewise options and whitening need. As in Keras `rescale` is applied before, the
   * preprocessing function is not.
   *
   * @param x `[samples, height, width, channels]`
   * @throws ShapeError when `x` is no batch of images
   * @throws UsageError when whitening is asked for and the photos are too large for it
   */
  async fit(x: Tensor, options: GeneratorFitOptions = {}): Promise<void> {
    const [count = 0, height = 0, width = 0, channels = 0] = x.dims;
    if (x.dims.length !== 4 || count === 0) {
      throw new ShapeError("fit takes a batch of images.", {
        subject: "x",
        expected: "[samples, height, width, channels] with at least one sample",
        received: `[${x.dims.join(", ")}]`,
      });
    }
    const { rounds = 1 } = options;
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new UsageError("The option rounds is not usable.", {
        subject: "rounds",
        expected: "a whole number from 1",
        received: String(rounds),
      });
    }
    const { featurewiseCenter, featurewiseStdNormalization, zcaWhitening, rescale = 1 } = this.normalization;
    const size = height * width * channels;
    if (zcaWhitening) checkWhitening(size);
    const scaled = toFloat32Array(x).map((value) => value * rescale);
    const data =
      options.augment === true
        ? await this.augmentedRounds(scaled, [height, width, channels], rounds, this.stream(options.seed))
        : scaled;
    const images = { data, count: data.length / size, channels };
    if (featurewiseCenter) {
      const mean = channelMeans(images);
      this.mean = new Tensor("float32", mean, [1, 1, channels]);
      subtractPerChannel(images, mean);
    }
    if (featurewiseStdNormalization) {
      const deviation = channelDeviations(images);
      this.std = new Tensor("float32", deviation, [1, 1, channels]);
      dividePerChannel(images, deviation);
    }
    if (zcaWhitening) {
      const matrix = await whiteningMatrix(images, this.options.zcaEpsilon ?? 1e-6);
      this.zcaWhiteningMatrix = new Tensor("float32", matrix, [size, size]);
    }
  }

  private async augmentedRounds(
    images: Float32Array,
    shape: readonly [height: number, width: number, channels: number],
    rounds: number,
    generator: Generator,
  ): Promise<Float32Array> {
    const [height, width, channels] = shape;
    const count = images.length / (height * width * channels);
    const result = new Float32Array(rounds * images.length);
    for (let round = 0; round < rounds; round++) {
      const transforms = Array.from({ length: count }, () => this.draw(height, width, generator));
      result.set(await transformImages(images, shape, this.augmentation, transforms), round * images.length);
    }
    return result;
  }

  /**
   * Takes photos from an array.
   *
   * @param x `[samples, height, width, channels]`, values as in photos: [0, 255]
   * @param y labels, one row a sample; default none
   * @throws ShapeError when there are not as many samples on both sides
   */
  flow(x: Tensor, y?: Tensor | null, options: FlowOptions = {}): ArrayIterator {
    return new ArrayIterator(this, x, y ?? undefined, options);
  }

  /**
   * Takes photos from a folder that holds one folder per class.
   *
   * @throws FileError when the folder cannot be read or holds no photos
   */
  flowFromDirectory(directory: string, options: FlowFromDirectoryOptions = {}): Promise<DirectoryIterator> {
    return DirectoryIterator.open(this, directory, options);
  }

  /**
   * Takes photos that are named in a table.
   *
   * @param dataframe rows as objects, or the path of a CSV file with a line of names
   * @throws UsageError when a column is missing or holds something unusable
   * @throws FileError when the table cannot be read or names no photo that exists
   */
  flowFromDataframe(
    dataframe: readonly DataframeRow[] | string,
    options: FlowFromDataframeOptions & { readonly classMode: "multi_output" },
  ): Promise<DataframeIterator<MultiOutputBatch>>;
  flowFromDataframe(
    dataframe: readonly DataframeRow[] | string,
    options?: FlowFromDataframeOptions,
  ): Promise<DataframeIterator>;
  flowFromDataframe(
    dataframe: readonly DataframeRow[] | string,
    options: FlowFromDataframeOptions = {},
  ): Promise<DataframeIterator<WeightedBatch | MultiOutputBatch>> {
    return DataframeIterator.open(this, dataframe, options);
  }
}

function checkBrightness(channels: number): void {
  if ([1, 3, 4].includes(channels)) return;
  throw new UsageError("The brightness of these images cannot be changed.", {
    subject: "brightnessRange",
    expected: "1, 3 or 4 channels",
    received: String(channels),
  });
}

/** Transforms images on the engine, a few at a time. */
async function transformImages(
  images: Float32Array,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  kind: Augmentation,
  transforms: readonly Partial<AffineTransform>[],
): Promise<Float32Array> {
  if (kind.brightness) checkBrightness(channels);
  if (!kind.affine && !kind.channelShift && !kind.brightness) return images.slice();
  const size = height * width * channels;
  const pixels = toChannelsFirst(input(fedNames.photos, "float32", ["N", height, width, channels]));
  const session = await createSession(platform().runtime, { y: toChannelsLast(augment(pixels, kind)) });
  try {
    const result = new Float32Array(images.length);
    for (let start = 0; start < transforms.length; start += atOnce) {
      const part = transforms.slice(start, start + atOnce);
      const from = images.subarray(start * size, (start + part.length) * size);
      const results = await session.run({
        [fedNames.photos]: new Tensor("float32", from, [part.length, height, width, channels]),
        ...augmentationFeeds(kind, part, height, width),
      });
      result.set(results["y"]?.data as Float32Array, start * size);
    }
    return result;
  } finally {
    await session.release();
  }
}

/**
 * Calls a preprocessing function on the host and checks what it gives.
 *
 * @throws UsageError when that is not an array of the same shape
 */
export async function callOnHost(preprocess: HostPreprocessing, image: Tensor): Promise<Tensor> {
  const result: unknown = await preprocess(image);
  if (!(result instanceof Tensor) || String(result.dims) !== String(image.dims)) {
    throw new UsageError("The preprocessing function gave something else than an image of the same shape.", {
      subject: "preprocessingFunction",
      expected: `a Tensor of shape [${image.dims.join(", ")}]`,
      received: result instanceof Tensor ? `shape [${result.dims.join(", ")}]` : String(result),
    });
  }
  return result.type === "float32" ? result : new Tensor("float32", toFloat32Array(result), result.dims);
}
