import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readModel } from "../../src/onnx/read-model.js";
import type { RunRecord } from "../../src/runs/run-record.js";
import { hubCommit, hubServer } from "../support/hub-server.js";
import { events, graft } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-cli-hub-"));
  await writePhotoFolder(join(folder, "photos"), 10);
});
afterAll(() => rm(folder, { recursive: true }));

const files = {
  "model.onnx": tinyNetwork(),
  "preprocessor_config.json": JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }),
  "README.md": "---\nlicense: mit\n---\n",
};

test("a run with a network of the hub keeps its commit and its licence, and is made again without a network", async () => {
  const hub = await hubServer({ "owner/net": { files, card: { license: "mit" } } });
  const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, "home"), NO_PROXY: "127.0.0.1" };
  const train = ["train", "photos", "--network", "hf:owner/net", "--epochs", "1", "--json"];
  const first = await graft([...train, "--out", "first"], folder, env);
  expect(first.exitCode, first.stdout + first.stderr).toBe(0);
  const name = `hf:owner/net@${hubCommit}`;
  const told = events(first.stdout);
  expect(told.find(({ event }) => event === "start")?.["network"]).toBe(name);
  const { network, configuration } = JSON.parse(await readFile(join(folder, "first", "run.json"), "utf8")) as RunRecord;
  expect(network).toMatchObject({ name, licence: "mit", preprocess: "tf" });
  expect(configuration["network"]).toBe("hf:owner/net");
  const path = join(folder, "first", "model.onnx");
  expect(readModel(await readFile(path), path).metadata).toMatchObject({ network: name, licence: "mit" });
  const asked = hub.requests.length;
  const again = ["train", "photos", "--network", name, "--epochs", "1", "--out", "second"];
  const second = await graft(again, folder, { ...env, HF_HUB_OFFLINE: "1" });
  expect(second.exitCode, second.stderr).toBe(0);
  expect(second.stderr).toContain(`Network: ${name}, 32 × 32 pixels`);
  expect(hub.requests).toHaveLength(asked);
});

test("a name that is none is refused before anything is fetched", async () => {
  const hub = await hubServer({});
  const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, "home"), NO_PROXY: "127.0.0.1" };
  const wrong = await graft(["train", "photos", "--network", "hf:owner/net:../x.onnx"], folder, env);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/no name of a network on the hub/);
  const missing = await graft(["train", "photos", "--network", "hf:owner/none"], folder, env);
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toMatch(/no repository owner\/none on the hub, or it is private/);
});
