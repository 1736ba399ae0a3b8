import type { OnnxModel } from "../../src/onnx/model.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";

/** What can be wrong with a classifier's file. */
export interface ColourClassifierOptions {
  /** The metadata `labels`; `null` for none. */
  readonly labels?: string | null;
  readonly input?: string;
  readonly output?: string;
  /** The metadata `distance_threshold`: it then says how far a photo is from colours as bright as they can be. */
  readonly distanceThreshold?: string;
}

/**
 * A classifier without training: it tells red, green and blue photos apart by the mean of each channel. It stands for a
 * trained one wherever only the file's form matters.
 *
 * @returns bytes of a `model.onnx`
 */
export function colourClassifier(options: ColourClassifierOptions = {}): Uint8Array {
  const { labels = '["red","green","blue"]', input = "image", output = "probabilities", distanceThreshold } = options;
  const distance = distanceThreshold !== undefined;
  const model: OnnxModel = {
    irVersion: 8,
    opsets: { "": 17 },
    producer: "test",
    graphName: "colours",
    nodes: [
      node("Cast", [input], "pixels", { to: { type: "int", value: 1 } }),
      node("ReduceMean", ["pixels"], "means", {
        axes: { type: "ints", value: [1, 2] },
        keepdims: { type: "int", value: 0 },
      }),
      node("Mul", ["means", "scale"], "logits", {}),
      node("Softmax", ["logits"], output, { axis: { type: "int", value: -1 } }),
      ...(distance ? distanceNodes : []),
    ],
    inputs: [{ name: input, type: "uint8", shape: ["N", "H", "W", 3] }],
    outputs: [
      { name: output, type: "float32", shape: ["N", 3] },
      ...(distance ? [{ name: "distance", type: "float32", shape: ["N"] } as const] : []),
    ],
    constants: new Map([
      ["scale", float32([0.02, 0.02, 0.02], [3])],
      ["full", float32([255], [])],
      ["one", float32([1], [])],
    ]),
    metadata: {
      ...{ network: "colours", licence: "Apache-2.0", version: "1" },
      ...(labels === null ? {} : { labels }),
      ...(distance ? { distance_threshold: distanceThreshold } : {}),
    },
  };
  return writeModel(model);
}

/** 1 less the brightest channel. */
const distanceNodes = [
  node("ReduceMax", ["means"], "brightest", {
    axes: { type: "ints", value: [1] },
    keepdims: { type: "int", value: 0 },
  }),
  node("Div", ["brightest", "full"], "share", {}),
  node("Sub", ["one", "share"], "distance", {}),
];

function node(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxModel["nodes"][number]["attributes"],
): OnnxModel["nodes"][number] {
  return { name: output, op, domain: "", inputs, outputs: [output], attributes };
}
