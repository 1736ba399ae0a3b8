import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ImageDataGenerator, imageDatasetFromDirectory, layers, models, Tensor, UsageError, utils } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { FlowFromDataframeOptions } from "../../src/data/generator/dataframe-options.js";
import type { BatchIterator, WeightedBatch } from "../../src/data/generator/batch-iterator.js";
import { readGolden } from "../support/golden.js";

type SubsetOrNone = "training" | "validation" | null;

interface Listing {
  filenames: string[];
  classIndices: Record<string, number>;
  classes: number[];
}

interface Golden {
  folders: {
    files: Record<string, string[]>;
    cases: (Listing & { validationSplit: number; subset: SubsetOrNone })[];
    named: Listing & { classes: number[] };
    datasets: { validationSplit: number | null; subset: SubsetOrNone; paths: string[]; labels: number[] }[];
    datasetClasses: string[];
  };
  tables: {
    rows: object[];
    lists: object[];
    cases: {
      rows: "rows" | "lists";
      options: FlowFromDataframeOptions;
      filenames: string[];
      classIndices: Record<string, number>;
      levels: number[];
      labels: { dims: number[]; data: number[] };
      weights: number[] | null;
    }[];
  };
  arrays: { validationSplit: number; subset: SubsetOrNone; batches: [x: number[], y: number[]][] }[];
}

const golden = await readGolden<Golden>("generator-flows.json");

let root: string;
let photos: string;

async function writePhoto(path: string, level: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const image = sharp({ create: { width: 4, height: 3, channels: 3, background: { r: level, g: level, b: level } } });
  await writeFile(path, await image.png().toBuffer());
}

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  root = await mkdtemp(join(tmpdir(), "graft-flows-"));
  photos = join(root, "photos");
  let level = 0;
  for (const [folder, names] of Object.entries(golden.folders.files)) {
    for (const name of names) await writePhoto(join(photos, folder, name), level++);
  }
  for (let number = 0; number < 7; number++) await writePhoto(join(root, "table", `${number}.png`), number);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

async function take(iterator: BatchIterator, count: number): Promise<WeightedBatch[]> {
  const batches: WeightedBatch[] = [];
  for await (const batch of iterator) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

async function read<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const element of dataset) list.push(element);
  return list;
}

const numbers = (tensor: Tensor | undefined): number[] => [...(tensor?.data as Float32Array)];

/** The first value of each photo. */
function levels(x: Tensor | undefined): number[] {
  const values = numbers(x);
  const size = values.length / (x?.dims[0] ?? 1);
  return values.filter((_, index) => index % size === 0);
}

describe("folders are listed as Keras lists them", () => {
  it.each(golden.folders.cases)("subset $subset of $validationSplit", async (one) => {
    const datagen = new ImageDataGenerator({ validationSplit: one.validationSplit });
    const flow = await datagen.flowFromDirectory(photos, { subset: one.subset, shuffle: false });
    expect(flow.filenames).toEqual(one.filenames);
    expect(flow.classIndices).toEqual(one.classIndices);
    expect(flow.classes).toEqual(one.classes);
  });

  it("by the names of classes", async () => {
    const { named } = golden.folders;
    const flow = await new ImageDataGenerator().flowFromDirectory(photos, {
      classes: ["dogs", "cats"],
      shuffle: false,
    });
    expect([flow.filenames, flow.classIndices]).toEqual([named.filenames, named.classIndices]);
  });

  it.each(golden.folders.datasets)("dataset $subset of $validationSplit", async (one) => {
    const { validationSplit, subset, paths, labels } = one;
    const dataset = await imageDatasetFromDirectory(photos, {
      ...{ validationSplit, subset, shuffle: false, imageSize: [3, 4] },
    });
    expect(dataset.filePaths.map((path) => path.slice(photos.length + 1))).toEqual(paths);
    expect(dataset.classNames).toEqual(golden.folders.datasetClasses);
    const found: number[] = [];
    for await (const [, y] of dataset) found.push(...(y.data as Float32Array));
    expect(found).toEqual(labels);
  });
});

