import type { OnnxModel } from "../../onnx/model.js";
import type { TensorData } from "../../onnx/tensor-data.js";

/** Whether models compute with the same operators, attributes and constants: then they are the same one for several sizes. */
export function sameForAll([first, ...others]: readonly OnnxModel[]): boolean {
  if (first === undefined) return true;
  const nodes = textOf(first);
  return others.every((other) => textOf(other) === nodes && sameConstants(first.constants, other.constants));
}

function textOf({ nodes }: OnnxModel): string {
  return JSON.stringify(nodes, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number | bigint>, String) : value;
  });
}

function sameConstants(a: OnnxModel["constants"], b: OnnxModel["constants"]): boolean {
  return a.size === b.size && [...a].every(([name, tensor]) => sameTensor(tensor, b.get(name)));
}

function sameTensor(a: TensorData, b: TensorData | undefined): boolean {
  if (b?.type !== a.type || String(a.dims) !== String(b.dims) || a.data.length !== b.data.length) return false;
  const other = b.data as ArrayLike<number | bigint>;
  // Weights are shared; the rest is small.
  return a.data === b.data || Array.from(a.data as ArrayLike<number | bigint>).every((x, i) => Object.is(x, other[i]));
}
