import { checkOptionNames, wholeNumber, isPlainObject, refuse, wholeNumbers, type Loose } from "../../errors/check.js";
import { refuseFormerMembers } from "../../errors/former-members.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import { platform } from "../../models/platform.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { byName } from "../../nn/named.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream, processStreams } from "../../random/seed.js";
import { checkTensor, Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { type AffineTransform, getRandomTransform } from "../augment/affine-parameters.js";
import { ArrayIterator, type FlowOptions } from "./array-iterator.js";
import { type Augmentation, augments } from "../augment/augmentation.js";
import { transformImages } from "../augment/transform-images.js";
import type { LabelledBatch, MultiOutputBatch, WeightedBatch } from "./batch-iterator.js";
import { DataframeIterator } from "./dataframe-iterator.js";
import { type Dataframe, dataframeOwner, type FlowFromDataframeOptions } from "./dataframe-options.js";
import { DirectoryIterator, type FlowFromDirectoryOptions } from "./directory-iterator.js";
import { statisticsFor } from "./fitted-statistics.js";
import { toFloat32Array } from "./float32-array.js";
import {
  augmentationOf,
  checkGeneratorOptions,
  type ImageDataGeneratorOptions,
  normalizationOf,
  preprocessingOf,
} from "./generator-options.js";
import { callOnHost } from "./host-preprocessing.js";
import type { PixelSteps } from "./pixel-steps.js";
import { type GraphPreprocessing, type Normalization, normalize, normalizes, rescaled } from "./standardize.js";
import {
  channelDeviations,
  channelMeans,
  checkWhitening,
  dividePerChannel,
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

/** Each generator has a stream of this name and its number since the seed was set: other streams, and the same in the next run. */
const streamName = "image-data-generator";

/**
 * Reads photos in batches and augments them, as Keras's class of this name does.
 *
 * Augmentation and standardization are part of the graph that runs on the engine; only random parameters are drawn on the
 * host, from a seeded stream. Keras's distributions are kept, but the numbers are not NumPy's.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator
 * `channels_first` is not offered.
 *
 * @example
 * ```ts
 * import { ImageDataGenerator, Tensor } from "graft-ml";
 *
 * const datagen = new ImageDataGenerator({ rescale: 1 / 255, rotationRange: 40, horizontalFlip: true });
 * const photos = new Tensor("uint8", new Uint8Array(5 * 8 * 8 * 3), [5, 8, 8, 3]);
 * const labels = new Tensor("float32", [0, 1, 0, 1, 1], [5, 1]);
 * // For fit: two photos a step.
 * const batches = datagen.flow(photos, labels, { batchSize: 2 });
 * console.log(batches.length); // → 3
 * ```
 */
export class ImageDataGenerator {
  static {
    refuseFormerMembers(this, "An ImageDataGenerator");
  }

  readonly options: ImageDataGeneratorOptions;
  /** Mean of each channel, `[1, 1, channels]`, which `fit` finds; `undefined` before. */
  mean: Tensor | undefined;
  /** Standard deviation of each channel, `[1, 1, channels]`, which `fit` finds; `undefined` before. */
  std: Tensor | undefined;
  /** `[size, size]` with `size` = height · width · channels, which `fit` finds; `undefined` before. */
  zcaWhiteningMatrix: Tensor | undefined;
  private readonly normalization: Normalization;
  private readonly augmentation: Augmentation;
  private readonly graphPreprocessing: GraphPreprocessing | undefined;
  /** What its iterators do to pixels. */
  private readonly steps: PixelSteps;
  private ownStream = nextRandomStream(streamName);
  private seeded = processStreams.timesSeeded;
  private readonly warnedOf = new Set<string>();

  /** @throws UsageError for an unknown option or an impossible value */
  constructor(given: Loose<ImageDataGeneratorOptions> = {}) {
    const options = checkGeneratorOptions(given);
    this.options = options;
    const { normalization, warnings } = normalizationOf(options);
    const { inGraph, onHost } = preprocessingOf(options);
    this.normalization = normalization;
    this.augmentation = augmentationOf(options);
    this.graphPreprocessing = inGraph;
    const isFactor = onHost === undefined && !normalizes(normalization);
    this.steps = {
      augmentation: augments(this.augmentation) ? { kind: this.augmentation, ranges: options } : undefined,
      hostPreprocessing: onHost,
      standardize: (pixels) => this.standardized(pixels),
      fitted: () => [this.mean, this.std, this.zcaWhiteningMatrix],
      standardization: isFactor ? rescaled(inGraph ?? {}, normalization.rescale) : undefined,
      dtype: options.dtype ?? "float32",
    };
    for (const warning of warnings) platform().warn(warning);
  }

  /**
   * Draws parameters of a transformation.
   *
   * @param imageShape `[height, width, channels]`
   * @param seed default: the generator's own stream, which goes on with each call
   * @see https://keras.io/api/data_loading/image/ The distributions are Keras's, the numbers are not NumPy's.
   */
  getRandomTransform(imageShape: readonly number[], seed?: number): AffineTransform {
    wholeNumbers("getRandomTransform", "imageShape", imageShape);
    const [height, width] = imageShape;
    if (imageShape.length !== 3 || height === undefined || width === undefined) {
      throw new ShapeError("getRandomTransform takes the shape of one image.", {
        subject: "imageShape",
        expected: "[height, width, channels]",
        received: `[${imageShape.join(", ")}]`,
      });
    }
    return getRandomTransform(this.options, height, width, this.stream(seed));
  }

  private stream(seed: number | undefined): Generator {
    if (seed !== undefined) return new Generator(seed).fork("transform");
    if (this.seeded !== processStreams.timesSeeded) {
      this.ownStream = nextRandomStream(streamName);
      this.seeded = processStreams.timesSeeded;
    }
    return this.ownStream;
  }

  /**
   * Writes what follows augmentation: the preprocessing function, if it is one of Graft, and normalization.
   *
   * @param pixels `[N, C, H, W]` float32
   * @param sampleAxes what is one sample to the samplewise options; default each photo
   */
  private standardized(pixels: Value, sampleAxes?: readonly number[]): Value {
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
    const statistics = statisticsFor(pixels, this.normalization, this, (option) => {
      this.warnOf(option);
    });
    return normalize(preprocessed, this.normalization, statistics, sampleAxes);
  }

  /** Says once that an option has no effect before `fit`. */
  private warnOf(option: string): void {
    if (this.warnedOf.has(option)) return;
    this.warnedOf.add(option);
    platform().warn(
      `This ImageDataGenerator specifies ${option}, but it has not been fit on any data, so it is left out. ` +
        "Fit it first: await datagen.fit(x).",
    );
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
    checkTensor("applyTransform", "image", image);
    if (!isPlainObject(parameters)) refuse("applyTransform", "parameters", "what getRandomTransform gives", parameters);
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
      ...this.augmentation,
      // Sampling that changes nothing would still round: it is left out, as in Keras.
      affine:
        [theta, tx, ty, shear].some((value) => value !== 0) || zx !== 1 || zy !== 1 || flipHorizontal || flipVertical,
      channelShift: (channelShiftIntensity ?? undefined) !== undefined,
      brightness: (brightness ?? undefined) !== undefined,
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
    checkTensor("randomTransform", "x", x);
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
    checkTensor("standardize", "x", x);
    if (x.dims.length !== 3 && x.dims.length !== 4) {
      throw new ShapeError("standardize takes an image or a batch of images.", {
        subject: "x",
        expected: "[height, width, channels] or [batch, height, width, channels]",
        received: `[${x.dims.join(", ")}]`,
      });
    }
    const float = new Tensor("float32", toFloat32Array(x), x.dims);
    const { hostPreprocessing: host } = this.steps;
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
    checkTensor("ImageDataGenerator.fit", "x", x);
    checkOptionNames("ImageDataGenerator.fit", options, ["augment", "rounds", "seed"]);
    const [count = 0, height = 0, width = 0, channels = 0] = x.dims;
    if (x.dims.length !== 4 || count === 0) {
      throw new ShapeError("fit takes a batch of images.", {
        subject: "x",
        expected: "[samples, height, width, channels] with at least one sample",
        received: `[${x.dims.join(", ")}]`,
      });
    }
    const rounds = wholeNumber("ImageDataGenerator.fit", "rounds", options.rounds ?? 1);
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
      const transforms = Array.from({ length: count }, () =>
        getRandomTransform(this.options, height, width, generator),
      );
      result.set(await transformImages(images, shape, this.augmentation, transforms), round * images.length);
    }
    return result;
  }

  /**
   * Takes photos from an array: `flow(x, y, { batchSize: 32 })`, `flow(x, { batchSize: 32 })`, or all by name.
   *
   * @param x `[samples, height, width, channels]`, values as in photos: [0, 255]
   * @param y labels, one row a sample; without them batches are x alone
   * @throws ShapeError when there are not as many samples on both sides
   */
  flow(x: Tensor, y: Tensor, options?: Loose<FlowOptions>): ArrayIterator;
  flow(x: Tensor, y?: null, options?: Loose<FlowOptions>): ArrayIterator<Tensor>;
  flow(x: Tensor, options: Loose<FlowOptions>): ArrayIterator<Tensor>;
  flow(options: Loose<FlowOptions> & { readonly x: Tensor; readonly y: Tensor }): ArrayIterator;
  flow(options: Loose<FlowOptions> & { readonly x: Tensor; readonly y?: null }): ArrayIterator<Tensor>;
  flow(x: Tensor, y?: Tensor | null, options?: Loose<FlowOptions>): ArrayIterator<WeightedBatch | Tensor>;
  flow(...given: readonly unknown[]): ArrayIterator<WeightedBatch | Tensor> {
    const [first, second, ...others] = given;
    const isShort = others.length === 0 && !isPlainObject(first) && isPlainObject(second);
    const all = byName<FlowOptions & { readonly x: Tensor; readonly y?: Tensor | null }>(
      { name: "flow", positional: ["x", "y"] },
      isShort ? [first, undefined, second] : given,
    );
    const { x, y, ...options } = all;
    return new ArrayIterator(x, y ?? undefined, options, this.steps, this.options.validationSplit);
  }

  /**
   * Takes photos from a folder that holds one folder per class.
   *
   * @throws FileError when the folder cannot be read or holds no photos
   *
   * @example
   * ```ts
   * import { ImageDataGenerator } from "graft-ml";
   *
   * // The folder photos holds photos/cat and photos/dog, with four photos each.
   * const datagen = new ImageDataGenerator({ rescale: 1 / 255, validationSplit: 0.25 });
   * const options = { targetSize: [150, 150], classMode: "binary" } as const;
   * const training = await datagen.flowFromDirectory("photos", { ...options, subset: "training" });
   * // → Found 6 images belonging to 2 classes.
   * const validation = await datagen.flowFromDirectory("photos", { ...options, subset: "validation" });
   * // → Found 2 images belonging to 2 classes.
   * console.log(training.classIndices); // → { cat: 0, dog: 1 }
   * ```
   */
  flowFromDirectory(
    directory: string,
    options: Loose<Omit<FlowFromDirectoryOptions, "classMode">> & { readonly classMode: null },
  ): Promise<DirectoryIterator<Tensor>>;
  flowFromDirectory(directory: string, options?: Loose<FlowFromDirectoryOptions>): Promise<DirectoryIterator>;
  flowFromDirectory(
    options: Loose<Omit<FlowFromDirectoryOptions, "classMode">> & {
      readonly directory: string;
      readonly classMode: null;
    },
  ): Promise<DirectoryIterator<Tensor>>;
  flowFromDirectory(
    options: Loose<FlowFromDirectoryOptions> & { readonly directory: string },
  ): Promise<DirectoryIterator>;
  async flowFromDirectory(...given: readonly unknown[]): Promise<DirectoryIterator<LabelledBatch | Tensor>> {
    const { directory, ...options } = byName<FlowFromDirectoryOptions & { readonly directory: string }>(
      { name: "flowFromDirectory", positional: ["directory"] },
      given,
    );
    return DirectoryIterator.open(directory, options, this.steps, this.options.validationSplit);
  }

  /**
   * Takes photos that are named in a table.
   *
   * @param dataframe rows as objects, an object of columns, or the path of a CSV file with a line of names
   * @throws UsageError when a column is missing or holds something unusable
   * @throws FileError when the table cannot be read or names no photo that exists
   */
  flowFromDataframe(
    dataframe: Dataframe,
    options: Loose<Omit<FlowFromDataframeOptions, "classMode">> & { readonly classMode: "multi_output" },
  ): Promise<DataframeIterator<MultiOutputBatch>>;
  flowFromDataframe(
    dataframe: Dataframe,
    options: Loose<Omit<FlowFromDataframeOptions, "classMode">> & { readonly classMode: null },
  ): Promise<DataframeIterator<Tensor>>;
  flowFromDataframe(dataframe: Dataframe, options?: Loose<FlowFromDataframeOptions>): Promise<DataframeIterator>;
  flowFromDataframe(
    options: Loose<Omit<FlowFromDataframeOptions, "classMode">> & {
      readonly dataframe: Dataframe;
      readonly classMode: "multi_output";
    },
  ): Promise<DataframeIterator<MultiOutputBatch>>;
  flowFromDataframe(
    options: Loose<Omit<FlowFromDataframeOptions, "classMode">> & {
      readonly dataframe: Dataframe;
      readonly classMode: null;
    },
  ): Promise<DataframeIterator<Tensor>>;
  flowFromDataframe(
    options: Loose<FlowFromDataframeOptions> & { readonly dataframe: Dataframe },
  ): Promise<DataframeIterator>;
  async flowFromDataframe(
    ...given: readonly unknown[]
  ): Promise<DataframeIterator<WeightedBatch | MultiOutputBatch | Tensor>> {
    const [first, options = {}, ...others] = given;
    // A table of columns is an object, too; one by name holds a table in its place.
    const inOne = given.length === 1 && holdsTable(first);
    const { dataframe, ...named } = byName<FlowFromDataframeOptions & { readonly dataframe: Dataframe }>(
      { name: dataframeOwner, positional: ["dataframe"] },
      inOne ? given : [[first], options, ...others],
    );
    const table = inOne ? dataframe : (first as Dataframe);
    return DataframeIterator.open(table, named, this.steps, this.options.validationSplit);
  }
}

/** Whether arguments are all in one object, `{ dataframe, directory, … }`, rather than the columns of a table. */
function holdsTable(given: unknown): boolean {
  if (!isPlainObject(given) || !Object.hasOwn(given, "dataframe")) return false;
  const { dataframe } = given;
  const isTable = (value: unknown): boolean => typeof value === "object" && value !== null;
  return Array.isArray(dataframe) ? dataframe.length === 0 || dataframe.every(isTable) : true;
}
