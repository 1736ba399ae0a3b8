import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { z } from "zod";
import { runRecord } from "../src/runs/run-record.js";

const file = fileURLToPath(new URL("../schema/run.schema.json", import.meta.url));

/** A record of format 1, as earlier versions wrote it. */
const format1 = {
  ...{ format: 1, versions: { graft: "0.1.0", node: "20.0.0" }, started: "2026-11-01T00:00:00.000Z" },
  ...{ finished: "2026-11-01T00:01:00.000Z", seconds: 60, training_seconds: 50, device: "cpu", interrupted: false },
  configuration: { network: "mobilenetv2", seed: 0, epochs: null },
  network: { name: "mobilenetv2", licence: "MIT", preprocess: "tf", image_size: 224, unfrozen_from: "none" },
  data: { directory: "/photos", fingerprint: "sha256-0", classes: ["cat", "dog"], skipped: [] },
  split: { division: "drawn", training: ["cat/0.jpg"], validation: ["dog/0.jpg"], seed: 0, test: [] },
  result: { epochs: 1, best_epoch: 1, loss: 0, accuracy: 1, val_loss: 0, val_accuracy: 1 },
};

const inputs = {
  ...{ directory: "/photos", classes: ["cat", "dog"], division: "drawn", device: "cpu", versions: { graft: "0.1.0" } },
  network: { name: "mobilenetv2", image_size: 224, preprocess: "tf", weights: "0" },
  hardware: { processor: "one", processors: 2, architecture: "x64", platform: "linux" },
  ...{ photos_sha256: "0", measured: { "work of an element of tiles": 180 } },
};

test("the published schema of run.json is the one by which Graft reads it", async () => {
  const options = { ...(await resolveConfig(file)), parser: "json" };
  const made = await format(JSON.stringify(z.toJSONSchema(runRecord, { target: "draft-7", io: "input" })), options);
  if (process.env["GRAFT_WRITE_DOCS"] === "1") {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, made);
  } else expect(await readFile(file, "utf8")).toBe(made);
});

test("another reader of schemas takes what Graft takes, and refuses what it refuses", async () => {
  const validate = new Ajv().compile(JSON.parse(await readFile(file, "utf8")) as object);
  const records = [
    ...[format1, { ...format1, format: 2, inputs, model_sha256: "0" }, { ...format1, later: 1 }],
    ...[
      { ...format1, format: 3 },
      { ...format1, split: undefined },
      { ...format1, seconds: "60" },
    ],
    { ...format1, format: 2, inputs: { ...inputs, measured: { "work of an element of tiles": -1 } } },
  ].map((record): unknown => JSON.parse(JSON.stringify(record)));
  const taken = records.map((record) => runRecord.safeParse(record).success);
  expect(taken).toEqual([true, true, true, false, false, false, false]);
  expect(records.map((record) => validate(record))).toEqual(taken);
});
