import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applications, ImageDataGenerator, setRandomSeed, type Tensor, UsageError } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PhotoError } from "../../photos/photo-error.js";
import type { DirectoryIterator } from "./directory-iterator.js";

let root: string;

/** A grey level of its own for each photo, so that batches say which photos they hold. */
async function writePhotos(folder: string, names: readonly string[], first: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, name] of names.entries()) {
    const level = first + 10 * index;
    await sharp({ create: { width: 24, height: 20, channels: 3, background: { r: level, g: level, b: level } } })
      .png()
      .toFile(join(folder, name));
  }
}

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  root = await mkdtemp(join(tmpdir(), "graft-flow-"));
  await writePhotos(join(root, "two", "cats"), ["10.png", "2.png", "b.png"], 10);
  await writePhotos(join(root, "two", "dogs"), ["a.png", "Z.png"], 60);
  await writePhotos(join(root, "three", "x"), ["1.png"], 10);
  await writePhotos(join(root, "three", "y"), ["1.png"], 30);
  await writePhotos(join(root, "three", "z"), ["1.png"], 50);
  await writePhotos(join(root, "broken", "a"), ["fine.png"], 10);
  await writePhotos(join(root, "broken", "b"), ["fine.png"], 30);
  await writeFile(join(root, "broken", "b", "torn.png"), "this is no photo");
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

const size = { targetSize: [8, 8] } as const;
const two = (options: object = {}, datagen = new ImageDataGenerator()): Promise<DirectoryIterator> =>
  datagen.flowFromDirectory(join(root, "two"), { ...size, ...options });

/** Grey levels of the photos of a batch. */
function levels(x: Tensor): number[] {
  const [photos = 0] = x.dims;
  const length = x.data.length / photos;
  return Array.from({ length: photos }, (_, photo) => Math.round(Number(x.data[photo * length])));
}

