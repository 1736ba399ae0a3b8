import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { models } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readGolden, readGoldenArchive } from "./support/golden.js";
import { drawTinyPhotos } from "./support/tiny-photos.js";

const root = join(import.meta.dirname, "..");
const shared = join(root, "..", "shared");
const photos = join(shared, "data", "cats-vs-dogs-small");
const weights = join(shared, "weights", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");

let out = "";
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "graft-example-"));
  await drawTinyPhotos(join(out, "two"), 2);
  await drawTinyPhotos(join(out, "three"), 3);
  for (const [name, bytes] of Object.entries(await readGoldenArchive("examples.zip"))) {
    await writeFile(join(out, name), bytes);
  }
  await writeFile(join(out, "train.csv"), csv(["file", "label"], trainTable));
  await writeFile(join(out, "test.csv"), csv(["file"], testTable));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

/** The tables of `kaggle_table` in scripts/golden/examples.py. */
const trainTable = [...Array(8).keys()].flatMap((index) =>
  ["checks", "stripes", ...(index < 4 ? ["waves"] : [])].map((name) => [`${name}/${index}.png`, name]),
);
const testTable = ["checks", "stripes", "waves"].flatMap((name) =>
  [0, 1, 2, 3].map((index) => [`${name}/${index}.png`]),
);

function csv(names: readonly string[], rows: readonly (readonly string[])[]): string {
  return [names, ...rows].map((row) => `${row.join(",")}\n`).join("");
}

let runs = 0;

/**
 * Runs an example in this process, which need not load the engine again.
 *
 * @param options what follows its name on the command line; files and folders are those of the test
 * @returns what its last line says
 */
async function run(name: string, options: Readonly<Record<string, string>>, plain: boolean): Promise<unknown> {
  const file = join(root, "examples", `${name}.ts`);
  const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...given: readonly unknown[]) => {
    lines.push(given.join(" "));
  });
  const before = process.argv;
  process.argv = [process.execPath, file, ...flags, ...(plain ? ["--plain"] : []), "--json"];
  try {
    await import(`${pathToFileURL(file).href}?run=${runs++}`);
  } finally {
    process.argv = before;
    log.mockRestore();
  }
  return JSON.parse(lines.at(-1) ?? "");
}

/** Compares all numbers and texts. */
function expectAlike(received: unknown, expected: unknown, path: string, tolerance: number): void {
  if (typeof expected === "number") {
    const error = Math.abs(Number(received) - expected) / Math.max(1e-2, Math.abs(expected));
    expect(error, `${path}: ${String(received)} in place of ${expected}`).toBeLessThan(tolerance);
    return;
  }
  if (typeof expected !== "object" || expected === null) {
    expect(received, path).toEqual(expected);
    return;
  }
  expect(
    Object.keys(received as object)
      .filter((key) => key !== "learning_rate")
      .sort(),
    path,
  ).toEqual(Object.keys(expected).sort());
  for (const [key, value] of Object.entries(expected)) {
    expectAlike((received as Record<string, unknown>)[key], value, `${path}/${key}`, tolerance);
  }
}

function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  // JSON has no NaN.
  if (value === null) return [Number.NaN];
  return typeof value === "object" ? Object.values(value).flatMap(numbersIn) : [];
}

type Example = readonly [name: string, options: () => Readonly<Record<string, string>>];

const examples: readonly Example[] = [
  [
    "transfer-learning",
    () => ({
      "data-dir": join(out, "two"),
      ...{ base: join(out, "base.keras"), size: "32", "batch-size": "8" },
      ...{ epochs: "6", "learning-rate": "0.5", "fine-tuning-epochs": "2", "fine-tuning-rate": "3e-3" },
    }),
  ],
  [
    "book-chapter-8",
    () => ({
      "data-dir": join(out, "two"),
      ...{ base: join(out, "base.keras"), size: "32", units: "16", epochs: "4", "learning-rate": "3e-4" },
      out: join(out, "chapter-8"),
    }),
  ],
  [
    "k-fold",
    () => ({
      "data-dir": join(out, "three", "train"),
      ...{ model: join(out, "untrained.keras"), size: "32", folds: "4", epochs: "5" },
      ...{ "batch-size": "6", "learning-rate": "0.01" },
    }),
  ],
  [
    "metric-learning",
    () => ({
      "data-dir": join(out, "three", "train"),
      ...{ model: join(out, "embedder.keras"), size: "32", batches: "4", epochs: "3" },
    }),
  ],
  [
    "kaggle-table",
    () => ({
      ...{ "train-csv": join(out, "train.csv"), "train-dir": join(out, "three", "train") },
      ...{ "test-csv": join(out, "test.csv"), "test-dir": join(out, "three", "validation") },
      ...{ model: join(out, "untrained.keras"), size: "32", "batch-size": "5", epochs: "8", "learning-rate": "0.02" },
      out: join(out, "submission.csv"),
    }),
  ],
];

