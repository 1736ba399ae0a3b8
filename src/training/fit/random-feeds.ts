import type { Dim } from "../../graph/shape.js";
import { draw } from "../../nn/context.js";
import { float32 } from "../../onnx/tensor-data.js";
import type { OngoingStreams } from "../../random/ongoing-streams.js";
import { type Tensor, toTensor } from "../../runtime/runtime.js";
import type { RandomInput } from "../programs/trace.js";

/** The name of random numbers among the inputs of a program, and of the stream that a step draws them from. */
export function randomLabel({ stream }: RandomInput): string {
  return `random/${stream}`;
}

/** An extent for a batch: its size, or a multiple of it, such as `"81*N"`. */
function extentFor(dim: Dim, batch: number): number {
  if (typeof dim === "number") return dim;
  return dim.split("*").reduce((product, part) => product * (/^\d+$/.test(part) ? Number(part) : batch), 1);
}

/**
 * Random numbers for a batch, by the names of a program's inputs.
 *
 * @param batch number of samples
 * @param prefix stands before the names of the streams: those of inference leave the training's where they are
 */
export function randomFeeds(
  randoms: readonly RandomInput[],
  streams: OngoingStreams,
  batch: number,
  prefix: "" | "inference/" = "",
): Record<string, Tensor> {
  const feeds = randoms.map((random): [string, Tensor] => {
    const label = randomLabel(random);
    const dims = random.value.shape.map((dim) => extentFor(dim, batch));
    const data = new Float32Array(dims.reduce((product, extent) => product * extent, 1));
    draw(random.distribution, streams.of(`${prefix}${label}`), data);
    return [label, toTensor(float32(data, dims))];
  });
  return Object.fromEntries(feeds);
}
