import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradients } from "../../src/autodiff/gradients.js";
import { inputsOf, nodesInOrder } from "../../src/graph/graph.js";
import { dimProduct } from "../../src/graph/shape.js";
import { input, type Node, type Value } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { constant } from "../../src/graph/value.js";
import * as activations from "../../src/ops/activations.js";
import { type CancelOptions, cancelTransposes } from "../../src/passes/cancel-transposes.js";
import { greater, where } from "../../src/ops/comparison.js";
import { conv } from "../../src/ops/convolution.js";
import * as elementwise from "../../src/ops/elementwise.js";
import { concat } from "../../src/ops/joining.js";
import { pad } from "../../src/ops/slicing.js";
import { transpose } from "../../src/ops/layout.js";
import { lowerConvolutions } from "../../src/passes/lower-convolutions.js";
import { standardize } from "../../src/ops/normalization.js";
import { maxPool } from "../../src/ops/pooling.js";
import { prepare } from "../../src/passes/prepare.js";
import { reduceMax, reduceMean } from "../../src/ops/reduction.js";
import { reshapeTo } from "../../src/ops/reshape.js";
import { Generator } from "../../src/random/generator.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { type NamedTensors, toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";

const runtime = createNodeRuntime({ threads: 1 });

function count(values: readonly Value[], op: string): number {
  return nodesInOrder(values).filter((node) => node.op === op).length;
}

/** How many elements the Transposes move. */
function moved(values: readonly Value[]): number {
  return nodesInOrder(values)
    .filter(({ op }) => op === "Transpose")
    .reduce((sum, { outputs: [output] }) => sum + Number(dimProduct(output?.shape ?? [])), 0);
}

async function run(outputs: Readonly<Record<string, Value>>, feeds: NamedTensors): Promise<Record<string, number[]>> {
  const session = await createSession(runtime, outputs);
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  );
}

function random(dims: readonly number[], seed: number): ReturnType<typeof toTensor> {
  const data = new Generator(seed).uniformInto(new Float32Array(dims.reduce((size, extent) => size * extent, 1)));
  return toTensor(float32(data, dims));
}

