import { float32 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";

/**
 * A network that sees colours: a 1×1 convolution to 8 channels and a rectifier, over images of 32 × 32 pixels. It trains in
 * milliseconds and says nothing of its preprocessing.
 *
 * @param metadata of the file
 * @returns bytes of an `.onnx` file
 */
export function tinyNetwork(metadata: Readonly<Record<string, string>> = { licence: "Apache-2.0" }): Uint8Array {
  const kernel = Array.from({ length: 24 }, (_, index) => Math.sin(1 + index));
  return writeModel({
    ...{ irVersion: 8, opsets: { "": 17 }, producer: "test", graphName: "tiny", metadata },
    nodes: [
      {
        ...{ name: "conv", op: "Conv", domain: "", inputs: ["x", "kernel"], outputs: ["y"] },
        attributes: { kernel_shape: { type: "ints", value: [1, 1] } },
      },
      { ...{ name: "relu", op: "Relu", domain: "", inputs: ["y"], outputs: ["features"] }, attributes: {} },
    ],
    inputs: [{ name: "x", type: "float32", shape: ["N", 3, 32, 32] }],
    outputs: [{ name: "features", type: "float32", shape: ["N", 8, 32, 32] }],
    constants: new Map([["kernel", float32(kernel, [8, 3, 1, 1])]]),
  });
}
