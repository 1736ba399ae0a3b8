import { expect, test } from "vitest";
import { constant, input, type Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { relu } from "../../../ops/activations.js";
import { conv } from "../../../ops/convolution.js";
import { add, mul } from "../../../ops/elementwise.js";
import { matmul } from "../../../ops/matmul.js";
import { reduceMean } from "../../../ops/reduction.js";
import { softmax } from "../../../ops/softmax.js";
import { createNodeRuntime } from "../../../runtime/node/runtime.js";
import { toTensor } from "../../../runtime/runtime.js";
import { createSession } from "../../../runtime/session.js";
import { Effort } from "../effort.js";
import type { ClassifierNetwork } from "../exportable.js";
import { halfNetwork } from "./half.js";

const runtime = createNodeRuntime({ threads: 1 });
const size = 8;

function weights(dims: readonly number[], scale: number): Value {
  const length = dims.reduce((product, extent) => product * extent, 1);
  return constant(
    float32(
      Float32Array.from({ length }, (_, index) => scale * Math.sin(index * 1.7 + length)),
      dims,
    ),
  );
}

/**
 * A classifier of 3 classes, of three convolutions.
 *
 * @param scale of the numbers behind the second convolution, which the third one takes back
 * @param common a number that all features have in common, and that cancels in the logits
 */
function classifier(scale: number, common = 0): ClassifierNetwork {
  const pixels = input("pixels", "float32", ["N", 3, size, size]);
  const normalized = mul(pixels, constant(float32([1 / 255], [])));
  const pads = [1, 1, 1, 1];
  const first = relu(conv(normalized, weights([8, 3, 3, 3], 0.4), undefined, { pads }));
  const second = relu(conv(first, weights([8, 8, 3, 3], 0.2 * scale), undefined, { pads }));
  const third = add(
    conv(second, weights([8, 8, 3, 3], 0.4 / scale), undefined, { pads }),
    constant(float32([common], [1, 1, 1, 1])),
  );
  const features = reduceMean(third, [2, 3], { keepdims: 0 });
  const logits = matmul(add(features, constant(float32([-common], [1]))), weights([8, 3], 3));
  const probabilities = softmax(logits, { axis: 1 });
  return {
    framing: { size },
    pixels,
    standardization: { bgr: false, scale: [1 / 255, 1 / 255, 1 / 255], offset: [0, 0, 0] },
    ...{ normalized, probabilities, logits, distance: undefined },
  };
}

async function said({ pixels, probabilities }: ClassifierNetwork): Promise<number[]> {
  expect(pixels.source.kind).toBe("input");
  const session = await createSession(runtime, { probabilities });
  const data = Float32Array.from({ length: 3 * size * size }, (_, index) => (index * 37) % 256);
  const { probabilities: found } = await session.run({ pixels: toTensor(float32(data, [1, 3, size, size])) });
  await session.release();
  return Array.from(found?.data as Float32Array);
}

test("a network whose numbers suit half precision has it everywhere", async () => {
  const progress: [number, number][] = [];
  const effort = new Effort((done, total) => progress.push([done, total]));
  const { float32: left } = await halfNetwork(runtime, classifier(1), undefined, effort);
  expect(left).toEqual([]);
  expect(progress.every(([done, total]) => done <= total)).toBe(true);
  const [done, total] = progress.at(-1) ?? [];
  expect(done).toBe(total);
});

test.each([1e-8, 1e8])("nodes whose numbers are about %d stay float32, and the others do not", async (scale) => {
  const exact = classifier(scale);
  const { network, rounded, float32: left } = await halfNetwork(runtime, exact, undefined, new Effort(() => undefined));
  expect(left).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^convolution 2 \(3×3, 8 → 8\)$/),
      expect.stringMatching(/^convolution 3/),
    ]),
  );
  expect(left.some((name) => name.startsWith("convolution 1"))).toBe(false);
  const before = await said(exact);
  for (const half of [network, rounded]) {
    for (const [index, value] of (await said(half)).entries()) {
      expect(Math.abs(value - (before[index] ?? Number.NaN))).toBeLessThan(0.005);
    }
  }
});

test("where 11 bits are too few, whichever node has them, that is found on the photos", async () => {
  const exact = classifier(1, 300);
  const { rounded, float32: left } = await halfNetwork(runtime, exact, undefined, new Effort(() => undefined));
  expect(left).toContain("Add 1");
  const before = await said(exact);
  for (const [index, value] of (await said(rounded)).entries()) {
    expect(Math.abs(value - (before[index] ?? Number.NaN))).toBeLessThan(0.02);
  }
});

test("what cannot be read is refused", async () => {
  const photos = [{ path: "nowhere.png", classIndex: 0 }];
  const attempt = halfNetwork(runtime, classifier(1), photos, new Effort(() => undefined));
  await expect(attempt).rejects.toThrow(UsageError);
});