describe("flow", () => {
  const x = new Tensor(
    "float32",
    Float32Array.from({ length: 11 }, (_, k) => k),
    [11, 1, 1, 1],
  );
  const y = new Tensor(
    "int32",
    Int32Array.from({ length: 11 }, (_, k) => k % 2),
    [11],
  );

  it.each(golden.arrays)("gives Keras's batches of subset $subset", async ({ validationSplit, subset, batches }) => {
    const flow = new ImageDataGenerator({ validationSplit }).flow(x, y, {
      ...{ batchSize: 4, shuffle: false, subset, sampleWeight: x },
    });
    const taken = await take(flow, batches.length);
    expect(taken.map(([images, labels]) => [numbers(images), numbers(labels)])).toEqual(batches);
    for (const [images, , weights] of taken) expect(numbers(weights)).toEqual(numbers(images));
  });

  it("refuses subsets of different classes unless told to ignore it, and arrays that do not fit", () => {
    const sorted = new Tensor(
      "float32",
      Float32Array.from({ length: 11 }, (_, k) => (k < 5 ? 0 : 1)),
      [11],
    );
    const datagen = new ImageDataGenerator({ validationSplit: 0.3 });
    expect(() => datagen.flow(x, sorted, { subset: "training" })).toThrow(/Shuffle the arrays/);
    expect(datagen.flow(x, sorted, { subset: "training", ignoreClassSplit: true }).samples).toBe(8);
    expect(() => datagen.flow(x, new Tensor("float32", new Float32Array(3), [3]))).toThrow(/11 labels.*\[3\]/s);
    expect(() => datagen.flow(new Tensor("float32", new Float32Array(3), [3]))).toThrow(/samples, height/);
    expect(() => datagen.flow(x, y, { subset: "test" as never })).toThrow(UsageError);
    expect(() => new ImageDataGenerator().flow(x, y, { subset: "validation" })).toThrow(/validationSplit/);
  });

  it("gives photos alone without labels, in float64 where asked", async () => {
    const flow = new ImageDataGenerator({ dtype: "float64" }).flow(x, null, { shuffle: false, batchSize: 3 });
    for await (const images of flow.images()) {
      expect([images.type, images.dims]).toEqual(["float64", [3, 1, 1, 1]]);
      expect([...(images.data as Float64Array)]).toEqual([0, 1, 2]);
      break;
    }
    flow.reset();
    expect(flow.nextBatch().keys).toEqual([0, 1, 2]);
  });
});

