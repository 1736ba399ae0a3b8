import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { framedClassifier } from "../../../test/support/framed-classifier.js";
import { createNodeRuntime } from "../../runtime/node/runtime.js";
import { explainMethods } from "./methods.js";
import { openExplainer } from "./open-explainer.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-open-explainer-"));
  await writeFile(join(folder, "model.onnx"), framedClassifier({ keepProportions: true }));
});
afterAll(() => rm(folder, { recursive: true }));

/** A photo of waves, or the part of it from a column on. */
function photo(width: number, left = 0) {
  const height = 48;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++)
        data[(y * width + x) * 3 + channel] =
          127 + 120 * Math.sin((x + left) * 0.21 + channel) * Math.cos(y * 0.13 + channel * channel);
  return { width, height, data };
}

test.each(explainMethods.filter((method) => method !== "attention-rollout"))(
  "the map of %s is over the part of a photo that the network sees",
  async (method) => {
    const explainer = await openExplainer(createNodeRuntime(), folder, method);
    const whole = await explainer.explain(photo(96), 1);
    const part = await explainer.explain(photo(48, 24), 1);
    await explainer.release();
    expect(whole.output).toBeCloseTo(part.output, 5);
    const [seen, cut] = [whole.heat, part.heat].map(({ data }) => Array.from(data as Float32Array));
    expect(seen).toHaveLength(cut?.length ?? 0);
    expect(Math.max(...(cut ?? []))).toBe(1);
    seen?.forEach((heat, cell) => {
      expect(heat).toBeCloseTo(cut?.[cell] ?? NaN, 3);
    });
  },
);