async function take(iterator: DirectoryIterator, count: number): Promise<[Tensor, Tensor][]> {
  const batches: [Tensor, Tensor][] = [];
  for await (const batch of iterator) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

describe("flowFromDirectory", () => {
  it("lists photos and classes in Keras's order and says how many there are", async () => {
    const iterator = await two();
    expect(iterator.filenames).toEqual(["cats/10.png", "cats/2.png", "cats/b.png", "dogs/Z.png", "dogs/a.png"]);
    expect(iterator.classIndices).toEqual({ cats: 0, dogs: 1 });
    expect(iterator.classes).toEqual([0, 0, 0, 1, 1]);
    expect([iterator.samples, iterator.batchSize, iterator.length]).toEqual([5, 32, 1]);
    expect(console.log).toHaveBeenLastCalledWith("Found 5 images belonging to 2 classes.");
  });

  it("takes the classes that it is told, in that order", async () => {
    const iterator = await new ImageDataGenerator().flowFromDirectory(join(root, "three"), { classes: ["z", "x"] });
    expect(iterator.classIndices).toEqual({ z: 0, x: 1 });
    expect(iterator.filenames).toEqual(["z/1.png", "x/1.png"]);
  });

  it.each([
    ["categorical", [2, 2], [1, 0, 0, 1]],
    ["binary", [2], [0, 1]],
    ["sparse", [2], [0, 1]],
  ] as const)("gives labels as classMode %s says", async (classMode, dims, labels) => {
    const iterator = await new ImageDataGenerator().flowFromDirectory(join(root, "three"), {
      ...{ ...size, classMode, classes: ["x", "y"], shuffle: false, batchSize: 2 },
    });
    const [[x, y] = []] = await take(iterator, 1);
    expect(x?.dims).toEqual([2, 8, 8, 3]);
    expect(y?.dims).toEqual(dims);
    expect([...(y?.data as Float32Array)]).toEqual(labels);
  });

  it("defaults to one-hot labels, as Keras does", async () => {
    const [[, y] = []] = await take(await two({ shuffle: false, batchSize: 1 }), 1);
    expect([...(y?.data as Float32Array)]).toEqual([1, 0]);
  });

  it("refuses binary labels of three folders, and says what to do", async () => {
    await expect(
      new ImageDataGenerator().flowFromDirectory(join(root, "three"), { classMode: "binary" }),
    ).rejects.toThrow(/two class folders.*3: x, y, z.*categorical/s);
  });

  it("gives photos alone with classMode null, to iterate over and to predict", async () => {
    const iterator = await two({ classMode: null });
    expect((await take(iterator, 1))[0]).toMatchObject({ dims: [5, 8, 8, 3] });
    expect(iterator.nextBatch().labels).toBeUndefined();
  });

  it.each([
    [{ targetsize: [8, 8] }, /"targetSize"/],
    [{ batchSize: 0 }, /batchSize.*whole number from 1.*0/s],
    [{ targetSize: [8] }, /targetSize/],
    [{ classMode: "binery" }, /classMode/],
    [{ interpolation: "cubic" }, /interpolation/],
  ])("refuses %o", async (options, message) => {
    const refused = two(options);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(two(options)).rejects.toThrow(message);
  });

  it("refuses a folder that is not there", async () => {
    await expect(new ImageDataGenerator().flowFromDirectory(join(root, "nowhere"))).rejects.toThrow(/nowhere/);
  });
});

describe("ImageDataGenerator", () => {
  it("offers the nearest name for an unknown option", () => {
    expect(() => new ImageDataGenerator({ rotationrange: 40 } as object)).toThrow(
      /no option "rotationrange".*"rotationRange"/s,
    );
    expect(() => new ImageDataGenerator({ fillMode: "mirror" as never })).toThrow(/nearest, reflect, wrap, constant/);
  });

  it("rescales, after its preprocessing function", async () => {
    const plain = await take(await two({ shuffle: false, batchSize: 5 }), 1);
    const scaled = await take(
      await two({ shuffle: false, batchSize: 5 }, new ImageDataGenerator({ rescale: 1 / 255 })),
      1,
    );
    scaled[0]?.[0].data.forEach((value, index) => {
      expect(Number(value)).toBeCloseTo(Number(plain[0]?.[0].data[index]) / 255, 6);
    });
    const { preprocessInput } = applications.vgg16;
    const datagen = new ImageDataGenerator({ preprocessingFunction: preprocessInput, rescale: 2 });
    const [[x] = []] = await take(await two({ shuffle: false, batchSize: 5 }, datagen), 1);
    const expected = plain[0] === undefined ? [] : [...(preprocessInput(plain[0][0]).data as Float32Array)];
    x?.data.forEach((value, index) => {
      expect(Number(value)).toBeCloseTo(2 * (expected[index] ?? NaN), 3);
    });
  });

  it("leaves shapes and labels alone when it augments", async () => {
    const datagen = new ImageDataGenerator({
      ...{ rotationRange: 40, widthShiftRange: 0.2, heightShiftRange: 0.2, shearRange: 0.2, zoomRange: 0.2 },
      ...{ horizontalFlip: true, verticalFlip: true, fillMode: "reflect" },
    });
    const iterator = await two({ targetSize: [9, 7], batchSize: 3, seed: 1 }, datagen);
    expect(iterator.reproducible).toBe(false);
    const batches = await take(iterator, 2);
    expect(batches.map(([x]) => x.dims)).toEqual([
      [3, 9, 7, 3],
      [2, 9, 7, 3],
    ]);
    // A photo of one grey level stays one, whatever is done to it: labels can be told from it.
    for (const [x, y] of batches) {
      levels(x).forEach((level, row) => {
        expect(Number(y.data[2 * row + 1])).toBe(level >= 60 ? 1 : 0);
      });
    }
  });
});

describe("batches", () => {
  it("hold every photo once a round, and the last one is smaller", async () => {
    const iterator = await two({ batchSize: 2, seed: 3 });
    const rounds = await take(iterator, 6);
    expect(rounds.map(([x]) => x.dims[0])).toEqual([2, 2, 1, 2, 2, 1]);
    const order = rounds.map(([x]) => levels(x));
    for (const round of [order.slice(0, 3), order.slice(3)]) {
      expect(round.flat().sort((a, b) => a - b)).toEqual([10, 20, 30, 60, 70]);
    }
  });

  it("come in the files' order without shuffling, and in another order each round with it", async () => {
    const plain = await take(await two({ shuffle: false, batchSize: 5 }), 2);
    expect(plain.map(([x]) => levels(x))).toEqual([
      [10, 20, 30, 70, 60],
      [10, 20, 30, 70, 60],
    ]);
    const shuffled = await take(await two({ batchSize: 5, seed: 1 }), 6);
    expect(new Set(shuffled.map(([x]) => levels(x).join())).size).toBeGreaterThan(1);
  });

  it("are the same for the same seed, augmentation included, and others for another", async () => {
    const run = async (seed: number): Promise<unknown[]> => {
      const datagen = new ImageDataGenerator({ rotationRange: 90, fillMode: "constant" });
      return (await take(await two({ batchSize: 3, seed }, datagen), 4)).map(([x, y]) => [x.data, y.data]);
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
  });

  it("follow the seed of setRandomSeed when they have none", async () => {
    const orders: unknown[] = [];
    for (const seed of [1, 2]) {
      setRandomSeed(seed);
      orders.push((await take(await two({ batchSize: 5 }), 5)).map(([x]) => levels(x)));
    }
    setRandomSeed(0);
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it("draw everything random when they are made, so that loading late or never changes nothing", async () => {
    const datagen = new ImageDataGenerator({ rotationRange: 90 });
    const load = async (skip: boolean): Promise<unknown> => {
      const iterator = await two({ batchSize: 2, seed: 4 }, datagen);
      const [first, second] = [iterator.nextBatch(), iterator.nextBatch()];
      if (!skip) await first.load();
      return (await second.load())["matrices"]?.data;
    };
    expect(await load(true)).toEqual(await load(false));
  });

  it("fail with the name of a photo that cannot be read", async () => {
    const iterator = await new ImageDataGenerator().flowFromDirectory(join(root, "broken"), {
      ...size,
      shuffle: false,
    });
    const failed = take(iterator, 1);
    await expect(failed).rejects.toThrow(PhotoError);
    await expect(take(iterator, 1)).rejects.toThrow(/torn\.png/);
  });
});