describe("flows by name and without labels", () => {
  const x = new Tensor(
    "float32",
    Float32Array.from({ length: 5 * 2 * 3 * 3 }, (_, index) => index),
    [5, 2, 3, 3],
  );
  const y = new Tensor("float32", Float32Array.of(0, 1, 0, 1, 1), [5]);
  const datagen = new ImageDataGenerator();

  it("take arguments of flow by position, by name, and options in the place of y", async () => {
    const options = { batchSize: 2, shuffle: false };
    const right = await datagen.flow(x, y, options).next();
    expect(await datagen.flow({ x, y, ...options }).next()).toEqual(right);
    const alone: Tensor = await datagen.flow(x, options).next();
    expect(alone).toEqual(right[0]);
    expect(await datagen.flow({ x, ...options }).at(0)).toEqual(right[0]);
    for await (const images of datagen.flow(x, null, options)) {
      expect(images).toEqual(right[0]);
      break;
    }
    // Keras 3.15.1 gives x alone where there are weights and no labels.
    expect(await datagen.flow(x, { ...options, sampleWeight: y }).next()).toEqual(right[0]);
    expect(() => datagen.flow(x, { batch_size: 2 } as never)).toThrow(/batchSize/);
    expect(() => datagen.flow({ x, y, batchSize: 2 } as never, y as never)).toThrow(/too many arguments/);
  });

  it("take folders and tables by name", async () => {
    const options = { targetSize: [3, 4], shuffle: false } as const;
    const flow = await datagen.flowFromDirectory({ directory: photos, ...options });
    expect(await flow.next()).toEqual(await (await datagen.flowFromDirectory(photos, options)).next());
    const bare = await datagen.flowFromDirectory(photos, { ...options, classMode: null });
    const images: Tensor = await bare.next();
    expect(images).toEqual((await flow.next())[0]);
    const dataframe = [0, 1, 2].map((number) => ({ id: `${number}.png`, kind: `class ${number}` }));
    const table = { xCol: "id", yCol: "kind", directory: join(root, "table"), ...options };
    const right = await (await datagen.flowFromDataframe(dataframe, table)).next();
    expect(await (await datagen.flowFromDataframe({ dataframe, ...table })).next()).toEqual(right);
    const columns = { id: dataframe.map(({ id }) => id), kind: dataframe.map(({ kind }) => kind) };
    expect(await (await datagen.flowFromDataframe({ dataframe: columns, ...table })).next()).toEqual(right);
    expect(await (await datagen.flowFromDataframe(columns, table)).next()).toEqual(right);
    const alone: Tensor = await (await datagen.flowFromDataframe(dataframe, { ...table, classMode: null })).next();
    expect(alone).toEqual(right[0]);
    // A table may have a column of this name.
    const odd = { dataframe: ["0.png"], class: ["a"] };
    const named = await datagen.flowFromDataframe(odd, { ...table, xCol: "dataframe", yCol: "class" });
    expect(named.filenames).toEqual(["0.png"]);
  });

  it.each(["png", "bmp", "tiff", "tif", "gif", "jpg", "webp"] as const)("save photos as %s", async (saveFormat) => {
    const folder = join(root, `saved-${saveFormat}`);
    const odd = new Tensor("float32", x.data.slice(0, 2 * 5 * 3), [1, 2, 5, 3]);
    await datagen.flow(odd, { saveToDir: folder, savePrefix: "p", saveFormat }).next();
    const [file = ""] = await readdir(folder);
    expect(file).toMatch(new RegExp(`^p_0_\\d+\\.${saveFormat}$`));
    const again = utils.imgToArray(await utils.loadImg(join(folder, file)));
    expect(again.dims).toEqual([2, 5, 3]);
    // What is stretched to [0, 255]; these lose nothing.
    if (!["png", "bmp", "tiff", "tif"].includes(saveFormat)) return;
    const right = Array.from({ length: 30 }, (_, index) => Math.trunc(Math.fround(index / 29) * 255));
    expect([...(again.data as Float32Array)]).toEqual(right);
  });
});

describe("a preprocessing function on the host", () => {
  it("comes after augmentation and before rescale, for each photo", async () => {
    const shapes: unknown[] = [];
    const datagen = new ImageDataGenerator({
      ...{ rescale: 0.5, horizontalFlip: true },
      preprocessingFunction: (image) => {
        shapes.push(image.dims);
        return new Tensor(
          "float32",
          (image.data as Float32Array).map((value) => value + 100),
          image.dims,
        );
      },
    });
    const x = new Tensor("float32", Float32Array.from([0, 1, 0, 1, 0, 1, 0, 1]), [4, 1, 2, 1]);
    const flow = datagen.flow(x, new Tensor("float32", new Float32Array(4), [4]), { batchSize: 4, seed: 2 });
    const [[images] = []] = await take(flow, 1);
    expect(shapes).toEqual(Array(4).fill([1, 2, 1]));
    const values = numbers(images);
    for (let photo = 0; photo < 4; photo++) {
      expect([...values.slice(2 * photo, 2 * photo + 2)].sort((a, b) => a - b)).toEqual([50, 50.5]);
    }
    expect(flow.standardization).toBeUndefined();
    expect(numbers(await datagen.standardize(new Tensor("float32", Float32Array.of(1, 2), [1, 2, 1])))).toEqual([
      50.5, 51,
    ]);
  });

  it("must give an image of the same shape", async () => {
    const datagen = new ImageDataGenerator({ preprocessingFunction: () => new Tensor("float32", [1], [1]) });
    const x = new Tensor("float32", new Float32Array(4), [1, 2, 2, 1]);
    await expect(take(datagen.flow(x, new Tensor("float32", [0], [1])), 1)).rejects.toThrow(/shape \[2, 2, 1\]/);
  });
});

describe("labels that are the photos", () => {
  it("go along with what the network sees", async () => {
    const datagen = new ImageDataGenerator({ rescale: 1 / 255, rotationRange: 20 });
    const flow = await datagen.flowFromDirectory(photos, { classMode: "input", targetSize: [3, 4], batchSize: 3 });
    const [[x, y] = []] = await take(flow, 1);
    expect(y?.dims).toEqual([3, 3, 4, 3]);
    expect(y?.data).toEqual(x?.data);
  });
});

