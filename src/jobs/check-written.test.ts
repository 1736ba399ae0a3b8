import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NumberError } from "../errors/errors.js";
import type { FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";
import { checkWritten } from "./check-written.js";
import type { JobContext } from "./job.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-written-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A file that says `[said, 1 − said]` where the model in memory says `[0.9, 0.1]`. */
async function check(said: number): ReturnType<typeof checkWritten> {
  const path = join(folder, "cat.png");
  await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } }).toFile(path);
  const photo = { path, classIndex: 0 };
  const parts = {
    probabilitiesInMemory: () => Promise.resolve([{ photo, probabilities: [0.9, 0.1] }]),
    openClassifier: () =>
      Promise.resolve({
        ...{ atOnce: 1, shrinksTo: undefined, labels: ["cat", "dog"] },
        predict: () => Promise.resolve({ probabilities: Float32Array.of(said, 1 - said) }),
        release: () => Promise.resolve(),
      }),
  };
  const recipe = { validation: [photo], classes: ["cat", "dog"] } as unknown as FineTuneOptions;
  return checkWritten("run", recipe, {} as FineTuneResult, { parts } as unknown as JobContext);
}

test("a file that says what was trained is told how near it is", async () => {
  const checked = await check(0.9002);
  expect(checked?.photos).toBe(1);
  expect(checked?.difference).toBeCloseTo(0.0002, 5);
});

test.each([0.85, Number.NaN])("a file that says %d instead is an error that names photo and numbers", async (said) => {
  const error: unknown = await check(said).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(NumberError);
  expect((error as Error).message).toMatch(/model\.onnx does not say what was trained/);
  expect(error).toMatchObject({ subject: join(folder, "cat.png") });
});
