import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Tensor } from "../runtime/runtime.js";
import type { PhotoExplainer } from "../recipe/explain/open-explainer.js";
import { explainPhotos } from "./explain.js";
import type { JobContext } from "./job.js";

let folder = "";
let photo = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-explain-job-"));
  photo = join(folder, "a.png");
  await sharp({ create: { width: 8, height: 8, channels: 3, background: "#e01010" } }).toFile(photo);
  await writeFile(join(folder, "file"), "");
});
afterAll(() => rm(folder, { recursive: true }));

/** Explains photos with a network that computes nothing, and says what it was asked for. */
function explaining(out: string, emit: JobContext["emit"] = () => undefined) {
  const heat = new Tensor("float32", new Float32Array([0, 1]), [1, 2]);
  const explain = vi.fn(() => Promise.resolve({ heat, classIndex: 0, output: 0.9, method: "occlusion" as const }));
  const release = vi.fn(() => Promise.resolve());
  const explainer: PhotoExplainer = {
    ...{ labels: ["cat", "dog"], framing: { crop: 1, keepProportions: false }, shrinksTo: undefined },
    ...{ explain, release },
  };
  const parts = {
    createRuntime: () => Promise.resolve({ device: "cpu" }),
    openExplainer: () => Promise.resolve(explainer),
  } as unknown as JobContext["parts"];
  const request = { model: "run", photos: [photo], method: undefined, label: undefined, out, device: "cpu" };
  return { explain, release, ended: explainPhotos(request, { emit, now: () => 0, parts }) };
}

test.each([
  { about: "is a file", out: () => join(folder, "file"), received: /a file where a folder/ },
  { about: "lies in a file", out: () => join(folder, "file", "in"), received: /a file where a folder/ },
])("where the folder for pictures $about, nothing is computed", async ({ out, received }) => {
  const { explain, release, ended } = explaining(out());
  await expect(ended).rejects.toMatchObject({ subject: out(), received: expect.stringMatching(received) as string });
  expect(explain).not.toHaveBeenCalled();
  expect(release).toHaveBeenCalledOnce();
});

test("the folder for pictures is made with those above it", async () => {
  const out = join(folder, "new", "heat");
  const { explain, ended } = explaining(out);
  await ended;
  expect(explain).toHaveBeenCalledOnce();
  expect(await readdir(out)).toEqual(["a.png.heat.png"]);
});
