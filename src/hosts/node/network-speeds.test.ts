import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tinyNetwork } from "../../../test/cli/tiny-network.js";
import { hubServer } from "../../../test/support/hub-server.js";
import { fetchFromHub } from "../../files/hub.js";
import { parseHubName } from "../../files/hub/reference.js";
import { networkOf } from "../../files/network.js";
import { networkSpeeds } from "./network-speeds.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-speeds-"));
  vi.stubEnv("HF_HOME", join(folder, "hub"));
  vi.stubEnv("GRAFT_CACHE", join(folder, "graft"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const name = "hf:Xenova/resnet-50";
const config = JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] });

test("networks that are on this computer are measured once, others are not fetched for it", async () => {
  const hub = await hubServer({
    "Xenova/resnet-50": { files: { "model.onnx": tinyNetwork(), "preprocessor_config.json": config } },
  });
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  await fetchFromHub(parseHubName(name), {}, { network: networkOf({}, {}) });
  const asked = hub.requests.length;
  const other = "hf:onnx-community/dinov2-small";
  for (const away of [other, "vgg16", "mobilenetv2"]) expect(await networkSpeeds.measure(away)).toBeUndefined();
  expect(await networkSpeeds.measured()).toEqual(new Map());
  const milliseconds = await networkSpeeds.measure(name);
  expect(milliseconds).toBeGreaterThan(0);
  expect(await networkSpeeds.measured()).toEqual(new Map([[name, milliseconds]]));
  expect(hub.requests).toHaveLength(asked);
});

test("figures of another computer, and damaged ones, are none", async () => {
  const file = join(folder, "graft", "networks", "speeds.json");
  const hub = await hubServer({
    "Xenova/resnet-50": { files: { "model.onnx": tinyNetwork(), "preprocessor_config.json": config } },
  });
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  await fetchFromHub(parseHubName(name), {}, { network: networkOf({}, {}) });
  await networkSpeeds.measure(name);
  const [here = ""] = Object.keys(JSON.parse(await readFile(file, "utf8")) as object);
  expect(here).toMatch(/, \d+ threads, graft \S+, onnxruntime \S+$/);
  await writeFile(file, JSON.stringify({ "another computer": { [name]: 1 } }));
  expect(await networkSpeeds.measured()).toEqual(new Map());
  await writeFile(file, "{");
  expect(await networkSpeeds.measured()).toEqual(new Map());
});
