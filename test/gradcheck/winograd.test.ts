import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradients } from "../../src/autodiff/gradients.js";
import { nodesInOrder } from "../../src/graph/graph.js";
import { dimProduct } from "../../src/graph/shape.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { relu } from "../../src/ops/activations.js";
import { cancelTransposes } from "../../src/passes/cancel-transposes.js";
import { conv, convGeometry } from "../../src/ops/convolution.js";
import { mul } from "../../src/ops/elementwise.js";
import { transpose } from "../../src/ops/layout.js";
import { choiceDepends, lowerConvolutions } from "../../src/passes/lower-convolutions.js";
import { transposeMerged } from "../../src/passes/merge-axes.js";
import { maxPool, type PoolAttributes } from "../../src/ops/pooling.js";
import { maxPoolHwnc } from "../../src/passes/pooling-hwnc.js";
import { prepare } from "../../src/passes/prepare.js";
import { reduceSum } from "../../src/ops/reduction.js";
import { reshapeTo } from "../../src/ops/reshape.js";
import { elementWorkFor, elementWorks, usualElementWork, winogradTile } from "../../src/passes/tile-choice.js";
import { windowOf } from "../../src/ops/window.js";
import { transformsOf, winogradConv } from "../../src/passes/winograd.js";
import { Generator } from "../../src/random/generator.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { type NamedTensors, toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";
import { check } from "./check.js";

const runtime = createNodeRuntime({ threads: 1 });
const swapped = { perm: [2, 3, 0, 1] };
const plain = { strides: [1, 1], dilations: [1, 1] };

async function run(outputs: Readonly<Record<string, Value>>, feeds: NamedTensors): Promise<Record<string, number[]>> {
  const session = await createSession(runtime, outputs);
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  );
}

function random(dims: readonly number[], seed: number): ReturnType<typeof toTensor> {
  const data = new Generator(seed).normalInto(new Float32Array(dims.reduce((size, extent) => size * extent, 1)));
  return toTensor(float32(data, dims));
}

/** The largest difference, as a share of the largest number. */
function difference(found: readonly number[] = [], expected: readonly number[] = []): number {
  expect(found).toHaveLength(expected.length);
  const largest = expected.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
  return found.reduce((most, number, index) => Math.max(most, Math.abs(number - (expected[index] ?? 0))), 0) / largest;
}

/** A convolution by tiles, with `Conv`'s order of axes. */
function byTiles(x: Value, w: Value, b: Value | undefined, pads: readonly number[], tile: number): Value {
  const turned = transpose(w, { perm: [2, 3, 1, 0] });
  const matrix = reshapeTo(turned, [dimProduct(turned.shape.slice(0, 3)), turned.shape[3] ?? 1]);
  const window = convGeometry(x, w, { pads });
  return transpose(winogradConv(transpose(x, swapped), matrix, b, window, tile), swapped);
}

const shapes = fc.record({
  tile: fc.constantFrom(2, 3, 4),
  batch: fc.integer({ min: 1, max: 3 }),
  image: fc.array(fc.integer({ min: 3, max: 11 }), { minLength: 2, maxLength: 2 }),
  pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  channels: fc.integer({ min: 1, max: 4 }),
  outputs: fc.integer({ min: 1, max: 4 }),
  bias: fc.boolean(),
});