describe("saveToDir", () => {
  it("writes what the network sees, stretched to levels, under Keras's names", async () => {
    const folder = join(root, "saved", "here");
    const x = new Tensor("float32", Float32Array.of(-1, 0, 1, 3), [1, 2, 2, 1]);
    const flow = new ImageDataGenerator({ rescale: 2 }).flow(x, new Tensor("float32", [0], [1]), {
      ...{ saveToDir: folder, savePrefix: "aug", seed: 1 },
    });
    await flow.nextBatch().load();
    await flow.release();
    const names = await readdir(folder);
    expect(names).toEqual([expect.stringMatching(/^aug_0_\d+\.png$/)]);
    const image = sharp(await readFile(join(folder, names[0] ?? ""))).extractChannel(0);
    expect([...(await image.raw().toBuffer())]).toEqual([0, 63, 127, 255]);
    expect(() => new ImageDataGenerator().flow(x, null, { saveFormat: "xyz" as never })).toThrow(/png, jpeg/);
  });
});

describe("flowFromDataframe", () => {
  // As a golden test would have it: the classes of 0 … 6 are c b a c b a c.
  const rows = Array.from({ length: 7 }, (_, number) => ({
    ...{ filename: `${number}.png`, class: "cba"[number % 3], weight: number / 2, age: number * 1.5, size: number },
  }));
  const missing = { filename: "missing.png", class: "d", weight: 1, age: 1, size: 1 };
  const open = (options: object, table: readonly object[] | string = [...rows, missing], datagen = {}) =>
    new ImageDataGenerator(datagen).flowFromDataframe(table, {
      ...{ directory: join(root, "table"), shuffle: false, targetSize: [2, 2], batchSize: 7 },
      ...options,
    });

  it.each(golden.tables.cases.map((one) => [JSON.stringify([one.rows, one.options]), one] as const))(
    "gives Keras's batches of %s",
    async (_, one) => {
      const datagen = new ImageDataGenerator({ validationSplit: 0.3 });
      const flow = await datagen.flowFromDataframe(golden.tables[one.rows], {
        ...{ directory: join(root, "table"), shuffle: false, targetSize: [2, 2], batchSize: 5 },
        ...one.options,
      });
      expect([flow.filenames, flow.classIndices]).toEqual([one.filenames, one.classIndices]);
      const [[x, y, weights] = []] = await take(flow, 1);
      expect([levels(x), y?.dims, numbers(y)]).toEqual([one.levels, one.labels.dims, one.labels.data]);
      expect(weights === undefined ? null : numbers(weights)).toEqual(one.weights);
    },
  );

  it("leaves out files that are missing, and gives one-hot labels of sorted classes", async () => {
    const flow = await open({});
    expect(flow.classIndices).toEqual({ a: 0, b: 1, c: 2 });
    expect(console.error).toHaveBeenLastCalledWith(expect.stringMatching(/1 invalid image filename.*missing\.png/));
    expect(console.log).toHaveBeenLastCalledWith("Found 7 validated image filenames belonging to 3 classes.");
    const [[x, y] = []] = await take(flow, 1);
    expect(levels(x)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(numbers(y).slice(0, 9)).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 0]);
  });

  it("takes weights, chosen classes, numbers and lists of classes", async () => {
    const [[, y, weights] = []] = await take(await open({ classMode: "sparse", weightCol: "weight" }), 1);
    expect(numbers(y)).toEqual([2, 1, 0, 2, 1, 0, 2]);
    expect(numbers(weights)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
    const chosen = await open({ classes: ["c", "a"], classMode: "binary" });
    expect([chosen.classIndices, chosen.filenames]).toEqual([
      { c: 0, a: 1 },
      ["0.png", "2.png", "3.png", "5.png", "6.png"],
    ]);
    const [[, age] = []] = await take(await open({ classMode: "raw", yCol: "age" }), 1);
    expect([age?.dims, numbers(age)]).toEqual([[7], [0, 1.5, 3, 4.5, 6, 7.5, 9]]);
    const [[, both] = []] = await take(await open({ classMode: "raw", yCol: ["age", "size"] }), 1);
    expect([both?.dims, numbers(both).slice(2, 4)]).toEqual([
      [7, 2],
      [1.5, 1],
    ]);
    const several = rows.map((row, index) => ({ ...row, class: index === 0 ? ["c", "a"] : ["b"] }));
    const [[, many] = []] = await take(await open({}, several), 1);
    expect(numbers(many).slice(0, 6)).toEqual([1, 0, 1, 0, 1, 0]);
  });

  it("gives labels of several outputs", async () => {
    const table = rows.map((row, index) => ({ ...row, corner: [index, 10 - index] }));
    const flow = await new ImageDataGenerator().flowFromDataframe(table, {
      ...{ directory: join(root, "table"), shuffle: false, targetSize: [2, 2], batchSize: 3 },
      ...{ classMode: "multi_output", yCol: ["age", "corner"], weightCol: "weight" },
    });
    for await (const [x, y, weights] of flow) {
      expect(x.dims).toEqual([3, 2, 2, 3]);
      expect(y.map(({ dims }) => dims)).toEqual([[3], [3, 2]]);
      expect(y.map(numbers)).toEqual([
        [0, 1.5, 3],
        [0, 10, 1, 9, 2, 8],
      ]);
      expect(weights && numbers(weights)).toEqual([0, 0.5, 1]);
      break;
    }
    // A model with these outputs is trained on them.
    const image = layers.Input({ shape: [2, 2, 3] });
    const flat = new layers.Flatten().apply(image);
    const outputs = [1, 2].map((units) => new layers.Dense(units, { name: `out${units}` }).apply(flat));
    const model = new models.Model({ inputs: image, outputs });
    model.compile({ optimizer: "sgd", loss: ["mae", "mse"], metrics: { out2: "mae" } });
    const { history } = await model.fit(flow, { verbose: 0 });
    expect(Object.keys(history)).toEqual(["loss", "out1_loss", "out2_loss", "out2_mae"]);
    const uneven = table.map((row, index) => (index === 2 ? { ...row, corner: [1] } : row));
    await expect(open({ classMode: "multi_output", yCol: ["corner"] }, uneven)).rejects.toThrow(/Row 3.*list of 2/s);
    await flow.release();
  });

  it("splits after leaving out, validation first", async () => {
    const split = { validationSplit: 0.3 };
    expect((await open({ subset: "validation" }, undefined, split)).filenames).toEqual(["0.png", "1.png"]);
    expect((await open({ subset: "training" }, undefined, split)).samples).toBe(5);
  });

  it("reads a CSV file", async () => {
    const path = join(root, "table.csv");
    await writeFile(path, 'filename,"the ""class""",weight\r\n0.png,"a, b",1\r\n\r\n3.png,c,2.5\r\n');
    const flow = await open({ yCol: 'the "class"', weightCol: "weight" }, path);
    expect(flow.classIndices).toEqual({ "a, b": 0, c: 1 });
    await writeFile(path, "filename,class\n0.png\n");
    await expect(open({}, path)).rejects.toThrow(/Record 1.*2 fields/s);
  });

  it("says what is wrong with a table", async () => {
    await expect(open({ yCol: "klass" })).rejects.toThrow(/Did you mean "class"/);
    await expect(open({ xCol: "age" })).rejects.toThrow(/Row 1.*"age".*text/s);
    await expect(open({ weightCol: "class" })).rejects.toThrow(/Row 1.*"class".*number.*c/s);
    await expect(open({ classMode: "binary" })).rejects.toThrow(/two classes.*4/s);
    await expect(open({ classMode: "multi_output" })).rejects.toThrow(/yCol.*list of columns/s);
    await expect(open({ classMode: "multi_output", yCol: ["age", "class"] })).rejects.toThrow(
      /Row 1.*"class".*number/s,
    );
    await expect(open({ directory: root })).rejects.toThrow(/directory/);
  });
});

