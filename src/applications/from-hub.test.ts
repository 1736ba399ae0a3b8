import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applications, DownloadError, Tensor, UsageError } from "graft-ml";
import { tinyNetwork } from "../../test/cli/tiny-network.js";
import { hubCommit, type HubRepository, hubServer } from "../../test/support/hub-server.js";
import { inspectNetwork, loadBackbone } from "./load-backbone.js";
import { networkRecords } from "./networks.js";

// Proxies and certificates of this computer would lead past the server that is put in place here.
vi.mock(import("../files/network.js"), async (importOriginal) => ({
  ...(await importOriginal()),
  ownNetwork: async () =>
    Promise.resolve({
      httpsProxy: undefined,
      httpProxy: undefined,
      noProxy: [],
      certificates: undefined,
      checked: true,
    }),
}));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-from-hub-"));
  vi.stubEnv("HF_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const photos = { do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], size: 32 };
const repository: HubRepository = {
  files: {
    "onnx/model.onnx": tinyNetwork(),
    "preprocessor_config.json": JSON.stringify(photos),
    "README.md": "---\nlicense: mit\n---\n",
  },
  card: { license: "mit" },
};

async function serve(repositories: Readonly<Record<string, HubRepository>> = { "owner/net": repository }) {
  const hub = await hubServer(repositories);
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  return hub;
}

const silent = (): void => undefined;

describe("applications.fromHub", () => {
  it("gives a network without its classifier, and says which one and on what terms", async () => {
    await serve();
    const told: string[] = [];
    const model = await applications.fromHub("owner/net", {}, ({ what }) => told.push(what));
    expect(new Set(told)).toEqual(new Set(Object.keys(repository.files).map((path) => `owner/net/${path}`)));
    expect(model.pretrained).toMatchObject({ network: `hf:owner/net@${hubCommit}`, licence: "mit" });
    expect(model.pretrained?.standardization.scale[0]).toBeCloseTo(1 / 127.5);
    const features = await model.predict(new Tensor("float32", new Float32Array(32 * 32 * 3), [1, 32, 32, 3]));
    expect(features.dims).toEqual([1, 32, 32, 8]);
  });

  it("takes a revision and a file", async () => {
    const commit = "c".repeat(40);
    const files = { ...repository.files, "README.md": "", "other.onnx": tinyNetwork() };
    await serve({ "owner/net": { files, revisions: { "v1/x": commit } } });
    const options = { revision: "v1/x", file: "other.onnx", preprocess: "torch" } as const;
    const model = await applications.fromHub("owner/net", options, silent);
    expect(model.pretrained).toMatchObject({ network: `hf:owner/net@${commit}:other.onnx`, licence: "Apache-2.0" });
    expect(model.pretrained?.advice).toContain("applications.densenet.preprocessInput");
  });

  it("refuses what it cannot use, before any request", async () => {
    const hub = await serve();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => applications.fromHub("net"),
      () => applications.fromHub("hf:owner/net"),
      () => applications.fromHub("owner/net", { file: "../x.onnx" }),
      () => applications.fromHub("owner/net", { revision: "a..b" }),
      () => applications.fromHub("owner/net", { preprocess: "no" as "torch" }),
      () => applications.fromHub("owner/net", { imageSize: 3 }),
      () => applications.fromHub("owner/net", { bogus: 1 } as object),
      () => applications.fromHub(3 as unknown as string),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(UsageError);
    expect(hub.requests).toEqual([]);
  });

  it("says what a repository without a network is to be made into", async () => {
    await serve({ "owner/net": { files: { "model.safetensors": "weights" } } });
    await expect(applications.fromHub("owner/net", {}, silent)).rejects.toThrow(
      /optimum-cli export onnx --model owner\/net/,
    );
    await expect(applications.fromHub("owner/no", {}, silent)).rejects.toThrow(DownloadError);
  });
});

describe("--network hf:owner/name", () => {
  it("is the same network, with what the repository says of photos and its licence", async () => {
    await serve();
    const { record, imageSize, model } = await loadBackbone({ network: "hf:owner/net" });
    expect(record).toMatchObject({
      ...{ name: `hf:owner/net@${hubCommit}`, licence: "mit", preprocess: "tf" },
      preprocessSource: "preprocessor_config.json",
    });
    expect([imageSize, model.outputShape.at(-1)]).toEqual([32, 8]);
    // By this name it is had again, without a network too.
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await loadBackbone({ network: record.name })).record).toEqual(record);
    await expect(loadBackbone({ network: "hf:owner/net", weights: "x.h5" })).rejects.toThrow(/brings its own weights/);
  });

  it("is looked at under its name, and with its licence", async () => {
    await serve();
    const inspection = await inspectNetwork({ network: "hf:owner/net" });
    expect(inspection).toMatchObject({ name: `hf:owner/net@${hubCommit}`, licence: "mit", preprocess: "tf" });
  });

  it("of a copy whose card has no licence has that of what it is a copy of, where Graft knows it", async () => {
    const files = { ...repository.files, "README.md": "", "onnx/model.onnx": tinyNetwork({}) };
    await serve({ "Xenova/resnet-50": { files }, "owner/net": { files } });
    expect((await loadBackbone({ network: "hf:Xenova/resnet-50" })).record.licence).toBe("Apache-2.0");
    expect((await loadBackbone({ network: "hf:owner/net" })).record.licence).toBe("unknown");
  });
});

it("a dozen networks of the hub are listed, with size, licence and where their accuracy is published", () => {
  const listed = networkRecords().filter(({ name }) => name.startsWith("hf:"));
  expect(listed).toHaveLength(12);
  for (const { megabytes, licence, accuracy } of listed) {
    expect([typeof megabytes, licence]).toEqual(["number", "Apache-2.0"]);
    if (accuracy !== undefined) expect(accuracy.source).not.toBe("");
  }
});
