import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { applications, DownloadError } from "graft-ml";
import { readGolden } from "../../test/support/golden.js";

// Proxies and certificates of this computer would lead past the fetch that is put in place here.
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

interface File {
  readonly file: string;
  readonly url: string;
  readonly hash: string | null;
}

interface Entry {
  /** The function, where it is not the entry's name. */
  readonly of?: string;
  readonly options?: object;
  readonly files?: { readonly top: File; readonly noTop: File };
}

type Golden = Readonly<Record<string, Entry>>;

const golden = await readGolden<Golden>("applications.json");
const cases = Object.entries(golden).flatMap(([name, { files }]) =>
  files === undefined ? [] : [[name, true, files.top] as const, [name, false, files.noTop] as const],
);

function make(name: string, includeTop: boolean): Promise<unknown> {
  const functions: Readonly<Record<string, unknown>> = applications;
  const { of = name, options } = golden[name] ?? {};
  return (functions[of] as typeof applications.VGG16)({ ...options, includeTop }, () => undefined);
}

let cache = "";
/** In place of Keras's server: it has other files than those that are wanted, and notes what it is asked for. */
let server: Server;
const asked: string[] = [];
const { fetch } = globalThis;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("something else");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "graft-downloads-"));
  vi.stubEnv("GRAFT_CACHE", cache);
  asked.length = 0;
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

describe.each(cases)("%s with includeTop: %s", (name, includeTop, { file, url, hash }) => {
  it.skipIf(hash === null)("asks for Keras's file, and takes no other", async () => {
    const { port } = server.address() as AddressInfo;
    vi.stubGlobal("fetch", (given: string, init?: RequestInit) =>
      fetch(`http://127.0.0.1:${port}${new URL(given).pathname}`, init),
    );
    const failure: unknown = await make(name, includeTop).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DownloadError);
    expect(String(failure)).toContain(`${hash?.length === 64 ? "sha256" : "md5"} ${hash ?? ""}`);
    expect(new Set(asked)).toEqual(new Set([new URL(url).pathname]));
  });

  it("says without a network what to download and where to put it", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    const failure: unknown = await make(name, includeTop).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DownloadError);
    expect(String(failure)).toContain(url);
    expect(String(failure)).toContain(join(cache, "keras", file));
  });
});
