import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeModel } from "../onnx/write-model.js";
import { loadBackbone } from "./load-backbone.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-many-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a graph of more nodes than any network for images is refused, not trained for minutes", async () => {
  const nodes = Array.from({ length: 20_001 }, (_, index) => ({
    ...{ name: `n${index}`, op: index % 2 === 0 ? "Sigmoid" : "Relu", domain: "" },
    ...{ inputs: [index === 0 ? "x" : `v${index - 1}`], outputs: [`v${index}`], attributes: {} },
  }));
  const shape = ["N", 3, 32, 32] as const;
  const file = join(folder, "many.onnx");
  await writeFile(
    file,
    writeModel({
      ...{ irVersion: 8, opsets: { "": 17 }, producer: "test", graphName: "many", metadata: {} },
      nodes,
      inputs: [{ name: "x", type: "float32", shape }],
      outputs: [{ name: "v20000", type: "float32", shape }],
      constants: new Map(),
    }),
  );
  await expect(loadBackbone({ network: file, preprocess: "torch" })).rejects.toThrow(
    /too many nodes to be trained.*up to 20000 operators.*Received: 20001/,
  );
});
