import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dataset, Tensor, utils } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readGolden } from "../../../test/support/golden.js";

type Way = NonNullable<utils.LoadImgOptions["interpolation"]>;

interface Golden {
  photos: Record<string, string>;
  loads: {
    photo: string;
    options: {
      color_mode?: "rgb" | "rgba" | "grayscale";
      target_size?: number[];
      interpolation?: Way;
      keep_aspect_ratio?: boolean;
    };
    size: number[];
    mode: string;
    dims: number[];
    data: number[];
  }[];
  images: { name: string; dims: number[]; x: number[]; scale: boolean; mode: string; levels: number[] }[];
  categorical: { x: utils.Numbers; classes: number | null; dims: number[]; data: number[] }[];
  matrix: number[];
  normalized: { axis: number; order: number | "inf"; data: number[] }[];
  splits: { total: number; left: number | null; right: number | null; parts: number[][] | null }[];
}

const golden = await readGolden<Golden>("utils.json");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-utils-"));
  for (const [name, text] of Object.entries(golden.photos)) {
    await writeFile(join(folder, `${name}.png`), Buffer.from(text, "base64"));
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe("photos as arrays and back", () => {
  it.each(golden.loads.map((load) => [`${load.photo} ${JSON.stringify(load.options)}`, load] as const))(
    "loadImg gives Keras's levels: %s",
    async (_, { photo, options, size, mode, dims, data }) => {
      const image = await utils.loadImg(join(folder, `${photo}.png`), {
        colorMode: options.color_mode,
        targetSize: options.target_size,
        interpolation: options.interpolation,
        keepAspectRatio: options.keep_aspect_ratio,
      });
      expect([image.size, image.mode]).toEqual([size, mode]);
      const array = utils.imgToArray(image);
      expect([array.type, array.dims]).toEqual(["float32", dims]);
      expect([...(array.data as Float32Array)]).toEqual(data);
    },
  );

  it.each(golden.images.map((image) => [image.name, image] as const))(
    "arrayToImg gives Keras's levels: %s",
    (_, { dims, x, scale, mode, levels }) => {
      const image = utils.arrayToImg(new Tensor("float32", Float32Array.from(x), dims), { scale });
      expect([image.mode, image.height, image.width]).toEqual([mode, dims[0], dims[1]]);
      expect([...image.data]).toEqual(levels);
    },
  );

  it("saveImg writes what loadImg reads again", async () => {
    const x = new Tensor(
      "float32",
      Float32Array.from({ length: 60 }, (_, index) => index * 4),
      [4, 5, 3],
    );
    for (const file of ["new/a.png", "b.tiff", "c.TIF", "d.webp", "e.jpg", "f.gif"]) {
      const path = join(folder, file);
      await utils.saveImg(path, x, { scale: false });
      const again = utils.imgToArray(await utils.loadImg(path));
      expect(again.dims).toEqual([4, 5, 3]);
      if (/png|tif/i.test(file)) expect(again.data).toEqual(x.data);
    }
    await utils.saveImg(join(folder, "odd.name"), x, { fileFormat: "JPG" });
    expect((await sharp(await readFile(join(folder, "odd.name"))).metadata()).format).toBe("jpeg");
    const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const opacity = new Tensor("float32", new Float32Array(16).fill(9), [2, 2, 4]);
    await utils.saveImg(join(folder, "g.jpg"), opacity, { scale: false });
    expect(String(warn.mock.calls)).toMatch(/no opacity/);
    warn.mockRestore();
    const grey = new Tensor("float32", Float32Array.from([0, 300, 65_535, 1]), [2, 2, 1]);
    await utils.saveImg(join(folder, "deep.png"), grey, { scale: false });
    expect((await sharp(await readFile(join(folder, "deep.png"))).metadata()).depth).toBe("ushort");
  });

  it("says what is wrong with an argument", async () => {
    await expect(utils.loadImg(3 as never)).rejects.toThrow(/path of a photo.*number/s);
    await expect(utils.loadImg(join(folder, "none.png"))).rejects.toThrow(/no such file/);
    await expect(utils.loadImg("a", { targetSize: [4] })).rejects.toThrow(/\[height, width\]/);
    await expect(utils.loadImg("a", { color_mode: "rgb" } as never)).rejects.toThrow(/colorMode/);
    expect(() => utils.imgToArray({} as never)).toThrow(/loadImg or arrayToImg/);
    expect(() => utils.arrayToImg(null as never)).toThrow(/a Tensor/);
    const batch = new Tensor("float32", new Float32Array(12), [1, 2, 2, 3]);
    expect(() => utils.arrayToImg(batch)).toThrow(/one of the batch/);
    await expect(utils.saveImg("a.xyz", batch)).rejects.toThrow(/png, jpeg.*xyz/s);
  });
});

describe("labels and numbers", () => {
  it("toCategorical gives Keras's rows", () => {
    for (const { x, classes, dims, data } of golden.categorical) {
      for (const y of [utils.toCategorical(x, { numClasses: classes }), utils.toCategorical(x, classes)]) {
        expect(y.dims).toEqual(dims);
        expect([...(y.data as Float32Array)]).toEqual(data);
      }
    }
    const labels = new Tensor("int64", BigInt64Array.from([2n, 0n]), [2]);
    expect([...(utils.toCategorical(labels).data as Float32Array)]).toEqual([0, 0, 1, 1, 0, 0]);
    expect(utils.toCategorical(Uint8Array.of(1), 2).dims).toEqual([1, 2]);
  });

  it("toCategorical refuses what is no class", () => {
    for (const [x, received] of [
      [[0, -1], /-1 as number 1/],
      [[1.5], /1.5 as number 0/],
      [[0, NaN], /NaN/],
      [[0, 3], /3 as number 1/],
      ["cat", /string/],
    ] as const) {
      expect(() => utils.toCategorical(x as never, 3)).toThrow(received);
    }
    expect(() => utils.toCategorical([])).toThrow(/no labels/);
    expect(() => utils.toCategorical([[1], [1, 2]])).toThrow(/one length/);
  });

  it("normalize gives Keras's numbers", () => {
    const x = new Tensor("float32", Float32Array.from(golden.matrix), [3, 4]);
    for (const { axis, order, data } of golden.normalized) {
      const y = utils.normalize(x, { axis, order: order === "inf" ? Infinity : order });
      [...(y.data as Float32Array)].forEach((value, index) => {
        expect(value).toBeCloseTo(data[index] ?? NaN, 5);
      });
    }
    expect(() => utils.normalize(x, { axis: 2 })).toThrow(/an axis of \[3, 4\]/);
  });
});

describe("splitDataset", () => {
  const numbers = async (dataset: Dataset<Tensor> | Dataset<number>): Promise<number[]> => {
    const list: number[] = [];
    for await (const one of dataset) list.push(...(typeof one === "number" ? [one] : (one.data as Float32Array)));
    return list;
  };

  it.each(golden.splits.map((split) => [`${split.total}: ${split.left}, ${split.right}`, split] as const))(
    "divides as Keras does: %s",
    async (_, { total, left, right, parts }) => {
      const x = new Tensor(
        "float32",
        Float32Array.from({ length: total }, (_, index) => index),
        [total],
      );
      const split = utils.splitDataset(x, { leftSize: left, rightSize: right });
      if (parts === null) await expect(split).rejects.toThrow(/cannot divide/);
      else expect(await Promise.all((await split).map(numbers))).toEqual(parts);
    },
  );

  it("divides batches by their samples, and shuffles by seed", async () => {
    const dataset = Dataset.range(10).batch(4);
    const of = async (seed: number): Promise<number[][]> => {
      const parts = await utils.splitDataset(dataset, { leftSize: 0.7, shuffle: true, seed });
      expect(parts.map(({ length }) => length)).toEqual([2, 1]);
      return Promise.all(parts.map(numbers));
    };
    const first = await of(1);
    expect(first).toEqual(await of(1));
    expect(first).not.toEqual(await of(2));
    expect(first.flat().sort((a, b) => a - b)).toEqual(await numbers(Dataset.range(10)));
    await expect(utils.splitDataset(dataset.repeat(), { leftSize: 1 })).rejects.toThrow(/without end/);
    await expect(utils.splitDataset(dataset, {})).rejects.toThrow(/one of the two at least/);
    await expect(utils.splitDataset(dataset, { leftSize: 10 })).rejects.toThrow(/1 to 9/);
  });
});