describe("cancelTransposes", () => {
  const permutations = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom(
        "transpose",
        "transpose",
        "unary",
        "binary",
        "scalar",
        "channel",
        "where",
        "reshape",
        "concat",
        "mean",
        "max",
        "standardize",
      ),
      perm: permutations,
      a: fc.nat(),
      b: fc.nat(),
    }),
    { minLength: 3, maxLength: 14 },
  );

  type Drawn = typeof steps extends fc.Arbitrary<infer T> ? T : never;

  /** A random graph on a pool of values, of which every step uses earlier ones. */
  function build(start: readonly Value[], drawn: Drawn): Value[] {
    const pool = [...start];
    for (const { kind, perm, a, b } of drawn) {
      const x = pool[a % pool.length];
      if (x === undefined) continue;
      const alike = pool.filter(({ shape }) => shape.join() === x.shape.join());
      const y = alike[b % alike.length] ?? x;
      const last = x.shape.at(-1);
      const numbers = Array.from({ length: Number(last) }, (_, index) => index - 1);
      const made = {
        transpose: () => transpose(x, { perm }),
        unary: () => (b % 2 === 0 ? activations.relu(x) : activations.tanh(x)),
        binary: () => (b % 2 === 0 ? elementwise.add(x, y) : elementwise.mul(x, y)),
        scalar: () => elementwise.clip(x, -0.5, 0.75),
        channel: () =>
          elementwise.add(x, constant(float32(numbers, b % 2 === 0 ? [numbers.length] : [numbers.length]))),
        where: () => where(greater(x, y), y, elementwise.neg(x)),
        reshape: () => reshapeTo(reshapeTo(x, [dimProduct(x.shape)]), b % 2 === 0 ? x.shape : [...x.shape].reverse()),
        concat: () => concat([x, y], { axis: b % 4 }),
        mean: () => elementwise.sub(x, reduceMean(x, [b % 4], { keepdims: 1 })),
        standardize: () => {
          const axes = [b % 4, (b + 1) % 4];
          const dims = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : Number(dim)));
          const parameter = (from: number): Value =>
            constant(
              float32(
                Float32Array.from({ length: Number(dimProduct(dims)) }, (_, i) => (i % 5) + from),
                dims,
              ),
            );
          return standardize(x, parameter(1), parameter(-2), { axes, epsilon: 0.5 });
        },
        max: () => elementwise.sub(x, reduceMax(x, [b % 4, (b + 1) % 4], { keepdims: 1 })),
      }[kind]();
      if (Number(dimProduct(made.shape)) < 1000) pool.push(made);
    }
    return pool.slice(start.length);
  }

  /** A random graph's numbers before and after, and the elements that move. */
  async function compareRandom(drawn: Drawn, seed: number, options: CancelOptions): Promise<[number[], number[]][]> {
    const x = input("x", "float32", [2, 3, 4, 5]);
    const y = input("y", "float32", [2, 4, 5, 3]);
    const before = build([x, y, transpose(y, { perm: [0, 3, 1, 2] })], drawn).slice(-3);
    if (before.length === 0) return [];
    const after = before.map(cancelTransposes(before, options));
    expect(moved(after)).toBeLessThanOrEqual(moved(before));
    expect(after.map(({ shape }) => shape)).toEqual(before.map(({ shape }) => shape));
    const feeds = { x: random([2, 3, 4, 5], seed), y: random([2, 4, 5, 3], seed + 1) };
    const numbers = async (values: readonly Value[]): Promise<Record<string, number[]>> => {
      const used = new Set(inputsOf(values));
      return run(Object.fromEntries(values.map((value, index) => [`v${index}`, value])), {
        ...(used.has(x) ? { x: feeds.x } : {}),
        ...(used.has(y) ? { y: feeds.y } : {}),
      });
    };
    const [old, renewed] = [await numbers(before), await numbers(after)];
    return Object.entries(old).map(([name, list]) => [list, renewed[name] ?? []]);
  }

  test("random graphs give the same numbers to the last bit, and move no more elements", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat({ max: 1000 }), async (drawn, seed) => {
        for (const [before, after] of await compareRandom(drawn, seed, {})) expect(after).toEqual(before);
      }),
      { numRuns: 150, seed: 7, endOnFailure: true },
    );
  });

  test("where sums may be reordered, the numbers are the same but for rounding", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat({ max: 1000 }), async (drawn, seed) => {
        for (const [before, after] of await compareRandom(drawn, seed, { reorderSums: true })) {
          before.forEach((number, index) => {
            expect(Math.abs(number - (after[index] ?? NaN))).toBeLessThan(1e-4 * (1 + Math.abs(number)));
          });
        }
      }),
      { numRuns: 100, seed: 8, endOnFailure: true },
    );
  });

  const nhwc = [0, 2, 3, 1];
  const nchw = [0, 3, 1, 2];

  test("a Transpose sinks through a residual connection and an activation to the one that undoes it", () => {
    const x = input("x", "float32", ["N", 9, 9, 8]);
    const y = input("y", "float32", ["N", 9, 9, 8]);
    const bias = input("bias", "float32", [8]);
    const sum = elementwise.add(transpose(x, { perm: nchw }), transpose(y, { perm: nchw }));
    const swish = elementwise.mul(sum, activations.sigmoid(sum));
    const out = transpose(elementwise.add(swish, reshapeTo(bias, [8, 1, 1])), { perm: nhwc });
    expect(count([cancelTransposes([out])(out)], "Transpose")).toBe(0);
  });

  test("a batch normalization that computes its mean does not stand in the way where sums may be reordered", () => {
    const x = transpose(input("x", "float32", ["N", 9, 9, 8]), { perm: nchw });
    const mean = reduceMean(x, [0, 2, 3], { keepdims: 1 });
    const out = transpose(activations.relu(elementwise.sub(x, mean)), { perm: nhwc });
    expect(count([cancelTransposes([out])(out)], "Transpose")).toBe(1);
    expect(count([cancelTransposes([out], { reorderSums: true })(out)], "Transpose")).toBe(0);
  });

  test("stays where it would have to be done twice", () => {
    const x = transpose(input("x", "float32", [2, 3, 4, 5]), { perm: nchw });
    const outputs = [activations.relu(x), activations.tanh(x)];
    const renew = cancelTransposes(outputs);
    expect(count(outputs.map(renew), "Transpose")).toBe(1);
  });

  test("Reshapes in a row become one, and none where the shape comes back", () => {
    const x = input("x", "float32", ["N", 9, 9, 8]);
    const rows = reshapeTo(x, [dimProduct(["N", 9, 9]), 8]);
    const back = reshapeTo(rows, ["N", 9, 9, 8]);
    const other = reshapeTo(rows, ["N", 81, 8]);
    const renew = cancelTransposes([back, other]);
    expect(renew(back)).toBe(x);
    expect(count([renew(other)], "Reshape")).toBe(1);
  });
});