describe("a convolution by tiles", () => {
  test.each([2, 3, 4])("has transforms of tile %i that multiply polynomials exactly", (m) => {
    const { pixels, kernel, outputs } = transformsOf(m);
    const g = [1, -2, 3];
    const d = Array.from({ length: m + 2 }, (_, index) => 1 + index ** 2);
    const dot = (row: readonly number[], column: readonly number[]): number =>
      row.reduce((sum, number, index) => sum + number * (column[index] ?? 0), 0);
    const products = pixels.map((row, place) => dot(row, d) * dot(kernel[place] ?? [], g));
    const y = outputs.map((row) => dot(row, products));
    const expected = y.map((_, index) => dot(g, d.slice(index, index + 3)));
    y.forEach((number, index) => {
      expect(number).toBeCloseTo(expected[index] ?? 0, 10);
    });
  });

  // In float64, where nothing but a wrong formula can differ.
  test("has the derivatives that finite differences show, in any shape", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async ({ tile, batch, image, pads, channels, outputs, bias }, seed) => {
        const linear = true;
        const mismatches = await check(
          runtime,
          {
            inputs: [
              { dims: [batch, channels, ...image], shape: ["N", channels, ...image], linear },
              { dims: [outputs, channels, 3, 3], linear },
              ...(bias ? [{ dims: [outputs], linear }] : []),
            ],
            build: (x, w, b) => byTiles(x, w, b, pads, tile),
          },
          seed,
        );
        expect(mismatches).toEqual([]);
      }),
      { numRuns: 30, seed: 20261125, endOnFailure: true },
    );
  });

  test("gives what Conv gives, in any shape", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async ({ tile, batch, image, pads, channels, outputs, bias }, seed) => {
        const x = input("x", "float32", ["N", channels, ...image]);
        const w = input("w", "float32", [outputs, channels, 3, 3]);
        const b = bias ? input("b", "float32", [outputs]) : undefined;
        const feeds = {
          x: random([batch, channels, ...image], seed),
          w: random([outputs, channels, 3, 3], seed + 1),
          ...(bias ? { b: random([outputs], seed + 2) } : {}),
        };
        const { conv: expected, tiles } = await run(
          { conv: conv(x, w, b, { pads }), tiles: byTiles(x, w, b, pads, tile) },
          feeds,
        );
        // A few rounding errors more than a plain sum has.
        expect(difference(tiles, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 30, seed: 20261125, endOnFailure: true },
    );
  });

  // The size at which it is used: 1e-5 of the largest output is a tenth of the tolerance that golden values have.
  test.each([2, 3, 4])("is as exact as float32 lets it be over 256 channels, with tiles of %i", async (tile) => {
    const x = input("x", "float32", [2, 256, 14, 14]);
    const w = input("w", "float32", [64, 256, 3, 3]);
    const pads = [1, 1, 1, 1];
    const feeds = { x: random([2, 256, 14, 14], 1), w: random([64, 256, 3, 3], 2) };
    const outputs = { conv: conv(x, w, undefined, { pads }), tiles: byTiles(x, w, undefined, pads, tile) };
    const { conv: expected, tiles } = await run(outputs, feeds);
    expect(difference(tiles, expected)).toBeLessThan(1e-5);
  });

  test("is chosen for 3×3 kernels with many channels, and for no others", () => {
    const window = (extent: number): Parameters<typeof winogradTile>[0] =>
      windowOf("Conv", ["N", 1, extent, extent], [3, 3], { pads: [1, 1, 1, 1] });
    expect(winogradTile(window(37), [256, 256], false)).toBe(4);
    expect(winogradTile(window(9), [512, 512], true)).toBe(3);
    expect(winogradTile(window(150), [3, 64], false)).toBeUndefined();
    expect(winogradTile({ ...window(37), strides: [2, 2] }, [256, 256], false)).toBeUndefined();
    expect(winogradTile({ ...window(37), dilations: [2, 2] }, [256, 256], false)).toBeUndefined();
    expect(winogradTile(windowOf("Conv", ["N", 1, 37, 37], [5, 5], {}), [256, 256], false)).toBeUndefined();
    expect(winogradTile({ ...window(37), ...plain, output: ["H", "W"] }, [256, 256], false)).toBeUndefined();
  });

  test("is chosen for fewer layers where moving elements takes longer, and the machine's rate follows from a measurement", () => {
    const window = windowOf("Conv", ["N", 1, 36, 36], [3, 3], { pads: [1, 1, 1, 1] });
    const [fast = 0, ...slower] = elementWorks;
    expect(winogradTile(window, [64, 64], false, fast)).toBe(4);
    for (const work of slower.slice(1)) expect(winogradTile(window, [64, 64], false, work)).toBeUndefined();
    // Measured here: 6.1 ms by tiles against 6.5 ms as convolutions.
    expect(elementWorkFor(36, 64, 6.1 / 6.5)).toBe(usualElementWork);
    expect(elementWorkFor(36, 64, 0.9)).toBe(usualElementWork);
    expect(elementWorkFor(36, 64, 4)).toBe(elementWorks.at(-1));
    expect(elementWorkFor(36, 64, 0.01)).toBe(fast);
  });

  test("depends on the machine for layers in between that take a while, and for no others", () => {
    const layer = (channels: number, extent: number, batch: string | number = "N"): Value => {
      const x = input("x", "float32", [batch, channels, extent, extent]);
      return relu(conv(x, input("w", "float32", [channels, channels, 3, 3]), undefined, { pads: [1, 1, 1, 1] }));
    };
    expect(choiceDepends([layer(64, 72)], elementWorks)).toBe(true);
    expect(choiceDepends([layer(64, 6)], elementWorks)).toBe(false);
    expect(choiceDepends([layer(3, 100)], elementWorks)).toBe(false);
    expect(choiceDepends([layer(2000, 36)], elementWorks)).toBe(false);
  });
});

