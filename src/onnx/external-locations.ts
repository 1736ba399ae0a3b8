import onnxProto, { type onnx } from "onnx-proto";
import { FileError } from "../errors/errors.js";

const { ModelProto, TensorProto } = onnxProto.onnx;

/**
 * Names of the files that an ONNX file has weights in, beside itself.
 *
 * @param bytes the ONNX file
 * @param file its path, for messages
 * @returns each name once, relative to the folder of the ONNX file, as the file says it
 * @throws FileError when it is no ONNX file
 * @see https://onnx.ai/onnx/repo-docs/ExternalData.html
 */
export function externalLocations(bytes: Uint8Array, file: string): readonly string[] {
  let graph: onnx.IGraphProto | null | undefined;
  try {
    ({ graph } = ModelProto.decode(bytes));
  } catch (cause) {
    throw new FileError(`${file} is not a readable ONNX file.`, {
      subject: file,
      expected: "an ONNX model",
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Fetch or export it again.",
      cause,
    });
  }
  const names = new Set<string>();
  if (graph !== null && graph !== undefined) collect(graph, names);
  return [...names];
}

function collect(graph: onnx.IGraphProto, names: Set<string>): void {
  const add = (tensor: onnx.ITensorProto | null | undefined): void => {
    if (tensor?.dataLocation !== TensorProto.DataLocation.EXTERNAL) return;
    const location = tensor.externalData?.find(({ key }) => key === "location")?.value;
    if (location !== undefined && location !== null && location !== "") names.add(location);
  };
  const addSparse = (sparse: onnx.ISparseTensorProto | null | undefined): void => {
    add(sparse?.values);
    add(sparse?.indices);
  };
  graph.initializer?.forEach(add);
  graph.sparseInitializer?.forEach(addSparse);
  for (const { attribute } of graph.node ?? []) {
    for (const { t, g, tensors, graphs, sparseTensor, sparseTensors } of attribute ?? []) {
      add(t);
      addSparse(sparseTensor);
      sparseTensors?.forEach(addSparse);
      tensors?.forEach(add);
      for (const inner of [g, ...(graphs ?? [])]) if (inner !== null && inner !== undefined) collect(inner, names);
    }
  }
}
