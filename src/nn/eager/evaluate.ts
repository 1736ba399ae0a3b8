import type { Shape } from "../../graph/shape.js";
import { input, type Value } from "../../graph/value.js";
import type { ElementType } from "../../onnx/tensor-data.js";
import { float32 } from "../../onnx/tensor-data.js";
import { OngoingStreams } from "../../random/ongoing-streams.js";
import { processStreams } from "../../random/seed.js";
import { installedRuntime } from "../../runtime/installed-runtime.js";
import { fromTensor, type Tensor, toTensor } from "../../runtime/runtime.js";
import { runGraph } from "../../runtime/session-cache.js";
import { type CallContext, type Distribution, draw } from "../context.js";
import { inGraphOrder, inKerasOrder } from "../operations/operand.js";
import { within } from "../scope.js";
import type { Variable } from "../variable.js";

/** Random numbers of calls on arrays. */
const streams = new OngoingStreams(processStreams);

/** What a computation on arrays asks for while it is written: everything is there already. */
class ArrayContext implements CallContext {
  /** A call changes at once what it assigns, in inference too. */
  readonly changesWeights = true;
  readonly feeds: Record<string, Tensor> = {};
  readonly updates = new Map<Variable, Value>();
  private readonly weights = new Map<Variable, Value>();
  private count = 0;

  constructor(readonly training: boolean) {}

  /** An array as a value, in Keras's order of axes. */
  array(tensor: Tensor): Value {
    const value = input(`array/${this.count++}`, tensor.type as ElementType, tensor.dims);
    if (value.source.kind === "input") this.feeds[value.source.name] = tensor;
    return value;
  }

  weight(variable: Variable): Value {
    const known = this.weights.get(variable);
    if (known !== undefined) return known;
    const value = this.array(toTensor(variable.value));
    this.weights.set(variable, value);
    return value;
  }

  random(name: string, distribution: Distribution, shape: Shape): Value {
    const dims = shape.map(Number);
    const data = new Float32Array(dims.reduce((product, extent) => product * extent, 1));
    draw(distribution, streams.of(`call/${name}`), data);
    return this.array(toTensor(float32(data, dims)));
  }

  update(variable: Variable, value: Value): void {
    this.updates.set(variable, value);
    // What comes later sees the new values.
    this.weights.set(variable, value);
  }

  /** Penalties belong to the loss of a training, which there is not here. */
  addLoss(): void {
    return undefined;
  }
}

/** A computation on arrays that is written down. */
interface Written {
  readonly context: ArrayContext;
  readonly outputs: readonly Value[];
}

/** Calls that move statistics come one after the other, so that none is lost. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Computes something of arrays on the engine.
 *
 * @param arrays in Keras's order of axes
 * @param training whether it is computed as in training: then new values of weights, such as moving statistics, are kept
 * @param write writes the computation as a graph of values in the graph's order of axes
 * @returns in Keras's order of axes
 */
export async function evaluate(
  arrays: readonly Tensor[],
  training: boolean,
  write: (values: readonly Value[], context: CallContext) => readonly Value[],
): Promise<readonly Tensor[]> {
  const written = (): Written => {
    streams.refresh();
    const context = new ArrayContext(training);
    const values = arrays.map((tensor) => inGraphOrder(context.array(tensor)));
    return { context, outputs: within(context, () => write(values, context)) };
  };
  const run = async ({ context, outputs }: Written): Promise<readonly Tensor[]> => {
    const graph: Record<string, Value> = {};
    outputs.forEach((value, index) => (graph[`output/${index}`] = inKerasOrder(value)));
    [...context.updates.values()].forEach((value, index) => (graph[`update/${index}`] = value));
    const results = await runGraph(installedRuntime(), graph, context.feeds);
    [...context.updates.keys()].forEach((variable, index) => {
      const renewed = results[`update/${index}`];
      if (renewed !== undefined) variable.assign(float32(fromTensor(renewed).data as Float32Array, variable.shape));
    });
    return outputs.flatMap((_, index) => results[`output/${index}`] ?? []);
  };
  if (!training) {
    const first = written();
    if (first.context.updates.size === 0) return run(first);
  }
  const turn = last.then(() => run(written()));
  last = Promise.allSettled([turn]);
  return turn;
}
