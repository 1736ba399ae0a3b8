import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Generator } from "../../src/random/generator.js";
import { events, graft } from "./command.js";
import { tinyNetwork } from "./tiny-network.js";

const tiny = ["--network", "tiny.onnx", "--preprocess", "torch", "--epochs", "2"];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-imbalance-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  const random = new Generator(5);
  // Red of the rare class is two standard deviations above that of the usual one: nobody can tell all of them apart.
  await photosOf("train", { usual: 120, rare: 6 }, random);
  await photosOf("test", { usual: 40, rare: 40 }, random);
});
afterAll(() => rm(folder, { recursive: true }));

async function photosOf(
  set: string,
  counts: { readonly usual: number; readonly rare: number },
  random: Generator,
): Promise<void> {
  for (const [name, count] of Object.entries(counts)) {
    await mkdir(join(folder, "uneven", set, name), { recursive: true });
    for (let photo = 0; photo < count; photo++) {
      const shades = new Float32Array(3);
      random.normalInto(shades);
      const colour = Array.from(
        shades,
        (shade, channel) => 120 + 15 * shade + (name === "rare" && channel === 0 ? 30 : 0),
      );
      const pixels = Uint8Array.from({ length: 40 * 40 * 3 }, (_, place) => Math.round(colour[place % 3] ?? 0));
      await sharp(pixels, { raw: { width: 40, height: 40, channels: 3 } })
        .png()
        .toFile(join(folder, "uneven", set, name, `${photo}.png`));
    }
  }
}

interface Figures {
  readonly balanced_accuracy: number;
  readonly per_class: readonly { readonly label: string; readonly recall: number }[];
}

interface Record {
  readonly class_weights: { readonly kind: string; readonly asked: boolean };
  readonly result: { readonly test: Figures; readonly held_out: Figures };
}

test("a class with a twentieth of the photos of another one is recognised, and who lets each photo count alike misses it", async () => {
  const told = await graft(["train", "uneven", ...tiny, "--out", "balanced"], folder);
  expect(told.exitCode, told.stderr).toBe(0);
  expect(told.stderr).toMatch(
    /Classes have from 6 photos \("rare"\) to 120 \("usual"\) to learn from: each class counts alike/,
  );
  expect(told.stdout).toMatch(/^test +accuracy .*, balanced \d+\.\d %, loss/m);
  expect(told.stdout).toMatch(/^class +photos +recognised +precision +F1$/m);
  const plain = await graft(
    ["train", "uneven", ...tiny, "--out", "plain", "--class-weights", "none", "--json"],
    folder,
  );
  expect(plain.exitCode, plain.stderr).toBe(0);
  expect(events(plain.stdout).map(({ event }) => event)).not.toContain("weighting");

  const recordOf = async (run: string): Promise<Record> =>
    JSON.parse(await readFile(join(folder, run, "run.json"), "utf8")) as Record;
  const [balanced, none] = [await recordOf("balanced"), await recordOf("plain")];
  expect([balanced.class_weights, none.class_weights]).toMatchObject([
    { kind: "balanced", asked: false },
    { kind: "none", asked: true },
  ]);
  const rare = ({ result }: Record): number =>
    result.test.per_class.find(({ label }) => label === "rare")?.recall ?? NaN;
  expect(rare(none)).toBeLessThan(0.5);
  expect(rare(balanced)).toBeGreaterThan(rare(none) + 0.2);
  expect(balanced.result.test.balanced_accuracy).toBeGreaterThan(none.result.test.balanced_accuracy + 0.05);
}, 240_000);
