import { expect, test } from "vitest";
import { nodesInOrder } from "../../src/graph/graph.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { conv } from "../../src/ops/convolution.js";
import { averagePool, maxPool } from "../../src/ops/pooling.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { Tensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";
import { explicitMargins } from "../../src/passes/explicit-margins.js";

const runtime = createNodeRuntime({ threads: 1 });

async function run(y: Value, x: Tensor): Promise<number[]> {
  const session = await createSession(runtime, { y });
  const { y: found } = await session.run({ x });
  await session.release();
  return Array.from(found?.data as Float32Array);
}

const kernel = constant(
  float32(
    Float32Array.from({ length: 2 * 3 * 9 }, (_, index) => Math.sin(index)),
    [2, 3, 3, 3],
  ),
);

test.each(["SAME_UPPER", "SAME_LOWER", "VALID"])(
  "%s as numbers gives the same",
  async (rule) => {
    for (const [height, width, stride] of [
      [12, 12, 2],
      [11, 14, 2],
      [9, 8, 1],
    ] as const) {
      const x = input("x", "float32", ["N", 3, height, width]);
      const window = { kernel_shape: [3, 3], strides: [stride, stride], auto_pad: rule };
      const y = averagePool(maxPool(conv(x, kernel, undefined, window), { ...window, strides: [1, 1] }), {
        ...window,
        strides: [1, 1],
        kernel_shape: [2, 2],
      });
      const data = Float32Array.from({ length: 2 * 3 * height * width }, (_, index) => Math.cos(index * 2.1));
      const numbers = explicitMargins([y])(y);
      expect(nodesInOrder([numbers]).map(({ attributes }) => attributes["auto_pad"])).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      const photo = new Tensor("float32", data, [2, 3, height, width]);
      expect(await run(numbers, photo)).toEqual(await run(y, photo));
    }
  },
  20_000,
);

test("margins that are numbers stay as they are", () => {
  const given = conv(input("x", "float32", ["N", 3, 8, 8]), kernel, undefined, { pads: [1, 1, 1, 1] });
  expect(explicitMargins([given])(given)).toBe(given);
});
