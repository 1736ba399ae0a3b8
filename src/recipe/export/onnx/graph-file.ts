import { toOpset17 } from "../../../formats/onnx/opset-17.js";
import { mapOutputs, type Outputs } from "../../../graph/graph.js";
import { serialize } from "../../../graph/serialize.js";
import type { Dim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import type { OnnxModel, OnnxValueInfo } from "../../../onnx/model.js";
import { writeModel } from "../../../onnx/write-model.js";
import { explicitMargins } from "../../../passes/explicit-margins.js";
import { prepare } from "../../../passes/prepare.js";

/** A graph that is to become a file. */
export interface ExportGraph {
  /** What is fed. */
  readonly image: Value;
  readonly outputs: Outputs;
}

/** How a graph becomes a file. */
export interface GraphFileOptions {
  /** Version of the operators; default 18. */
  readonly opset?: number | undefined;
  /** First extent of inputs and outputs. */
  readonly batch: Dim;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX file.
 *
 * @throws UsageError, by the name of the node, for what the version of operators cannot say
 */
export function fileOfGraph(graph: ExportGraph, options: GraphFileOptions): Uint8Array {
  const { opset = 18, batch, metadata } = options;
  // Margins as numbers, which all programs read alike.
  const explicit = mapOutputs(graph.outputs, explicitMargins(Object.values(graph.outputs)));
  const model = serialize(prepare(explicit), { name: "classifier", inputs: [graph.image], metadata });
  return writeModel(withBatch(opset === 17 ? toOpset17(model) : model, batch));
}

/** Outputs of a fixed number of photos say so. */
function withBatch(model: OnnxModel, batch: Dim): OnnxModel {
  const sized = (info: OnnxValueInfo): OnnxValueInfo =>
    info.shape === undefined ? info : { ...info, shape: [batch, ...info.shape.slice(1)] };
  return { ...model, outputs: model.outputs.map(sized) };
}
