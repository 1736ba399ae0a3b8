import { gradients } from "../../src/autodiff/gradients.js";
import type { Outputs } from "../../src/graph/graph.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { toChannelsFirst, toChannelsLast } from "../../src/nn/channels.js";
import type { CallContext, Distribution } from "../../src/nn/context.js";
import type { Layer } from "../../src/nn/layer.js";
import type { CallArguments } from "../../src/nn/symbolic-tensor.js";
import type { Variable } from "../../src/nn/variable.js";
import { elementCount, float32, type TensorData } from "../../src/onnx/tensor-data.js";
import { mul } from "../../src/ops/elementwise.js";
import { reduceSum } from "../../src/ops/reduction.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";

/** A tensor in a golden file. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A tensor of a golden file as Graft's. */
export function goldenTensor({ shape, data }: GoldenTensor): TensorData<"float32"> {
  return float32(data, shape);
}

const runtime = createNodeRuntime({ threads: 1 });

/** Runs a graph once. */
export async function runGraph(
  outputs: Outputs,
  feeds: Readonly<Record<string, TensorData>> = {},
): Promise<Record<string, TensorData>> {
  const session = await createSession(runtime, outputs);
  try {
    const used = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
    const results = await session.run(Object.fromEntries(used.map(([name, data]) => [name, toTensor(data)])));
    return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, fromTensor(result)]));
  } finally {
    await session.release();
  }
}

/** A context that records what a layer does; weights are constants of the graph. */
export class RecordingContext implements CallContext {
  readonly updates = new Map<Variable, Value>();
  readonly penalties: Value[] = [];
  readonly randoms: { readonly name: string; readonly value: Value; readonly distribution: Distribution }[] = [];
  private readonly values = new Map<Variable, Value>();

  constructor(readonly training: boolean) {}

  weight(variable: Variable): Value {
    const value = this.values.get(variable) ?? constant(variable.value);
    this.values.set(variable, value);
    return value;
  }

  random: CallContext["random"] = (name, distribution, shape) => {
    const value = input(`random_${this.randoms.length}`, "float32", shape);
    this.randoms.push({ name, value, distribution });
    return value;
  };

  update(variable: Variable, value: Value): void {
    this.updates.set(variable, value);
  }

  addLoss(penalty: Value): void {
    this.penalties.push(penalty);
  }
}

/** What {@link runLayer} gives. */
export interface LayerResult {
  readonly output: TensorData;
  /** New values of weights, by name. */
  readonly updates: Readonly<Record<string, TensorData>>;
  readonly penalties: readonly number[];
}

/** Runs a layer on tensors in Keras's order, with a batch whose extent the graph does not know. */
export async function runLayer(
  layer: Layer,
  tensors: readonly TensorData[],
  {
    training = false,
    randoms = [],
    told = {},
  }: { readonly training?: boolean; readonly randoms?: readonly TensorData[]; readonly told?: CallArguments } = {},
): Promise<LayerResult> {
  const inputs = tensors.map(({ type, dims }, index) => input(`x${index}`, type, ["N", ...dims.slice(1)]));
  layer.ensureBuilt(inputs.slice(0, inputs.length - (told.masks ?? []).length).map(({ shape }) => shape));
  const context = new RecordingContext(training);
  const [y] = layer.callNamed(inputs.map(toChannelsFirst), context, told);
  if (y === undefined) throw new Error("The layer made no output.");
  const results = await runGraph(
    {
      y: toChannelsLast(y),
      ...Object.fromEntries([...context.updates].map(([{ name }, value]) => [`update_${name}`, value])),
      ...Object.fromEntries(context.penalties.map((value, index) => [`penalty_${index}`, value])),
    },
    {
      ...Object.fromEntries(tensors.map((data, index) => [`x${index}`, data])),
      ...Object.fromEntries(randoms.map((data, index) => [`random_${index}`, data])),
    },
  );
  const { y: output, ...others } = results;
  if (output === undefined) throw new Error("The graph gave no output.");
  return {
    output,
    updates: Object.fromEntries(
      Object.entries(others).flatMap(([name, data]) => (name.startsWith("update_") ? [[name.slice(7), data]] : [])),
    ),
    penalties: context.penalties.map((_, index) => Number(others[`penalty_${index}`]?.data[0])),
  };
}

/**
 * Gradients of a layer: of the sum of its outputs times `cos 0.7 i`, i counting in Keras's order.
 *
 * @returns for each input and each trainable weight, the product of its gradient with `cos 1.3 i`, and the norm
 */
export async function runGradients(
  layer: Layer,
  tensors: readonly TensorData<"float32">[],
  training: boolean,
  told: CallArguments = {},
): Promise<readonly (readonly [product: number, norm: number])[]> {
  const inputs = tensors.map(({ type, dims }, index) => input(`x${index}`, type, dims));
  const context = new RecordingContext(training);
  const [y] = layer.callNamed(inputs.map(toChannelsFirst), context, told);
  if (y === undefined) throw new Error("The layer made no output.");
  const output = toChannelsLast(y);
  const dims = output.shape.map(Number);
  const pattern = Float32Array.from({ length: elementCount(dims) }, (_, index) => Math.cos(0.7 * index));
  const scalar = reduceSum(mul(output, constant(float32(pattern, dims))), undefined, { keepdims: 0 });
  const data = inputs.slice(0, inputs.length - (told.masks ?? []).length);
  const wanted = [...data, ...layer.trainableWeights.map((variable) => context.weight(variable))];
  const derivatives = gradients(scalar, wanted);
  const results = await runGraph(
    Object.fromEntries(derivatives.map((value, index) => [`d${index}`, value])),
    Object.fromEntries(tensors.map((data, index) => [`x${index}`, data])),
  );
  return derivatives.map((_, index) => {
    const values = [...((results[`d${index}`]?.data ?? []) as Float32Array)];
    const product = values.reduce((sum, value, place) => sum + value * Math.cos(1.3 * place), 0);
    return [product, Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))];
  });
}

/** Greatest difference of two tensors, relative to the largest element of the expected one; Infinity for other shapes. */
export function relativeError(actual: TensorData, expected: GoldenTensor): number {
  if (String(actual.dims) !== String(expected.shape) || actual.data.length !== elementCount(expected.shape)) {
    return Infinity;
  }
  const largest = Math.max(1e-6, ...expected.data.map((value) => Math.abs(value)));
  const errors = expected.data.map((value, index) => Math.abs(value - Number(actual.data[index])));
  return errors.some(Number.isNaN) ? Infinity : Math.max(0, ...errors) / largest;
}
