import { ImageDataGenerator, setRandomSeed, Tensor } from "graft-ml";
import { afterAll, expect, test } from "vitest";

afterAll(() => {
  setRandomSeed(0);
});

const shape = [8, 8, 3];
const options = { rotationRange: 30, zoomRange: 0.2 };

/** Labels of the first batch of an iterator over ten samples with a seed, and how the first image was augmented. */
async function firstBatch(seed: number): Promise<unknown[]> {
  const x = new Tensor(
    "float32",
    Float32Array.from({ length: 10 * 192 }, (_, index) => index % 251),
    [10, ...shape],
  );
  const y = new Tensor(
    "float32",
    Float32Array.from({ length: 10 }, (_, index) => index),
    [10],
  );
  const iterator = new ImageDataGenerator(options).flow(x, y, { seed, batchSize: 4 });
  for await (const [images, labels] of iterator) return [...images.data.slice(0, 192), ...labels.data];
  return [];
}

test("an explicit seed gives the same whatever else runs in the process", async () => {
  const transform = new ImageDataGenerator(options).getRandomTransform(shape, 7);
  const batch = await firstBatch(7);
  setRandomSeed(3);
  new ImageDataGenerator(options).getRandomTransform(shape);
  await firstBatch(8);
  expect(new ImageDataGenerator(options).getRandomTransform(shape, 7)).toEqual(transform);
  expect(await firstBatch(7)).toEqual(batch);
});

test("a generator's own numbers follow setRandomSeed, whatever was made before", () => {
  const draw = () => {
    setRandomSeed(5);
    const datagens = [new ImageDataGenerator(options), new ImageDataGenerator(options)];
    return datagens.map((datagen) => datagen.getRandomTransform(shape));
  };
  const first = draw();
  expect(first[0]).not.toEqual(first[1]);
  expect(draw()).toEqual(first);
});

test("a generator's own numbers go on from call to call, and begin anew with the seed", () => {
  const datagen = new ImageDataGenerator(options);
  setRandomSeed(5);
  const numbers = [datagen.getRandomTransform(shape), datagen.getRandomTransform(shape)];
  expect(numbers[0]).not.toEqual(numbers[1]);
  setRandomSeed(5);
  expect([datagen.getRandomTransform(shape), datagen.getRandomTransform(shape)]).toEqual(numbers);
});