describe("lowering of a network's frozen part", () => {
  const image = (channels: number, extent: number): Value => input("x", "float32", ["N", channels, extent, extent]);
  const weight = (outputs: number, channels: number, seed: number): Value => {
    const { data, dims } = random([outputs, channels, 3, 3], seed);
    return constant(
      float32(
        (data as Float32Array).map((number) => number / Math.sqrt(9 * channels)),
        dims,
      ),
    );
  };
  const layer = (x: Value, w: Value): Value => relu(conv(x, w, undefined, { pads: [1, 1, 1, 1] }));
  const pooled = (x: Value): Value => maxPool(x, { kernel_shape: [2, 2], strides: [2, 2] });

  test("leaves one Transpose in and one out around layers and pooling, and the same numbers", async () => {
    const x = image(128, 16);
    const y = layer(pooled(layer(layer(x, weight(128, 128, 1)), weight(128, 128, 2))), weight(128, 128, 3));
    const products = [y].map(lowerConvolutions([y], { learned: false }));
    const lowered = products.map(cancelTransposes(products));
    const ops = nodesInOrder(Object.values(prepare({ y: lowered[0] ?? y }))).map(({ op }) => op);
    expect(ops).not.toContain("Conv");
    expect(ops).not.toContain("MaxPool");
    // Two of image and result; those of the constant kernels vanish when the session is made.
    expect(ops.filter((op) => op === "Transpose")).toHaveLength(2 + 3);
    const feeds = { x: random([3, 128, 16, 16], 5) };
    const [before, after] = [await run({ y }, feeds), await run({ y: lowered[0] ?? y }, feeds)];
    expect(difference(after["y"], before["y"])).toBeLessThan(1e-5);
  });

  test("gives a sample the same bytes in a batch of any size", async () => {
    const x = image(128, 14);
    const y = layer(pooled(layer(x, weight(128, 128, 1))), weight(128, 128, 2));
    const products = [y].map(lowerConvolutions([y], { learned: false }));
    const lowered = products.map(cancelTransposes(products))[0] ?? y;
    const all = random([7, 128, 14, 14], 3);
    const { y: together = [] } = await run({ y: lowered }, { x: all });
    const size = 128 * 14 * 14;
    for (const index of [0, 3, 6]) {
      const alone = toTensor(
        float32((all.data as Float32Array).slice(index * size, (index + 1) * size), [1, 128, 14, 14]),
      );
      const { y: one = [] } = await run({ y: lowered }, { x: alone });
      expect(one).toEqual(together.slice(index * one.length, (index + 1) * one.length));
    }
  });

  test("keeps convolutions whose constant weights the engine lays out as well as tiles would", () => {
    const x = image(8, 30);
    const y = layer(x, weight(8, 8, 1));
    const lowered = lowerConvolutions([y], { learned: false })(y);
    expect(nodesInOrder([lowered]).map(({ op }) => op)).toContain("Conv");
  });
});

