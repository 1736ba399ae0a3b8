import type { ElementType, TensorData } from "./tensor-data.js";

/** A value of an operator's attribute, with the kind that ONNX stores beside it. */
export type Attribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensor"; readonly value: TensorData };

/** One extent of a shape: a number, or a name for an extent that is known only when the graph runs. */
export type Dim = number | string;

/** One call of an operator; an absent optional input or output is `""`. */
export interface OnnxNode {
  readonly name: string;
  /** The operator's name, such as `Conv`. */
  readonly op: string;
  /** The module that it belongs to, such as `layer4.1.conv1`, where the file says it. */
  readonly module?: string | undefined;
  /** `""` for the standard domain. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Of an `If`: what is computed where its condition holds, and where it does not. */
  readonly branches?: { readonly then: OnnxBranch; readonly else: OnnxBranch } | undefined;
}

/** A branch of an `If`: it uses values of the graph around it by their names. */
export interface OnnxBranch {
  readonly nodes: readonly OnnxNode[];
  /** Names of what it gives, one an output of the node. */
  readonly outputs: readonly string[];
  readonly constants: ReadonlyMap<string, TensorData>;
}

/** Name, element type and shape of an input or output; `undefined` where a file does not say. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[] | undefined;
}

/** An ONNX model as plain data: the protobuf file without its encoding. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version of each operator set by domain; the standard one is `""`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Constant tensors by name: what the protobuf file calls initializers. */
  readonly constants: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}
