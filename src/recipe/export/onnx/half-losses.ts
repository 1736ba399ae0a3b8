import { constantData, type Node, type Value } from "../../../graph/value.js";
import { float32ToHalf, halfToFloat32 } from "../../../onnx/half.js";
import type { TensorData } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { abs, div, max, mul, sub } from "../../../ops/elementwise.js";
import { cast } from "../../../ops/layout.js";
import { reduceMax, reduceSum } from "../../../ops/reduction.js";
import { fromTensor, type NamedTensors, type Runtime } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import type { Effort } from "../effort.js";
import { picturesIn } from "./pictures.js";

/** The largest number of half precision, less what other photos may need: a quarter of 65504. */
const largest = 16_376;

/** Numbers are divided by the largest of their channel, so that no square leaves float32; what is smaller than this counts as nothing. */
const nothing = 1e-37;

/**
 * What the nodes of a graph lose when what goes into them and comes out of them is rounded to half precision: the mean over channels of the
 * share of their squares that goes. About 6 · 10⁻⁸ is what 11 bits cost; 1 is a map whose numbers are too small; infinite is one with numbers that
 * are too large.
 *
 * @param nodes that would be computed with half precision
 * @param batches pictures, as the graph's input `picture` takes them
 */
export async function halfLosses(
  runtime: Runtime,
  nodes: readonly Node[],
  batches: readonly NamedTensors[],
  effort: Effort,
): Promise<ReadonlyMap<Node, number>> {
  const touched = new Set(
    nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]).flatMap((value) => value ?? []),
  );
  const maps = [...touched].filter((value) => value.type === "float32" && constantData(value) === undefined);
  const losses = new Map<Value, number>();
  for (const value of touched) {
    const tensor = constantData(value);
    if (tensor?.type === "float32") losses.set(value, lossOfWeight(tensor as TensorData<"float32">));
  }
  const outputs: Record<string, Value> = {};
  maps.forEach((value, index) => {
    Object.assign(outputs, measured(value, String(index)));
  });
  if (maps.length > 0) {
    const session = await createSession(runtime, outputs);
    try {
      for (const batch of batches) {
        const results = await session.run(batch);
        maps.forEach((value, index) => {
          const share = lossOf(results, String(index));
          losses.set(value, (losses.get(value) ?? 0) + share / batches.length);
        });
        effort.step(picturesIn(batch));
      }
    } finally {
      await session.release();
    }
  }
  return new Map(
    nodes.map((node) => [
      node,
      Math.max(0, ...[...node.inputs, ...node.outputs].map((value) => (value && losses.get(value)) ?? 0)),
    ]),
  );
}

/** Axis of the channels: of maps `[N, channels, height, width]` the second, of tokens `[N, tokens, channels]` the last. */
function channelsOf(rank: number): number {
  return rank === 4 ? 1 : rank - 1;
}

/** Per channel: squares of what is lost (`d`), squares of all (`s`), and the largest number (`m`). */
function measured(value: Value, name: string): Record<string, Value> {
  const axes = Array.from({ length: value.rank }, (_, axis) => axis).filter((axis) => axis !== channelsOf(value.rank));
  const most = reduceMax(abs(value), axes, { keepdims: 1 });
  const unit = max([most, scalarLike(value, nothing)]);
  const lost = div(sub(value, cast(cast(value, "float16"), "float32")), unit);
  const whole = div(value, unit);
  return {
    [`d${name}`]: reduceSum(mul(lost, lost), axes, { keepdims: 0 }),
    [`s${name}`]: reduceSum(mul(whole, whole), axes, { keepdims: 0 }),
    [`m${name}`]: reduceMax(most, undefined, { keepdims: 0 }),
  };
}

function lossOf(results: NamedTensors, name: string): number {
  const numbers = (kind: string): Float32Array => {
    const tensor = results[kind + name];
    if (tensor === undefined) throw new TypeError(`The engine gave no "${kind + name}".`);
    return fromTensor(tensor).data as Float32Array;
  };
  const [squares, wholes] = [numbers("d"), numbers("s")];
  if (!((numbers("m")[0] ?? 0) <= largest)) return Infinity;
  return meanShare(squares.length, (channel) => [squares[channel] ?? 0, wholes[channel] ?? 0]);
}

function lossOfWeight({ dims, data }: TensorData<"float32">): number {
  const channels = dims.length > 1 ? (dims[0] ?? 1) : 1;
  const size = data.length / channels;
  const halves = halfToFloat32(float32ToHalf(data));
  return meanShare(channels, (channel) => {
    let [lost, whole] = [0, 0];
    for (let at = channel * size; at < (channel + 1) * size; at++) {
      lost += ((data[at] ?? 0) - (halves[at] ?? 0)) ** 2;
      whole += (data[at] ?? 0) ** 2;
    }
    return [lost, whole];
  });
}

/** @param of squares of what a channel loses, and all of its squares */
function meanShare(channels: number, of: (channel: number) => readonly [number, number]): number {
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) {
    const [lost, whole] = of(channel);
    sum += whole === 0 ? 0 : Math.min(1, lost / whole);
  }
  return sum / Math.max(1, channels);
}
