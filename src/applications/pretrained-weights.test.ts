import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DownloadError, layers, models } from "graft-ml";
import { pretrainedFile } from "./pretrained-weights.js";

let folder = "";
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-weights-"));
  vi.stubEnv("GRAFT_CACHE", join(folder, "cache"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

function network(): models.Sequential {
  return new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(2, { name: "scores" })]);
}

/** A server on this machine that gives one file, and counts how often it is asked. */
async function serve(bytes: Uint8Array): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const started = createServer((_request, response) => {
    requests += 1;
    response.setHeader("content-length", bytes.length);
    response.end(bytes);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const { port } = started.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/weights.h5`, requests: () => requests };
}

/** That of no file. */
const wrong = { algorithm: "md5", hex: "0".repeat(32) } as const;

describe("pretrainedFile", () => {
  test("downloads the published file once, checks it, and takes it from the cache afterwards", async () => {
    const original = network();
    const file = join(folder, "original.weights.h5");
    await original.saveWeights(file);
    const bytes = await readFile(file);
    const { url, requests } = await serve(bytes);
    const md5 = createHash("md5").update(bytes).digest("hex");
    const published = {
      ...{ url, file: "tiny.weights.h5", bytes: bytes.length },
      checksum: { algorithm: "md5", hex: md5 } as const,
    };

    const progress: number[] = [];
    for (let run = 0; run < 2; run++) {
      const model = network();
      await model.loadWeights(await pretrainedFile("imagenet", published, ({ received }) => progress.push(received)));
      expect(model.getWeights()).toEqual(original.getWeights());
    }
    expect(requests()).toBe(1);
    expect(progress.at(-1)).toBe(bytes.length);
  });

  test("refuses a file that is not the published one", async () => {
    const { url } = await serve(new Uint8Array(100));
    const published = { url, file: "tiny.weights.h5", checksum: wrong, bytes: 100 };
    await expect(pretrainedFile("imagenet", published, () => undefined)).rejects.toThrow(DownloadError);
  });

  test("says without a network what to download and where to put it", async () => {
    const { url } = await serve(new Uint8Array());
    server?.closeAllConnections();
    server?.close();
    const published = { url, file: "tiny.weights.h5", checksum: wrong, bytes: 100 };
    const failure = await pretrainedFile("imagenet", published, () => undefined).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DownloadError);
    const { message } = failure as DownloadError;
    expect(message).toContain(url);
    expect(message).toContain(join(folder, "cache", "keras", "tiny.weights.h5"));
  });
});
