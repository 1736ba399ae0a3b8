import { expect, test } from "vitest";
import { input } from "../graph/value.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { fromTensor, toTensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import {
  distanceGraph,
  distanceThreshold,
  type FamiliarPhotos,
  familiarPhotos,
  familiarPhotosMeasured,
} from "./familiar-photos.js";
import { foldsOf } from "./folds.js";
import { rowsOf, unitLength } from "./rows.js";

const runtime = createNodeRuntime({ threads: 1 });
const width = 32;

/** Photos around three directions of a set's own. */
function photos(count: number, set: number, seed: number): TensorData<"float32"> {
  const random = new Generator(seed);
  const data = new Float32Array(count * width);
  random.normalInto(data);
  for (let photo = 0; photo < count; photo++) {
    const direction = photo * width + 3 * set + (photo % 3);
    data[direction] = (data[direction] ?? 0) + 8;
  }
  return float32(data, [count, width]);
}

function parts(count: number): number[] {
  const photos = Array.from({ length: count }, (_, photo) => photo);
  return foldsOf(
    photos.map((photo) => photo % 3),
    photos.map(String),
    new Generator(1),
  );
}

/** As the file computes it. */
async function distances(features: TensorData<"float32">, kept: FamiliarPhotos): Promise<number[]> {
  const value = input("features", "float32", ["N", width]);
  const session = await createSession(runtime, { distance: distanceGraph(value, kept) });
  const { distance } = await session.run({ features: toTensor(features) });
  await session.release();
  if (distance === undefined) throw new TypeError("There is no distance.");
  expect(distance.dims).toEqual([features.dims[0]]);
  return Array.from(fromTensor(distance).data as Float32Array);
}

const share = (values: readonly number[], threshold = Number.NaN): number =>
  values.filter((value) => value <= threshold).length / values.length;

test("19 of 20 new photos of the kind that was learned from are within the threshold, foreign ones are not", async () => {
  const within: number[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    const kept = await familiarPhotos(runtime, photos(150, 0, seed), parts(150), 1000);
    expect(kept.features.dims).toEqual([150, width]);
    within.push(share(await distances(photos(300, 0, 100 + seed), kept), kept.threshold));
    expect(share(await distances(photos(60, 4, seed), kept), kept.threshold)).toBe(0);
  }
  // The standard error of a threshold from 150 photos is 1.8 %, of the mean of 12 it is 0.6 %.
  const mean = within.reduce((sum, one) => sum + one / within.length, 0);
  expect(mean).toBeGreaterThan(0.93);
  expect(mean).toBeLessThan(0.97);
});

test("the share holds as well where only some photos are kept, and photos that were not learned from measure", async () => {
  const kept = await familiarPhotosMeasured(runtime, photos(600, 0, 1), photos(400, 0, 2), 60);
  expect(kept.features.dims).toEqual([60, width]);
  const within = share(await distances(photos(1000, 0, 3), kept), kept.threshold);
  expect(within).toBeGreaterThan(0.92);
  expect(within).toBeLessThan(0.98);
  const chosen = await familiarPhotos(runtime, photos(600, 0, 1), parts(600), 60);
  expect(chosen.features).toEqual(kept.features);
  expect(Math.abs((chosen.threshold ?? 0) - (kept.threshold ?? 0))).toBeLessThan(0.05);
});

test("what is kept reaches into each corner: a kind of which there are few photos is not left out", async () => {
  const many = rowsOf(photos(500, 0, 1));
  const few = rowsOf(photos(3, 4, 2));
  const all = new Float32Array(503 * width);
  for (const [index, row] of [...many, ...few].entries()) all.set(row, index * width);
  const kept = await familiarPhotos(runtime, float32(all, [503, width]), parts(503), 20);
  for (const distance of await distances(photos(3, 4, 2), kept)) expect(distance).toBeLessThan(0.5);
});

test("the distance is 1 - cosine to the nearest photo, whatever the length, and 1 of a photo in which nothing is seen", async () => {
  const kept = await familiarPhotos(runtime, photos(9, 0, 1), parts(9), 1000);
  const fresh = photos(4, 1, 2);
  const known = rowsOf(unitLength(photos(9, 0, 1)));
  const expected = rowsOf(unitLength(fresh)).map((row) =>
    Math.min(...known.map((other) => 1 - row.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0))),
  );
  const longer = float32(
    fresh.data.map((value) => value * 50),
    fresh.dims,
  );
  for (const features of [fresh, longer]) {
    for (const [index, distance] of (await distances(features, kept)).entries()) {
      expect(distance).toBeCloseTo(expected[index] ?? Number.NaN, 5);
    }
  }
  expect(await distances(float32(new Float32Array(width), [1, width]), kept)).toEqual([1]);
  const own = await distances(photos(9, 0, 1), kept);
  for (const distance of own) expect(distance).toBeLessThan(1e-5);
});

test("of fewer than 19 photos no threshold follows; copies alone are familiar on each device", async () => {
  expect((await familiarPhotos(runtime, photos(18, 0, 1), parts(18), 1000)).threshold).toBeUndefined();
  expect((await familiarPhotos(runtime, photos(19, 0, 1), parts(19), 1000)).threshold).toBeGreaterThan(0);
  const copies = Array<number>(30).fill(0);
  expect((await familiarPhotos(runtime, photos(30, 0, 1), copies, 1000)).threshold).toBeUndefined();
  expect(distanceThreshold(Array.from({ length: 39 }, (_, index) => index))).toBeCloseTo(37, 3);

  const [row] = rowsOf(photos(1, 0, 1));
  const same = new Float32Array(40 * width);
  for (let index = 0; index < 40; index++) same.set(row ?? [], index * width);
  const kept = await familiarPhotos(runtime, float32(same, [40, width]), parts(40), 10);
  expect(kept.features.dims).toEqual([1, width]);
  expect(share(await distances(float32(same, [40, width]), kept), kept.threshold)).toBe(1);
});

test("a large folder is looked at in parts, so that it takes no longer than one of 2,000 photos", async () => {
  const kept = await familiarPhotos(runtime, photos(20000, 0, 1), parts(20000), 20);
  const some = await familiarPhotos(runtime, photos(2000, 0, 1), parts(2000), 20);
  expect(kept.features.dims).toEqual([20, width]);
  expect(Math.abs((kept.threshold ?? 0) - (some.threshold ?? 0))).toBeLessThan(0.05);
});
