import { constant, input } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { qLinearConv } from "../../ops/quantization.js";
import { type Runtime, Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";

/** Weights of 8 bits lie from -127 to 127. */
const allLevels = 127;

/** With weights of 7 bits no sum of two products leaves 16 bits: 2 · 255 · 64 < 2¹⁵. */
const fewerLevels = 64;

/** Channels of the probe: a few of the widest registers. */
const channels = 64;

/**
 * The largest rounded weight with which a runtime adds products of 8 bits exactly. Kernels for processors without instructions
 * for such products (VNNI) add two of them in 16 bits and cut off what is larger, without a word: up to half of the sum is lost.
 * So the runtime is given the largest sum that there can be.
 *
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html (`reduce_range`)
 */
export async function weightLevels(runtime: Runtime): Promise<number> {
  const scalar = (value: number): ReturnType<typeof constant> => constant(float32([value], []));
  const zero = constant({ type: "uint8", dims: [], data: Uint8Array.of(0) });
  const kernel = {
    type: "int8",
    dims: [channels, channels, 1, 1],
    data: new Int8Array(channels ** 2).fill(allLevels),
  } as const;
  /** What the largest sum is to be in the output. */
  const expected = 250;
  const y = qLinearConv(
    input("x", "uint8", [1, channels, 4, 4]),
    scalar(1),
    zero,
    constant(kernel),
    constant(float32(new Float32Array(channels).fill(1), [channels])),
    constant({ type: "int8", dims: [channels], data: new Int8Array(channels) }),
    scalar((channels * 255 * allLevels) / expected),
    zero,
    constant({ type: "int32", dims: [channels], data: new Int32Array(channels) }),
    { kernel_shape: [1, 1] },
  );
  const session = await createSession(runtime, { y });
  try {
    const x = new Tensor("uint8", new Uint8Array(channels * 16).fill(255), [1, channels, 4, 4]);
    const { y: found } = await session.run({ x });
    const exact = (found?.data as Uint8Array | undefined)?.every((value) => value === expected) === true;
    return exact ? allLevels : fewerLevels;
  } finally {
    await session.release();
  }
}