describe("pooling of [H, W, N, C]", () => {
  const attributes: readonly [string, PoolAttributes][] = [
    ["2×2", { kernel_shape: [2, 2], strides: [2, 2] }],
    ["3×3 that overlap", { kernel_shape: [3, 3], strides: [2, 2] }],
    ["2×3, dilated", { kernel_shape: [2, 3], strides: [1, 2], dilations: [2, 1] }],
  ];

  test.each(attributes)("%s gives the values and the derivative of MaxPool, ties among them", async (_, given) => {
    const x = input("x", "float32", [2, 3, 7, 8]);
    const window = windowOf("MaxPool", x.shape, given.kernel_shape, given);
    const own = maxPoolHwnc(transpose(x, swapped), window);
    expect(own).toBeDefined();
    const pairs = [maxPool(x, given), transpose(own ?? x, swapped)];
    const weighted = pairs.map((y) => {
      const { data, dims } = random(y.shape.map(Number), 9);
      return reduceSum(mul(y, constant(float32(data as Float32Array, dims))), undefined, { keepdims: 0 });
    });
    const outputs = Object.fromEntries(
      pairs.flatMap((y, index) => {
        const [loss] = weighted.slice(index);
        return [[`y${index}`, y] as const, [`dx${index}`, gradients(loss ?? y, [x])[0] ?? y] as const];
      }),
    );
    // Few different numbers, so that many pixels are equal (and 0 for -0).
    const { data, dims } = random([2, 3, 7, 8], 4);
    const rough = float32(
      (data as Float32Array).map((number) => Math.round(number) + 0),
      dims,
    );
    const { y0, y1, dx0, dx1 } = await run(outputs, { x: toTensor(rough) });
    expect(y1).toEqual(y0);
    expect(difference(dx1, dx0)).toBeLessThan(1e-6);
  });

  test("is left to MaxPool where a window reaches over the image", () => {
    const x = input("x", "float32", [2, 3, 7, 7]);
    for (const given of [
      { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 0, 0, 0] },
      { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
    ]) {
      expect(
        maxPoolHwnc(transpose(x, swapped), windowOf("MaxPool", x.shape, given.kernel_shape, given)),
      ).toBeUndefined();
    }
  });
});

describe("transposes over merged axes", () => {
  test("give what Transpose gives, over fewer axes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }),
        async (perm, dims) => {
          const x = input("x", "float32", ["N", ...dims.slice(1)]);
          const merged = transposeMerged(x, perm);
          if (merged === undefined) return;
          const ranks = nodesInOrder([merged])
            .filter(({ op }) => op === "Transpose")
            .map(({ outputs: [y] }) => y?.rank ?? 9);
          expect(Math.max(...ranks)).toBeLessThan(4);
          const { before, after } = await run(
            {
              before: relu(transpose(relu(x), { perm })),
              after: relu(reshapeTo(transposeMerged(relu(x), perm) ?? x, merged.shape)),
            },
            { x: random(dims, 1) },
          );
          expect(after).toEqual(before);
        },
      ),
      { numRuns: 40, seed: 20261125 },
    );
  });

  test("swap two blocks of axes as a matrix is transposed", () => {
    const x = input("x", "float32", ["N", 8, 5, 6]);
    const [node] = nodesInOrder([transposeMerged(x, [2, 3, 0, 1]) ?? x]).filter(({ op }) => op === "Transpose");
    expect(node?.outputs[0]?.shape).toEqual([30, "8*N"]);
  });
});