describe("lowerConvolutions", () => {
  /** Three 3×3 layers, the last one with a stride, with Keras's kernels, pooling behind them, and the mean as a loss. */
  function network(size: number): { loss: Value; weights: Value[]; x: Value } {
    const x = input("x", "float32", ["N", 4, size, size]);
    const weights: Value[] = [];
    const layer = (value: Value, name: string, from: number, to: number, strides: readonly number[]): Value => {
      const kernel = input(`${name}_kernel`, "float32", [3, 3, from, to]);
      const bias = input(`${name}_bias`, "float32", [to]);
      weights.push(kernel, bias);
      return activations.relu(
        conv(value, transpose(kernel, { perm: [3, 2, 0, 1] }), bias, { pads: [1, 1, 1, 1], strides }),
      );
    };
    const features = layer(layer(layer(x, "a", 4, 6, [1, 1]), "b", 6, 5, [1, 1]), "c", 5, 4, [2, 2]);
    const pooled = maxPool(features, { kernel_shape: [2, 2], strides: [2, 2] });
    return { loss: reduceMean(elementwise.mul(pooled, pooled), undefined, { keepdims: 0 }), weights, x };
  }

  function lowered(loss: Value): Value {
    const low = lowerConvolutions([loss], { learned: true })(loss);
    return cancelTransposes([low])(low);
  }

  /** Checks that loss and gradients stay what they are. */
  async function expectSame(loss: Value, wanted: readonly Value[]): Promise<void> {
    const training = (value: Value): Record<string, Value> =>
      Object.fromEntries([
        ["loss", value] as const,
        ...gradients(value, wanted).map((gradient, index) => [`g${index}`, gradient] as const),
      ]);
    const feeds = Object.fromEntries(
      wanted.map((value, index) => [
        value.source.kind === "input" ? value.source.name : "",
        random(
          value.shape.map((dim) => (typeof dim === "number" ? dim : 3)),
          index,
        ),
      ]),
    );
    const before = await run(training(loss), feeds);
    const after = await run(training(lowered(loss)), feeds);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [name, numbers] of Object.entries(before)) {
      const scale = Math.max(...numbers.map(Math.abs));
      after[name]?.forEach((number, index) => {
        expect(Math.abs(number - (numbers[index] ?? 0))).toBeLessThan(2e-5 * scale);
      });
    }
  }

  test("gives the same loss and gradients", async () => {
    const { loss, weights, x } = network(9);
    await expectSame(loss, [...weights, x]);
  });

  test.each([
    { size: 7, kernel: 5, attributes: { pads: [2, 2, 2, 2] } },
    { size: 8, kernel: 3, attributes: { pads: [0, 1, 1, 0], strides: [2, 2] } },
    { size: 7, kernel: 2, attributes: { pads: [1, 1, 1, 1], dilations: [2, 3] } },
  ])("writes a depthwise convolution over a small map as products: %j", async ({ size, kernel, attributes }) => {
    const x = input("x", "float32", ["N", 6, size, size]);
    const w = input("w", "float32", [6, 1, kernel, kernel]);
    const b = input("b", "float32", [6]);
    const y = conv(x, w, b, { group: 6, ...attributes });
    const loss = reduceMean(elementwise.mul(y, y), undefined, { keepdims: 0 });
    expect(count([lowered(loss)], "Conv")).toBe(0);
    expect(count([lowerConvolutions([loss], { learned: false })(loss)], "Conv")).toBe(1);
    await expectSame(loss, [w, b, x]);
  });

  test("leaves depthwise convolutions over larger maps", () => {
    const x = input("x", "float32", ["N", 6, 9, 9]);
    const y = conv(x, input("w", "float32", [6, 1, 3, 3]), undefined, { group: 6, pads: [1, 1, 1, 1] });
    expect(count([lowered(y)], "Conv")).toBe(1);
  });

  test("takes margins of zeros in front of a convolution into it, and leaves all others", async () => {
    const x = input("x", "float32", ["N", 2, 6, 5]);
    const w = input("w", "float32", [3, 2, 3, 3]);
    const padded = pad(x, [0, 0, 1, 0, 0, 0, 2, 1]);
    const others = [pad(x, [0, 1, 1, 1, 0, 0, 1, 1]), pad(x, [0, 0, 1, 1, 0, 0, 1, 1], { mode: "reflect" })];
    const wide = input("v", "float32", [3, 3, 3, 3]);
    const outputs = [
      conv(padded, w, undefined, { strides: [2, 2], pads: [0, 1, 0, 0] }),
      conv(others[0] ?? x, wide, undefined, { strides: [2, 2] }),
      conv(others[1] ?? x, w, undefined, { strides: [2, 2] }),
    ];
    const low = outputs.map(lowerConvolutions(outputs, { learned: true }));
    expect(low.map((value) => count([value], "Pad"))).toEqual([0, 1, 1]);
    const feeds = { x: random([2, 2, 6, 5], 1), w: random([3, 2, 3, 3], 2), v: random([3, 3, 3, 3], 3) };
    const named = (values: readonly Value[]): Record<string, Value> =>
      Object.fromEntries(values.map((value, index) => [`y${index}`, value]));
    expect(low.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
    expect(await run(named(low), feeds)).toEqual(await run(named(outputs), feeds));
  });

  test("leaves one im2col for the forward pass and the weight gradient of a 3×3 layer, and one of dy", () => {
    const x = input("x", "float32", ["N", 8, 9, 9]);
    const kernel = input("kernel", "float32", [3, 3, 8, 6]);
    const y = conv(x, transpose(kernel, { perm: [3, 2, 0, 1] }), undefined, { pads: [1, 1, 1, 1] });
    const loss = lowered(reduceMean(elementwise.mul(y, y), undefined, { keepdims: 0 }));
    const trained = (wanted: readonly Value[]): Node[] =>
      nodesInOrder(Object.values(prepare(Object.fromEntries([loss, ...gradients(loss, wanted)].entries()))));
    const concats = (nodes: readonly Node[]): number => nodes.filter(({ op }) => op === "Concat").length;
    expect(concats(trained([kernel]))).toBe(1);
    expect(concats(trained([kernel, x]))).toBe(2);
    // The kernel lies as the products need it.
    expect(trained([kernel]).filter(({ op, inputs }) => op === "Transpose" && inputs[0] === kernel)).toEqual([]);
  });

  test("rewrites only what it is asked for, small maps, one group or one a channel, no dilation and no stride", () => {
    const x = input("x", "float32", ["N", 4, 32, 32]);
    const small = input("s", "float32", ["N", 4, 8, 8]);
    const w = input("w", "float32", [4, 4, 3, 3]);
    const grouped = input("g", "float32", [4, 2, 3, 3]);
    const large = conv(x, w);
    const outputs = [
      large,
      conv(small, w, undefined, { strides: [2, 2] }),
      conv(small, grouped, undefined, { group: 2 }),
      conv(small, w, undefined, { dilations: [2, 2] }),
    ];
    expect(count(outputs.map(lowerConvolutions(outputs, { learned: true })), "Conv")).toBe(4);
    const plain = conv(small, w);
    expect(count([lowerConvolutions([plain], { learned: false })(plain)], "Conv")).toBe(1);
    expect(count([lowerConvolutions([plain], { learned: true })(plain)], "ConvHwnc")).toBe(1);
  });
});