describe("imageDatasetFromDirectory", () => {
  it("makes of one seed two parts that do not overlap", async () => {
    const [training, validation] = await imageDatasetFromDirectory(photos, {
      ...{ validationSplit: 0.3, subset: "both", seed: 5, imageSize: [3, 4], labelMode: "categorical" },
    });
    expect([training.samples, validation.samples]).toEqual([10, 3]);
    expect(new Set([...training.filePaths, ...validation.filePaths]).size).toBe(13);
    const again = await imageDatasetFromDirectory(photos, {
      ...{ validationSplit: 0.3, subset: "validation", seed: 5, imageSize: [3, 4] },
    });
    expect(again.filePaths).toEqual(validation.filePaths);
    const [, y] = await validation.take(1).getSingleElement();
    expect(y.dims).toEqual([3, 4]);
  });

  it("takes labels of one's own, or none", async () => {
    const flat = join(root, "table");
    const labels = [3, 1, 3, 1, 3, 1, 3];
    const dataset = await imageDatasetFromDirectory(flat, { labels, shuffle: false, imageSize: [3, 4] });
    const [, y] = await dataset.getSingleElement();
    expect([dataset.classNames, [...(y.data as Float32Array)]]).toEqual([["1", "3"], labels]);
    const bare = await imageDatasetFromDirectory(flat, { labels: null, shuffle: false, imageSize: [3, 4] });
    expect(levels(await bare.getSingleElement())).toEqual([0, 1, 2, 3, 4, 5, 6]);
    await expect(imageDatasetFromDirectory(flat, { labels, labelMode: "categorical" })).rejects.toThrow(/0 to 1.*3/s);
    await expect(imageDatasetFromDirectory(flat, { labels: [1] })).rejects.toThrow(/7 labels.*1/s);
    await expect(imageDatasetFromDirectory(photos, { labelMode: "binary" })).rejects.toThrow(/two classes/);
    await expect(imageDatasetFromDirectory(photos, { validationSplit: 0.2 } as never)).rejects.toThrow(/subset/);
    await expect(imageDatasetFromDirectory(photos, { validationSplit: 0.2, subset: "training" })).rejects.toThrow(
      /seed/,
    );
  });

  // Shapes are those of Keras 3.15.1.
  it.each([
    ["int", []],
    ["categorical", [4]],
    [null, undefined],
  ] as const)("gives photos one by one where there is no batch size, labelMode %s", async (labelMode, label) => {
    const options = { imageSize: [3, 4], shuffle: false, labelMode } as const;
    const single = await utils.imageDatasetFromDirectory(photos, { ...options, batchSize: null });
    expect([single.length, single.filePaths.length, single.batchSize]).toEqual([13, 13, undefined]);
    const [first] = await read(single.take(1));
    const [x, y] = [first].flat();
    expect([x?.dims, y?.dims]).toEqual([[3, 4, 3], label]);
    const batches = single.batch(4);
    const right = await read(await imageDatasetFromDirectory(photos, { ...options, batchSize: 4 }));
    expect(await read(batches)).toEqual(right);
    expect([batches.length, batches.batchSize, await batches.elementSpec()]).toMatchObject([4, 4, {}]);
    expect(single.batch(4, { dropRemainder: true }).length).toBe(3);
    expect(await read(batches.unbatch().batch(13))).toEqual(await read(single.batch(13)));
    const model = new models.Sequential([layers.Input({ shape: [3, 4, 3] }), new layers.Flatten()]);
    await expect(model.predict(single)).rejects.toThrow(/no batches.*dataset.batch\(32\)/s);
    expect((await model.predict(batches)).dims).toEqual([13, 36]);
  });

  it("takes Keras's arguments by name, and says what is not offered", async () => {
    const options = { imageSize: [3, 4], dataFormat: "channels_last", verbose: false } as const;
    const dataset = await imageDatasetFromDirectory({ directory: photos, ...options });
    expect(dataset.samples).toBe(13);
    const parts = { validationSplit: 0.3, subset: "both", seed: 1 } as const;
    const [training] = await utils.imageDatasetFromDirectory({ directory: photos, ...options, ...parts });
    expect(training.samples).toBe(10);
    const wrong = { ...options, dataFormat: "channels_first" };
    await expect(imageDatasetFromDirectory(photos, wrong)).rejects.toThrow(/channels_last.*transpose/s);
    const flat = join(root, "table");
    await expect(imageDatasetFromDirectory(flat, { labels: Array(7).fill("a") as never })).rejects.toThrow(/numbers/);
  });
});
