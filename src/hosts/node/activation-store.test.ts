import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ActivationStore } from "../../training/machine.js";
import { clearActivations, type ActivationStoreOptions, keptTrunks, openActivationStore } from "./activation-store.js";

let folder = "";
let warnings: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-activations-"));
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const trunk = { digest: "abc", model: "vgg16", width: 6, engine: "onnxruntime 1" };

async function opened(description = trunk, options: Partial<ActivationStoreOptions> = {}): Promise<ActivationStore> {
  const store = await openActivationStore(description, {
    folder,
    warn: (line) => warnings.push(line),
    ...options,
  });
  if (store === undefined) throw new Error("no store");
  return store;
}

const row = (seed: number): Float32Array => Float32Array.from({ length: 6 }, (_, index) => Math.sin(seed + index));

async function filled(count: number): Promise<void> {
  const store = await opened();
  for (let index = 0; index < count; index++) await store.put(`photo ${index}`, row(index));
  await store.flush();
}

async function files(ending: string): Promise<string[]> {
  const [name = ""] = await readdir(folder);
  return (await readdir(join(folder, name)))
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, name, file));
}

describe("kept rows", () => {
  test("beside garbage are found again: folders and pipes with names of files, and an index longer than its rows", async () => {
    await filled(3);
    const [rows = ""] = await files(".rows");
    const place = join(rows, "..");
    await mkdir(join(place, "x.index"));
    await mkdir(join(place, "y.rows"));
    await writeFile(join(place, "y.index"), Buffer.alloc(100));
    await writeFile(join(place, "z.index"), Buffer.alloc(1e6, 1));
    await writeFile(join(place, "foreign.txt"), "foreign");
    const store = await opened();
    expect(await store.get("photo 2")).toEqual(row(2));
    await store.put("photo 3", row(3));
    await store.flush();
    expect(await (await opened()).get("photo 3")).toEqual(row(3));
    expect(warnings).toEqual([]);
  });

  test("are found again by a later process, bit for bit, and others are not", async () => {
    await filled(3);
    const again = await opened();
    expect(await again.get("photo 1")).toEqual(row(1));
    expect(await again.get("photo 3")).toBeUndefined();
  });

  test("of another trunk, or another engine, are others", async () => {
    await filled(1);
    expect(await (await opened({ ...trunk, digest: "abd" })).get("photo 0")).toBeUndefined();
    expect(await (await opened({ ...trunk, engine: "onnxruntime 2" })).get("photo 0")).toBeUndefined();
  });

  test("of two processes that write at once are both kept", async () => {
    const [first, second] = [await opened(), await opened()];
    await first.put("a", row(1));
    await second.put("b", row(2));
    await Promise.all([first.flush(), second.flush()]);
    const third = await opened();
    expect([await third.get("a"), await third.get("b")]).toEqual([row(1), row(2)]);
  });

  test("that were damaged are computed anew, the others stay", async () => {
    await filled(3);
    const [rows = ""] = await files(".rows");
    const bytes = await readFile(rows);
    bytes[24 + 5] = (bytes[24 + 5] ?? 0) ^ 1;
    await writeFile(rows, bytes);
    const store = await opened();
    expect(await store.get("photo 1")).toBeUndefined();
    expect(await store.get("photo 2")).toEqual(row(2));
    await store.put("photo 1", row(1));
    await store.flush();
    expect(await (await opened()).get("photo 1")).toEqual(row(1));
  });

  test.each([
    ["rows that end in the middle", ".rows", 24 + 7, [true, false, false]],
    ["an index that ends in the middle", ".index", 20 + 3, [true, false, false]],
  ])("of a process that was killed: %s", async (_, ending, length, expected) => {
    await filled(3);
    const [file = ""] = await files(ending);
    await truncate(file, length);
    const store = await opened();
    const found = await Promise.all([0, 1, 2].map(async (index) => (await store.get(`photo ${index}`)) !== undefined));
    expect(found).toEqual(expected);
  });

  test("with rows that have no entry yet are not read", async () => {
    await filled(1);
    const [rows = ""] = await files(".rows");
    await appendFile(rows, Buffer.alloc(24 + 11, 7));
    expect(await (await opened()).get("photo 0")).toEqual(row(0));
  });

  test("do not outlive a folder whose description is broken", async () => {
    await filled(1);
    const [about = ""] = await files(".json");
    await writeFile(about, "{");
    expect(await (await opened()).get("photo 0")).toBeUndefined();
  });

  test("take no more room than allowed: what was not used for longest goes first", async () => {
    await filled(3);
    const [old = ""] = await readdir(folder);
    const before = new Date(Date.now() - 60_000);
    await utimes(join(folder, old), before, before);
    const limit = 2 * (await keptTrunks(folder)).reduce((sum, { bytes }) => sum + bytes, 0);
    const second = await opened({ ...trunk, digest: "second" }, { limit });
    await second.put("a", row(1));
    await second.flush();
    expect(await readdir(folder)).toHaveLength(2);
    await opened({ ...trunk, digest: "third" }, { limit: 300 });
    expect(await readdir(folder)).not.toContain(old);
  });

  test("that would go beyond the limit are left out without a word", async () => {
    const empty = await opened({ ...trunk, digest: "first" }, { limit: 0 });
    await empty.put("a", row(1));
    await empty.flush();
    expect(await empty.get("a")).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test("leave the disk's last bytes to others, without a word", async () => {
    const store = await opened(trunk, { reserve: 1e15 });
    await store.put("a", row(1));
    await store.flush();
    expect(await store.get("a")).toBeUndefined();
    expect(await files(".rows")).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/are free at .*, of which 1000000.0 GB are left for what is more important/);
  });

  test("do not mind files that others left beside them", async () => {
    await writeFile(join(folder, ".DS_Store"), "of the system");
    const store = await opened();
    await store.put("a", row(1));
    await store.flush();
    expect(await (await opened()).get("a")).toEqual(row(1));
    expect(await keptTrunks(folder)).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  test("cannot be kept where the folder cannot be made, which is said and stops nothing", async () => {
    await writeFile(join(folder, "file"), "");
    const store = await openActivationStore(trunk, {
      folder: join(folder, "file"),
      warn: (line) => warnings.push(line),
    });
    expect(store).toBeUndefined();
    expect(warnings.join()).toMatch(/not kept for other runs.*file/);
  });

  test("that cannot be written any more are said once", async () => {
    const store = await opened();
    const [name = ""] = await readdir(folder);
    await rm(join(folder, name), { recursive: true });
    await writeFile(join(folder, name), "a file where the folder was");
    await store.put("a", row(1));
    await store.flush();
    await store.put("b", row(2));
    await store.flush();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/cannot be written.*not kept for other runs/s);
    expect(await store.get("a")).toBeUndefined();
  });
});

test("the cache is listed, the trunk that was used last first, and cleared", async () => {
  await filled(2);
  const other = await opened({ ...trunk, digest: "other", model: "mobilenetv2" });
  await other.put("a", row(1));
  await other.flush();
  const [first, second] = await keptTrunks(folder);
  const [newest, oldest] = first?.model === "mobilenetv2" ? [first, second] : [second, first];
  expect(newest).toMatchObject({ model: "mobilenetv2", rows: 1 });
  expect(oldest).toMatchObject({ model: "vgg16", rows: 2 });
  expect(oldest?.bytes).toBeGreaterThan(2 * 24);
  await clearActivations(folder);
  await expect(stat(folder)).rejects.toThrow("ENOENT");
  expect(await keptTrunks(folder)).toEqual([]);
});

test("two that begin with the same trunk at the same moment both get a store", async () => {
  for (let pair = 0; pair < 25; pair++) {
    const description = { ...trunk, digest: `pair ${pair}` };
    const later = new Promise((resolve) => setTimeout(resolve, pair % 4));
    await Promise.all([opened(description), later.then(() => opened(description))]);
  }
  expect(warnings).toEqual([]);
  expect((await readdir(folder)).filter((name) => name.endsWith(".lock"))).toEqual([]);
});
