import { expect, test } from "vitest";
import { EngineError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { scalar } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { CopiesSession, divideCores } from "./copies.js";
import { fromTensor, toTensor, useOnce } from "../runtime.js";
import { graphBytes } from "../session.js";

const x = input("x", "float32", ["N", 2]);
const y = input("y", "float32", ["N", 2]);
const graph = graphBytes({ product: mul(x, y), sum: add(x, scalar("float32", 1)) });
const division = { copies: 2, cores: 1 };

const [small, large, huge] = [100e6, 400e6, 5e9];

test.each([
  { bytes: small, cores: 1, expected: { copies: 1, cores: 1 } },
  { bytes: small, cores: 2, expected: { copies: 2, cores: 1 } },
  { bytes: large, cores: 4, expected: { copies: 4, cores: 1 } },
  { bytes: large, cores: 12, expected: { copies: 5, cores: 2 } },
  { bytes: small, cores: 64, expected: { copies: 16, cores: 4 } },
  { bytes: huge, cores: 8, expected: { copies: 1, cores: 8 } },
])("$cores cores and $bytes bytes a copy in 16 GB: $expected.copies copies", ({ bytes, cores, expected }) => {
  expect(divideCores(bytes, cores, 16e9)).toEqual(expected);
});

test("copies give what one session gives, several runs at once, also of views into larger arrays", async () => {
  const session = await CopiesSession.create(graph, division);
  expect(session.atOnce).toBe(2);
  expect(session.inputNames).toEqual(["x", "y"]);
  expect(session.outputNames).toEqual(["product", "sum"]);
  const whole = Float32Array.from({ length: 40 }, (_, index) => index);
  const runs = Array.from({ length: 10 }, (_, run) =>
    session.run({
      x: toTensor(float32(whole.subarray(4 * run, 4 * run + 4), [2, 2])),
      y: toTensor(float32([2, 2, 3, 3], [2, 2])),
    }),
  );
  for (const [run, { product, sum }] of (await Promise.all(runs)).entries()) {
    const [a = 0, b = 0, c = 0, d = 0] = whole.subarray(4 * run, 4 * run + 4);
    expect(product && fromTensor(product)).toMatchObject({
      dims: [2, 2],
      data: float32([2 * a, 2 * b, 3 * c, 3 * d], [4]).data,
    });
    expect(sum && fromTensor(sum).data).toEqual(Float32Array.of(a + 1, b + 1, c + 1, d + 1));
  }
  // What was fed can be fed again.
  expect(whole[39]).toBe(39);
  await session.release();
});

test("memory that is used once is handed over, unless it is part of something larger", async () => {
  const session = await CopiesSession.create(graph, division);
  const [whole, larger] = [Float32Array.of(1, 2), Float32Array.of(5, 6, 7, 8)];
  const given = useOnce(toTensor(float32(whole, [1, 2])));
  const part = useOnce(toTensor(float32(larger.subarray(0, 2), [1, 2])));
  expect((await session.run({ x: given, y: part }))["product"]?.data).toEqual(Float32Array.of(5, 12));
  expect(whole.byteLength).toBe(0);
  expect([...larger]).toEqual([5, 6, 7, 8]);
  await session.release();
});

test("what the engine refuses is an EngineError, and further runs are done", async () => {
  await expect(CopiesSession.create(Uint8Array.of(1, 2, 3), division)).rejects.toThrow(EngineError);
  const session = await CopiesSession.create(graph, division);
  const two = toTensor(float32([1, 2], [1, 2]));
  await expect(session.run({ x: two, y: toTensor(float32([1, 2, 3], [1, 3])) })).rejects.toThrow(/refused|failed/);
  expect((await session.run({ x: two, y: two }))["product"]?.data).toEqual(Float32Array.of(1, 4));
  await session.release();
});
