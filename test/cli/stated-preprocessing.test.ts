import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadBackbone } from "../../src/applications/load-backbone.js";
import { readModel } from "../../src/onnx/read-model.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-stated-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is done to pixels for a network whose file says this of itself. */
async function statedBy(metadata: Readonly<Record<string, string>>): Promise<string> {
  const network = join(folder, "network.onnx");
  await writeFile(network, writeModel({ ...readModel(tinyNetwork(), "test"), metadata }));
  return (await loadBackbone({ network })).record.preprocess;
}

describe("the preprocessing that a network's file states", () => {
  test.each([
    ["0.5 0.5 0.5", "0.5,0.5,0.5", "tf"],
    ["[0.5, 0.5, 0.5]", "[0.5, 0.5, 0.5]", "tf"],
    ["0.5", "0.5", "tf"],
    ["(0.485, 0.456, 0.406)", "(0.229, 0.224, 0.225)", "torch"],
    ["[0, 0, 0]", "[1, 1, 1]", "0-1"],
    ["[0.1, 0.2, 0.3]", "[1, 1, 1]", "0.1,0.2,0.3/1,1,1"],
  ])("is read from the mean %s and the deviation %s", async (mean, std, mode) => {
    expect(await statedBy({ mean, std })).toBe(mode);
  });

  test("is asked for where it makes no sense, with what the file says", async () => {
    await expect(statedBy({})).rejects.toThrow(/does not say what was done to pixels.*--preprocess/s);
    await expect(statedBy({ mean: "[]", std: "x" })).rejects.toThrow(
      /a number for each channel.*\[\] and x.*--preprocess/s,
    );
    await expect(statedBy({ crop_pct: "2" })).rejects.toThrow(/crop_pct.*a share in \(0, 1\].*2/s);
    await expect(statedBy({ preprocess: "weird" })).rejects.toThrow(/network\.onnx names.*"weird".*--preprocess/s);
  });
});
