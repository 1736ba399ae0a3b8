import { toOpset17 } from "../../../formats/onnx/opset-17.js";
import { mapOutputs, type Outputs } from "../../../graph/graph.js";
import { serialize } from "../../../graph/serialize.js";
import type { Dim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import type { OnnxModel, OnnxValueInfo } from "../../../onnx/model.js";
import { writeModel } from "../../../onnx/write-model.js";
import { explicitMargins } from "../../../passes/explicit-margins.js";
import { inHalfPrecision } from "../../../passes/half-precision.js";
import { prepare } from "../../../passes/prepare.js";
import type { ExportPrecision } from "../target.js";

/** A graph that is to become a file. */
export interface ExportGraph {
  /** What is fed. */
  readonly image: Value;
  /** What goes into the network: half precision begins there. */
  readonly normalized: Value;
  readonly outputs: Outputs;
}

/** How a graph becomes a file. */
export interface GraphFileOptions {
  /** A network in 8 bits is one already. */
  readonly precision?: ExportPrecision | undefined;
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
  const { precision, opset = 18, batch, metadata } = options;
  const plain = withExplicitMargins(graph);
  const outputs = precision === "float16" ? halfOutputs(plain) : prepare(plain.outputs);
  const model = serialize(outputs, { name: "classifier", inputs: [graph.image], metadata });
  return writeModel(withBatch(opset === 17 ? toOpset17(model) : model, batch));
}

/** Margins as numbers, which all programs read alike. */
function withExplicitMargins({ image, normalized, outputs }: ExportGraph): ExportGraph {
  const renewed = explicitMargins([normalized, ...Object.values(outputs)]);
  return { image, normalized: renewed(normalized), outputs: mapOutputs(outputs, renewed) };
}

/** The outputs, computed with half precision from where the network begins. */
function halfOutputs({ outputs, normalized }: ExportGraph): Outputs {
  // Prepared together, so that it is still known where the network begins.
  const { normalized: begin, ...prepared } = prepare({ ...outputs, normalized });
  if (begin === undefined) throw new TypeError("A prepared graph has the outputs that it had.");
  return mapOutputs(prepared, inHalfPrecision(Object.values(prepared), begin));
}

/** Outputs of a fixed number of photos say so. */
function withBatch(model: OnnxModel, batch: Dim): OnnxModel {
  const sized = (info: OnnxValueInfo): OnnxValueInfo =>
    info.shape === undefined ? info : { ...info, shape: [batch, ...info.shape.slice(1)] };
  return { ...model, outputs: model.outputs.map(sized) };
}