const golden = await readGolden<Readonly<Record<string, unknown>>>("examples.json");

describe("counterparts of public scripts on tiny photos", () => {
  test.each(examples)("examples/%s.ts gives Keras's numbers", async (name, options) => {
    expectAlike(await run(name, options(), true), golden[name], name, 1e-4);
  });

  test.each(examples)("examples/%s.ts runs with all that is up to chance", async (name, options) => {
    const numbers = numbersIn(await run(name, options(), false));
    expect(numbers.length).toBeGreaterThan(3);
    expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([]);
  });

  test("examples/grad-cam.ts gives Keras's numbers, and lays the heat map over the photo", async () => {
    const cam = join(out, "cam", "cam.png");
    const options = {
      ...{ photo: join(out, "three", "train", "checks", "2.png"), model: join(out, "trained.keras") },
      ...{ "last-layer": "last", size: "32", out: cam },
    };
    const { label, ...numbers } = golden["grad-cam"] as { readonly label: string };
    const { predIndex, ...received } = (await run("grad-cam", options, false)) as { readonly predIndex: number };
    expect(["checks", "stripes", "waves"][predIndex]).toBe(label);
    expectAlike(received, numbers, "grad-cam", 1e-4);
    expect((await readFile(cam)).length).toBeGreaterThan(500);
  });

  test("examples/recipe.ts follows the recipe, and goes on by hand", async () => {
    const network = join(out, "network.onnx");
    await (await models.loadModel(join(out, "base.keras"))).export(network);
    const options = {
      ...{ "data-dir": join(out, "three", "train"), network, preprocess: "tf", out: join(out, "recipe"), epochs: "2" },
    };
    const { held_out, loss } = (await run("recipe", options, false)) as Record<"held_out" | "loss", unknown>;
    expect(held_out).toBeGreaterThanOrEqual(0);
    expect(loss).toHaveLength(2);
    expect((await readFile(join(out, "recipe", "model.onnx"))).length).toBeGreaterThan(500);
  });

  test("examples/kaggle-table.ts writes a line for each test photo", async () => {
    const lines = (await readFile(join(out, "submission.csv"), "utf8")).trim().split("\n");
    expect([lines[0], lines.length]).toEqual(["file,label", 13]);
  });
});

describe.skipIf(!existsSync(photos) || !existsSync(weights))(
  "examples/cats-and-dogs.ts (skipped where ../shared has no photos and weights)",
  () => {
    test("trains, draws both plots and ends with one line of JSON", async () => {
      const plots = join(out, "plots");
      await mkdir(plots);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [
          ...[
            "--import",
            "tsx",
            join(root, "examples", "cats-and-dogs.ts"),
            "--base-dir",
            photos,
            "--weights",
            weights,
          ],
          ...["--epochs", "1", "--steps-per-epoch", "1", "--validation-steps", "1", "--out", plots, "--json"],
        ],
        { cwd: root, maxBuffer: 2 ** 24 },
      );
      const lines = stdout.trim().split("\n");
      expect(lines.slice(0, 2)).toEqual([
        "Found 2000 images belonging to 2 classes.",
        "Found 1000 images belonging to 2 classes.",
      ]);
      expect(stdout).toContain(" Trainable params: 9,177,089 (35.01 MB)");
      expect(stdout).toMatch(/Time used: \d+\.\d s/);
      const result = JSON.parse(lines.at(-1) ?? "") as { history: Record<string, number[]>; seconds: number[] };
      expect(Object.keys(result.history).sort()).toEqual(["acc", "loss", "val_acc", "val_loss"]);
      for (const figures of [...Object.values(result.history), result.seconds]) expect(figures).toHaveLength(1);
      expect((await readdir(plots)).sort()).toEqual(["accuracy.svg", "loss.svg"]);
    });
  },
);
