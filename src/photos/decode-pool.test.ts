import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Generator } from "../random/generator.js";
import { PhotoError } from "./photo-error.js";
import { type DecodeJob, perform } from "./decode-jobs.js";
import { DecodePool } from "./decode-pool.js";

const pool = new DecodePool(2);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-pool-"));
  for (let index = 0; index < 6; index++) {
    const generator = new Generator(index);
    const raw = { width: 60 + index, height: 50, channels: 3 as const };
    const noise = Uint8Array.from({ length: raw.width * raw.height * 3 }, () => generator.integer(256));
    await sharp(noise, { raw }).jpeg().toFile(photo(index));
  }
  await writeFile(join(folder, "text.jpg"), "this is no photo");
});
afterAll(() => rm(folder, { recursive: true }));

function photo(index: number): string {
  return join(folder, `${index}.jpg`);
}

/** Jobs of all kinds for a photo. */
function jobs(path: string): DecodeJob[] {
  const [colorMode, size] = ["rgb", [20, 30]] as const;
  return [
    { kind: "decode", path, options: { resizedTo: 10 } },
    { kind: "resize", path, options: { size: 20 } },
    { kind: "read", path, options: { colorMode, targetSize: size, interpolation: "bilinear", keepAspectRatio: true } },
    { kind: "read", path, options: { colorMode, targetSize: size, interpolation: "nearest", keepAspectRatio: false } },
    {
      kind: "dataset",
      path,
      options: { colorMode, imageSize: size, interpolation: "area", cropToAspectRatio: false, padToAspectRatio: true },
    },
  ];
}

test("threads give what the functions give, whatever the order in which they finish", async () => {
  const all = Array.from({ length: 6 }, (_, index) => jobs(photo(index))).flat();
  const results = await Promise.all(all.map((job) => pool.run(job)));
  for (const [index, job] of all.entries()) expect(results[index]).toEqual((await perform(job)).result);
});

test("pixels are written where there is room, and given where they cannot be written", async () => {
  await pool.prepare();
  const file = await open(join(folder, "pixels"), "w+");
  const wanted = jobs(photo(2)).filter((job) => job.kind !== "decode" && job.kind !== "prepare");
  for (const job of wanted) {
    const { result: direct, file: from } = await perform(job);
    const made = "data" in direct ? direct.data : direct;
    const expected = Buffer.from(made.buffer, made.byteOffset, made.byteLength);
    expect(await pool.pixels(job, { descriptor: file.fd, offset: 5 })).toEqual({ ...from, pixels: undefined });
    const { buffer } = await file.read(Buffer.alloc(expected.length), 0, expected.length, 5);
    expect(buffer.equals(expected)).toBe(true);
    for (const room of [undefined, { descriptor: 99_999, offset: 0 }]) {
      expect(Buffer.from((await pool.pixels(job, room)).pixels ?? []).equals(expected)).toBe(true);
    }
  }
  await file.close();
});

test("a photo that cannot be used is a PhotoError, and the others still come", async () => {
  const path = join(folder, "text.jpg");
  const bad = Promise.allSettled(jobs(path).map((job) => pool.run(job)));
  const good = Promise.all(jobs(photo(1)).map((job) => pool.run(job)));
  for (const result of await bad) {
    const reason = result.status === "rejected" ? (result.reason as unknown) : undefined;
    expect(reason).toBeInstanceOf(PhotoError);
    expect(reason).toMatchObject({ path, reason: expect.stringContaining("it is not a JPEG") as unknown });
  }
  expect((await good)[0]).toMatchObject({ width: 61, height: 50 });
});
