import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { decodePhoto } from "./decode.js";
import { PhotoError } from "./photo-error.js";
import { PhotoMemory } from "./photo-memory.js";

const mebibytes = (count: number): number => count * 2 ** 20;
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe("memory that photos share", () => {
  it("is taken as long as there is any, by all threads that share it, in the order of asking", async () => {
    const one = new PhotoMemory(undefined, mebibytes(10));
    const other = new PhotoMemory(one.shared, mebibytes(10));
    const taken: string[] = [];
    const take = async (memory: PhotoMemory, name: string, count: number): Promise<() => void> => {
      const giveBack = await memory.take(mebibytes(count));
      taken.push(name);
      return giveBack;
    };
    const first = await take(one, "first", 6);
    const second = await take(other, "second", 4);
    const large = take(one, "large", 9);
    const small = take(other, "small", 1);
    await soon();
    expect(taken).toEqual(["first", "second"]);
    first();
    first();
    await soon();
    // The large one was there before the small one.
    expect(taken).toEqual(["first", "second"]);
    second();
    (await large)();
    (await small)();
    expect(taken).toEqual(["first", "second", "large", "small"]);
  });

  it("is there again when threads are gone that have taken it or waited for it", async () => {
    const memory = new PhotoMemory(undefined, mebibytes(10));
    const gone = await memory.take(mebibytes(10));
    // A thread has taken a number, and died.
    Atomics.add(new Int32Array(memory.shared), 1, 1);
    const alive = memory.take(mebibytes(4));
    memory.reset();
    const giveBack = await alive;
    // What was given before counts no more.
    gone();
    const rest = await memory.take(mebibytes(6));
    giveBack();
    rest();
    (await memory.take(mebibytes(10)))();
  });

  it("is all one photo's that wants more, once it is alone", async () => {
    const memory = new PhotoMemory(undefined, mebibytes(10));
    const small = await memory.take(1);
    let isTaken = false;
    const huge = memory.take(mebibytes(50)).then((giveBack) => {
      isTaken = true;
      return giveBack;
    });
    await soon();
    expect(isTaken).toBe(false);
    small();
    (await huge)();
    (await memory.take(mebibytes(10)))();
  });
});

describe("large photos", () => {
  const plain = (width: number, height: number): Sharp =>
    sharp({ create: { width, height, channels: 3, background: "#285078" }, limitInputPixels: false });

  it("are shrunk on the way to the size that they are resized to; others are not", async () => {
    const large = await plain(5801, 5799).png({ compressionLevel: 1 }).toBuffer();
    const { width, height, data } = await decodePhoto(large, { resizedTo: 32 });
    expect(width * height).toBeLessThan(2 ** 24 + 12_000);
    expect(width / height).toBeCloseTo(5801 / 5799, 3);
    expect([...data.subarray(0, 3), ...data.subarray(-3)]).toEqual([40, 80, 120, 40, 80, 120]);
    // Both sides stay twice as long as the size.
    expect((await decodePhoto(large, { resizedTo: 2800 })).width).toBe(5602);
    const small = await plain(701, 699).png().toBuffer();
    expect(await decodePhoto(small, { resizedTo: 32 })).toMatchObject({ width: 701, height: 699 });
  }, 60_000);

  it("that would take more memory than there is for one are refused before it is taken", async () => {
    const before = process.memoryUsage().rss;
    const bitmap = new Uint8Array(60);
    bitmap.set([66, 77]);
    const view = new DataView(bitmap.buffer);
    view.setUint32(14, 40, true);
    view.setUint32(18, 14_000, true);
    view.setUint32(22, 14_000, true);
    view.setUint16(28, 24, true);
    const error: unknown = await decodePhoto(bitmap, { bytesPerPixel: 24 }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PhotoError);
    expect((error as PhotoError).reason).toBe("it would take 5.3 GiB of memory, more than the limit of 2 GiB");
    expect(process.memoryUsage().rss - before).toBeLessThan(2e8);
  });
});
