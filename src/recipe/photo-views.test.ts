import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Photo } from "../photos/photo.js";
import { Generator } from "../random/generator.js";
import { fedPhotos, photoGraph, PhotoLibrary } from "./photo-library.js";
import { chooseViews, viewSource } from "./photo-views.js";

const size = 8;
let folder = "";
const photos: Photo[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-views-"));
  for (let index = 0; index < 3; index++) {
    const path = join(folder, `${index}.png`);
    // Red says the column, green the row, blue the photo.
    const data = Buffer.alloc(size * size * 3);
    for (let pixel = 0; pixel < size * size; pixel++) {
      data.set([20 * (pixel % size), 20 * Math.floor(pixel / size), 10 * index], pixel * 3);
    }
    await sharp(data, { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toFile(path);
    photos.push({ path, classIndex: index % 2 });
  }
});
afterAll(() => rm(folder, { recursive: true }));

function source(seed: number, order?: Generator) {
  const graph = photoGraph(size, (pixels) => pixels);
  return viewSource(chooseViews(photos, new Generator(seed)), { framing: { size }, batchSize: 6, graph, order });
}

async function pixelsOf(
  batch: ReturnType<ReturnType<typeof source>["nextBatch"]>,
  rows?: readonly number[],
): Promise<Uint8Array> {
  const feeds = await batch.load(rows);
  return feeds[fedPhotos]?.data as Uint8Array;
}

const bytes = size * size * 3;
/** Red of the first row of a view. */
const firstRow = (pixels: Uint8Array, view: number): number[] =>
  Array.from({ length: size }, (_, column) => pixels[view * bytes + column * 3] ?? -1);

describe("views of photos as a source", () => {
  it("that cannot be made any more are the whole that was kept, under no view's name", async () => {
    const path = join(folder, "lost.png");
    await sharp({ create: { width: size, height: size, channels: 3, background: "#804020" } })
      .png()
      .toFile(path);
    const graph = photoGraph(size, (pixels) => pixels);
    const library = new PhotoLibrary([{ path, classIndex: 0 }], { framing: { size } });
    for await (const { keys } of library.source(1, graph).read(1)) expect(keys).toEqual([0]);
    const told: string[] = [];
    const onLost = (lost: string, reason: string): Promise<void> => {
      told.push(`${lost}: ${reason}`);
      return Promise.resolve();
    };
    const views = viewSource(chooseViews(library.photos, new Generator(1)), {
      ...{ framing: { size }, batchSize: 6, graph, onLost },
    });
    expect(await views.identify?.(1)).toContain("view");
    await rm(path);
    const [batch] = [...views.inOrder()];
    const pixels = await pixelsOf(batch ?? expect.fail("no batch"));
    expect(new Set([...pixels].filter((_, index) => index % 3 === 0))).toEqual(new Set([0x80]));
    expect(told).toEqual([`${path}: there is no such file`]);
    // The whole is what it says it is; of the others nothing may be kept.
    expect(await views.identify?.(0)).toContain("resizedTo");
    expect(await views.identify?.(1)).toBeUndefined();
  });

  it("come in order, six of each photo: itself, its mirror image, and parts of it, with the photo's class", async () => {
    const batches = [...source(1).inOrder()];
    expect(batches.map(({ keys }) => keys.length)).toEqual([6, 6, 6]);
    expect(batches.map(({ labels }) => [...(labels?.data ?? [])])).toEqual([
      Array(6).fill(0),
      Array(6).fill(1),
      Array(6).fill(0),
    ]);
    const [, second] = batches;
    if (second === undefined) throw new TypeError("There is no second batch.");
    const pixels = await pixelsOf(second);
    const columns = Array.from({ length: size }, (_, column) => 20 * column);
    expect(firstRow(pixels, 0)).toEqual(columns);
    expect(firstRow(pixels, 1)).toEqual(columns.toReversed());
    for (let view = 2; view < 6; view++) {
      // A part, drawn larger: its columns are closer to each other, in one direction or the other.
      const row = firstRow(pixels, view);
      expect(Math.abs((row.at(-1) ?? 0) - (row[0] ?? 0))).toBeLessThan(140);
      expect(pixels[view * bytes + 2]).toBe(10);
    }
  });

  it("are the same whichever rows of a batch are asked for", async () => {
    const [first] = source(1).inOrder();
    if (first === undefined) throw new TypeError("There is no batch.");
    const all = await pixelsOf(first);
    const some = await pixelsOf(first, [4, 1]);
    expect(some.subarray(0, bytes)).toEqual(all.subarray(4 * bytes, 5 * bytes));
    expect(some.subarray(bytes)).toEqual(all.subarray(bytes, 2 * bytes));
  });

  it("come once a photo in a round of training, and all of them in as many rounds as there are views", () => {
    const views = source(1, new Generator(5));
    const seen = new Set<number>();
    for (let round = 0; round < 6; round++) {
      const { keys } = views.nextBatch();
      expect(keys.map((key) => Math.floor(key / 6)).sort()).toEqual([0, 1, 2]);
      for (const key of keys) seen.add(key);
    }
    expect(seen.size).toBe(18);
  });

  it("go on where another source of theirs stood", () => {
    const [one, other] = [source(1, new Generator(5)), source(1, new Generator(6))];
    one.nextBatch();
    one.nextBatch();
    other.restore?.(JSON.parse(JSON.stringify(one.save?.())));
    expect(other.nextBatch().keys).toEqual(one.nextBatch().keys);
    expect(other.nextBatch().keys).toEqual(one.nextBatch().keys);
  });

  it("have names of their own for what is kept of them; the whole has the photo's", async () => {
    const views = source(1);
    const names = await Promise.all(Array.from({ length: 18 }, async (_, key) => views.identify?.(key)));
    expect(new Set(names).size).toBe(18);
    const others = source(2);
    expect(await others.identify?.(0)).toBe(names[0]);
    expect(await others.identify?.(1)).toBe(names[1]);
    expect(await others.identify?.(2)).not.toBe(names[2]);
  });
});
