import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  hubCommit,
  type HubRepository,
  type HubRequest,
  type HubServer,
  hubServer,
  hubToken,
  lfsPointer,
  refuse,
  send,
} from "../../test/support/hub-server.js";
import { DownloadError, FileError, UsageError } from "../errors/errors.js";
import { writeModel } from "../onnx/write-model.js";
import { fetchFromHub, type FetchedNetwork, type FetchFromHubOptions } from "./hub.js";
import { parseHubName } from "./hub/reference.js";
import { networkOf } from "./network.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-hub-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Bytes of an ONNX file with nothing in it but numbers, so many that a transfer can break in their midst. */
function onnx(seed = 0): Uint8Array {
  const data = Float32Array.from({ length: 50_000 }, (_, index) => Math.sin(index + seed));
  const constants = new Map([["w", { type: "float32" as const, dims: [data.length], data }]]);
  return writeModel({
    ...{ irVersion: 8, opsets: { "": 17 }, producer: "a test", graphName: "network", metadata: {} },
    ...{ nodes: [], inputs: [], outputs: [], constants },
  });
}

const readme = "---\nlicense: apache-2.0\n---\n# A network\n";
const small: HubRepository = {
  files: {
    "README.md": readme,
    "config.json": "{}",
    "preprocessor_config.json": '{"size": 224}',
    "onnx/model.onnx": onnx(),
    "onnx/model_quantized.onnx": onnx(1),
    "model.safetensors": "weights",
  },
  card: { license: "apache-2.0" },
};

const cache = (): string => join(folder, "hub");
const repository = (): string => join(cache(), "models--owner--net");

function fetching(
  hub: Pick<HubServer, "endpoint">,
  name = "hf:owner/net",
  { env, ...options }: FetchFromHubOptions & { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<FetchedNetwork> {
  return fetchFromHub(parseHubName(name), options, {
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: folder, ...env },
    network: networkOf({}, {}),
    timing: { stall: 1000, retry: 1 },
  });
}

/** Sends the beginning of some contents, and hangs up. */
function breakOff(response: ServerResponse, bytes: Uint8Array, after: number, etag: string): void {
  response.writeHead(200, { "content-length": bytes.byteLength, etag });
  response.write(bytes.subarray(0, after), () => setTimeout(() => response.destroy(), 20));
}

const cdn = ({ requests }: HubServer): HubRequest[] => requests.filter(({ server }) => server === "cdn");

describe("a network of the hub", () => {
  test("is fetched with what describes it, into the cache that all programs of the hub share", async () => {
    const hub = await hubServer({ "owner/net": small });
    const progress: { what: string; received: number; total: number | undefined }[] = [];
    const fetched = await fetching(hub, "hf:owner/net", { onProgress: (event) => progress.push(event) });
    const snapshot = join(repository(), "snapshots", hubCommit);
    expect(fetched).toEqual({
      file: join(snapshot, "onnx/model.onnx"),
      folder: snapshot,
      repository: "owner/net",
      revision: hubCommit,
      name: `hf:owner/net@${hubCommit}`,
      licence: "apache-2.0",
      files: ["onnx/model.onnx", "preprocessor_config.json", "config.json", "README.md"],
    });
    expect(Buffer.compare(await readFile(fetched.file), onnx())).toBe(0);
    expect(await readFile(join(repository(), "refs/main"), "utf8")).toBe(hubCommit);
    const size = onnx().byteLength;
    expect(progress.find(({ received }) => received === size)).toEqual({
      ...{ what: "owner/net/onnx/model.onnx", received: size, total: size },
    });
    if (process.platform !== "win32") {
      const target = await readlink(fetched.file);
      expect(target).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
      expect(await readlink(join(snapshot, "README.md"))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
    }
  });

  test("is fetched once, and asked about each time", async () => {
    const hub = await hubServer({ "owner/net": small });
    const first = await fetching(hub);
    const { length } = cdn(hub);
    expect(await fetching(hub)).toEqual(first);
    expect(cdn(hub)).toHaveLength(length);
  });

  test("of a revision with slashes is noted under it", async () => {
    const commit = "f".repeat(40);
    const revisions = { "refs/pr/3": commit, "v1.0": commit };
    const hub = await hubServer({ "owner/net": { ...small, revisions } });
    expect((await fetching(hub, "hf:owner/net@refs/pr/3")).revision).toBe(commit);
    expect(await readFile(join(repository(), "refs/refs/pr/3"), "utf8")).toBe(commit);
    expect((await fetching(hub, `hf:owner/net@${commit}`)).name).toBe(`hf:owner/net@${commit}`);
    expect(await readdir(join(repository(), "refs"))).toEqual(["refs"]);
  });

  test("whose branch has moved on is fetched anew, and what is equal is not", async () => {
    const hub = await hubServer({ "owner/net": small });
    await fetching(hub);
    const before = hub.requests.length;
    const files = { ...small.files, "onnx/model.onnx": onnx(7) };
    hub.repositories["owner/net"] = { ...small, files, revisions: { main: "a".repeat(40) } };
    const fetched = await fetching(hub);
    expect(Buffer.compare(await readFile(fetched.file), onnx(7))).toBe(0);
    expect(hub.requests.slice(before).filter(({ url }) => url.includes("/resolve/"))).toHaveLength(1);
    expect((await fetching(hub, `hf:owner/net@${hubCommit}`, { env: { HF_HUB_OFFLINE: "1" } })).revision).toBe(
      hubCommit,
    );
  });

  test("is copied where there are no links", async () => {
    const hub = await hubServer({ "owner/net": small });
    const env = { HF_HUB_DISABLE_SYMLINKS: "1" };
    const { file } = await fetching(hub, "hf:owner/net", { env });
    expect((await lstat(file)).isFile()).toBe(true);
    expect(await readdir(join(repository(), "blobs"))).toEqual([]);
    const { length } = cdn(hub);
    await fetching(hub, "hf:owner/net", { env });
    expect(cdn(hub)).toHaveLength(length);
    expect((await fetching(hub, "hf:owner/net", { env: { HF_HUB_OFFLINE: "1" } })).file).toBe(file);
  });

  test("that several ask for at once is whole for all of them where there are no links", async () => {
    const hub = await hubServer({ "owner/net": small });
    const env = { HF_HUB_DISABLE_SYMLINKS: "1" };
    const all = await Promise.all([1, 2, 3, 4].map(() => fetching(hub, "hf:owner/net", { env })));
    for (const { file } of all) expect(Buffer.compare(await readFile(file), onnx())).toBe(0);
  });

  test("that several ask for at once is fetched once", async () => {
    const hub = await hubServer({ "owner/net": small });
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => fetching(hub)));
    for (const other of others) expect(other).toEqual(first);
    expect(cdn(hub)).toHaveLength(1);
    expect((await readdir(join(repository(), "blobs"))).every((name) => /^[0-9a-f]+$/.test(name))).toBe(true);
  });

  test("comes with weights that lie in files of their own, by whatever name", async () => {
    const { external, weights } = externalOnnx("weights/part.bin");
    const files = { "model.onnx": external, "weights/part.bin": weights, "other.bin": "no part of it" };
    const hub = await hubServer({ "owner/net": { files } });
    const fetched = await fetching(hub);
    expect(fetched.files).toEqual(["model.onnx", "weights/part.bin"]);
    expect(await readFile(join(fetched.folder, "weights/part.bin"))).toEqual(Buffer.from(weights));
    await rm(join(fetched.folder, "weights"), { recursive: true });
    await expect(fetching(hub, "hf:owner/net", { env: { HF_HUB_OFFLINE: "on" } })).rejects.toThrow(
      /the file weights\/part\.bin, which model\.onnx needs/,
    );
  });

  test("that names weights outside of its repository is refused", async () => {
    const { external } = externalOnnx("../../etc/passwd");
    const hub = await hubServer({ "owner/net": { files: { "onnx/model.onnx": external } } });
    await expect(fetching(hub)).rejects.toThrow(/lies outside of the repository/);
  });

  test("of TensorFlow.js comes with its shards", async () => {
    const manifest = { weightsManifest: [{ paths: ["group1-shard1of2.bin", "group1-shard2of2.bin"], weights: [] }] };
    const files = {
      "web/model.json": JSON.stringify(manifest),
      "web/group1-shard1of2.bin": "one",
      "web/group1-shard2of2.bin": "two",
    };
    const hub = await hubServer({ "owner/net": { files } });
    expect((await fetching(hub)).files).toEqual(Object.keys(files));
  });
});

/** An ONNX file whose weights lie in another file. */
function externalOnnx(location: string): { readonly external: Uint8Array; readonly weights: Uint8Array } {
  // ModelProto { graph = 7: GraphProto { initializer = 5: TensorProto } }, as its definition numbers the fields.
  const field = (number: number, value: Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from([(number << 3) | 2, value.byteLength]), value]);
  const entry = field(13, Buffer.concat([field(1, Buffer.from("location")), field(2, Buffer.from(location))]));
  const tensor = Buffer.concat([
    Buffer.from([8, 2, 16, 1]),
    field(8, Buffer.from("w")),
    entry,
    Buffer.from([14 << 3, 1]),
  ]);
  return { external: field(7, field(5, tensor)), weights: new Uint8Array(8) };
}

describe("a token", () => {
  test("goes to the hub, and to nobody else", async () => {
    const hub = await hubServer({ "owner/net": { ...small, private: true } });
    await fetching(hub, "hf:owner/net", { env: { HF_TOKEN: ` ${hubToken}\n` } });
    for (const { server, headers } of hub.requests) {
      expect(headers.authorization).toBe(server === "hub" ? `Bearer ${hubToken}` : undefined);
    }
    expect(cdn(hub).length).toBeGreaterThan(0);
  });

  test("is found where the hub's programs keep it", async () => {
    const hub = await hubServer({ "owner/net": { ...small, private: true } });
    const env = (more: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv } => ({ env: { HF_HUB_CACHE: cache(), ...more } });
    await expect(fetching(hub, "hf:owner/net", env({}))).rejects.toThrow(/no repository owner\/net.*set HF_TOKEN/s);
    await writeFile(join(folder, "token"), `${hubToken}\n`);
    await fetching(hub, "hf:owner/net", env({}));
    await writeFile(join(folder, "elsewhere"), "hf_another");
    await expect(fetching(hub, "hf:owner/net", env({ HF_TOKEN_PATH: join(folder, "elsewhere") }))).rejects.toThrow(
      /no repository.*token in HF_TOKEN/s,
    );
    await fetching(hub, "hf:owner/net", env({ HUGGING_FACE_HUB_TOKEN: hubToken, HF_TOKEN_PATH: join(folder, "none") }));
    await expect(fetching(hub, "hf:owner/net", env({ HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }))).rejects.toThrow();
    await expect(fetching(hub, "hf:owner/net", env({ HF_TOKEN: "a b" }))).rejects.toThrow(/HF_TOKEN holds no token/);
  });

  test("does not follow to another server in a list of several pages", async () => {
    const other = await hubServer({ "owner/net": small });
    const hub = await hubServer({ "owner/net": small });
    hub.instead = ({ url }, response) => {
      if (!url.includes("/tree/")) return false;
      const next = `${other.endpoint}/api/models/owner/net/tree/${hubCommit}?recursive=true&expand=false`;
      response.writeHead(200, { "content-type": "application/json", link: `<${next}>; rel="next"` }).end("[]");
      return true;
    };
    await fetching(hub, "hf:owner/net", { env: { HF_TOKEN: hubToken } });
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe("without a network", () => {
  test.each(["1", "true", "YES", "on"])("HF_HUB_OFFLINE=%s uses what is there, and asks nobody", async (value) => {
    const hub = await hubServer({ "owner/net": small });
    const online = await fetching(hub);
    const asked = hub.requests.length;
    expect(await fetching(hub, "hf:owner/net", { env: { HF_HUB_OFFLINE: value } })).toEqual(online);
    expect(await fetching(hub, "hf:owner/net", { env: { TRANSFORMERS_OFFLINE: value } })).toEqual(online);
    expect(hub.requests).toHaveLength(asked);
  });

  test("what is there is used, also where the hub is in trouble", async () => {
    const hub = await hubServer({ "owner/net": small });
    const online = await fetching(hub);
    hub.instead = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    expect(await fetching(hub)).toEqual(online);
    hub.instead = (_, response) => {
      response.end("<html>Log in</html>");
      return true;
    };
    expect(await fetching(hub)).toEqual(online);
    hub.close();
    expect(await fetching(hub)).toEqual(online);
    await expect(fetching(hub, "hf:owner/other")).rejects.toThrow(
      /cannot be asked for owner\/other.*copy \S*models--owner--other from a computer/s,
    );
  });

  test("the message says what is missing", async () => {
    const env = { HF_HUB_OFFLINE: "1" };
    const hub = await hubServer({ "owner/net": small });
    await expect(fetching(hub, "hf:owner/net", { env })).rejects.toThrow(
      /not in the cache.*revision main.*HF_HUB_OFFLINE/s,
    );
    await fetching(hub);
    await expect(fetching(hub, "hf:owner/net:onnx/model_quantized.onnx", { env })).rejects.toThrow(
      /the file onnx\/model_quantized\.onnx/,
    );
    await expect(fetching(hub, "hf:owner/net@v2", { env })).rejects.toThrow(/revision v2/);
    const { file } = await fetching(hub, "hf:owner/net", { env });
    await rm(file);
    const missing = fetching(hub, "hf:owner/net", { env });
    await expect(missing).rejects.toThrow(DownloadError);
    await expect(missing).rejects.toThrow(/a network's file/);
  });

  test("damaged contents are not used, and with a network fetched anew", async () => {
    const hub = await hubServer({ "owner/net": small });
    const { file } = await fetching(hub);
    const contents = await readFile(file);
    contents[100] = (contents[100] ?? 0) ^ 255;
    await writeFile(file, contents);
    await expect(fetching(hub, "hf:owner/net", { env: { HF_HUB_OFFLINE: "1" } })).rejects.toThrow(/undamaged/);
    expect(Buffer.compare(await readFile((await fetching(hub)).file), onnx())).toBe(0);
  });
});

describe("a transfer", () => {
  test("that breaks goes on where it stopped", async () => {
    const hub = await hubServer({ "owner/net": small });
    let count = 0;
    hub.instead = ({ server }, response) => {
      if (server !== "cdn" || count++ > 0) return false;
      breakOff(response, onnx(), 70_000, etagOf(onnx()));
      return true;
    };
    const { file } = await fetching(hub);
    expect(Buffer.compare(await readFile(file), onnx())).toBe(0);
    expect(cdn(hub).map(({ headers }) => headers.range)).toEqual([undefined, "bytes=70000-"]);
  });

  test("is taken up again by the next run", async () => {
    const hub = await hubServer({ "owner/net": small });
    let first = true;
    hub.instead = ({ server }, response) => {
      if (server !== "cdn") return false;
      if (first) breakOff(response, onnx(), 70_000, etagOf(onnx()));
      else response.destroy();
      first = false;
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(/owner\/net\/onnx\/model\.onnx cannot be downloaded/);
    expect(await readdir(join(repository(), "blobs"))).toHaveLength(2);
    hub.instead = undefined;
    await fetching(hub);
    expect(cdn(hub).at(-1)?.headers.range).toBe("bytes=70000-");
  });

  test("from a server that does not know parts begins anew", async () => {
    const hub = await hubServer({ "owner/net": small });
    let count = 0;
    hub.instead = ({ server }, response) => {
      if (server !== "cdn") return false;
      if (count++ === 0) breakOff(response, onnx(), 70_000, '"x"');
      else response.writeHead(200, { "content-length": onnx().byteLength }).end(onnx());
      return true;
    };
    expect(Buffer.compare(await readFile((await fetching(hub)).file), onnx())).toBe(0);
  });

  test("of other contents than the hub has a hash for is an error, and nothing is kept", async () => {
    const hub = await hubServer({ "owner/net": small });
    const wrong = Uint8Array.from(onnx(), (byte) => byte ^ 1);
    hub.instead = (request, response) => {
      if (request.server !== "cdn") return false;
      send(request, response, wrong, { etag: '"x"' });
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(/owner\/net\/onnx\/model\.onnx is not the expected file.*sha256/s);
    expect(await readdir(join(repository(), "blobs"))).toEqual([]);
    hub.instead = (request, response) => {
      if (!request.url.endsWith("/config.json")) return false;
      send(request, response, Buffer.from("[]"), { etag: '"x"' });
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(/config\.json is not the expected file.*git-sha1/s);
  });

  test("that brings a pointer of Git LFS in place of the contents says so", async () => {
    const hub = await hubServer({ "owner/net": small });
    hub.instead = (request, response) => {
      if (request.server !== "cdn") return false;
      send(request, response, Buffer.from(lfsPointer(onnx())), { etag: '"x"' });
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(/a pointer of Git LFS/);
  });

  test("of a pointer that the repository itself holds is no network", async () => {
    const hub = await hubServer({ "owner/net": { files: { "model.onnx": lfsPointer(onnx()) } } });
    const failing = fetching(hub);
    await expect(failing).rejects.toThrow(FileError);
    await expect(failing).rejects.toThrow(/has not uploaded the file/);
  });

  test("of an empty file is one", async () => {
    const hub = await hubServer({ "owner/net": { files: { ...small.files, "config.json": "" } } });
    expect(await readFile(join((await fetching(hub)).folder, "config.json"), "utf8")).toBe("");
  });

  test("ends with its signal", async () => {
    const hub = await hubServer({ "owner/net": small });
    const controller = new AbortController();
    hub.instead = ({ server }, response) => {
      if (server !== "cdn") return false;
      response.writeHead(200, { "content-length": onnx().byteLength }).write(onnx().subarray(0, 1000));
      return true;
    };
    const onProgress = ({ what }: { readonly what: string }): void => {
      if (what.endsWith(".onnx")) controller.abort(new Error("stopped by the user"));
    };
    await expect(fetching(hub, "hf:owner/net", { onProgress, signal: controller.signal })).rejects.toThrow(
      "stopped by the user",
    );
  });

  test("into a folder that cannot be written is an error of the file system", async () => {
    const hub = await hubServer({ "owner/net": small });
    await writeFile(join(folder, "file"), "");
    const env = { HF_HUB_CACHE: join(folder, "file") };
    await expect(fetching(hub, "hf:owner/net", { env })).rejects.toThrow(FileError);
  });

  test.skipIf(process.platform !== "linux")("onto a full disk is one too", async () => {
    const hub = await hubServer({ "owner/net": small });
    const oid = cdnOid(onnx());
    await mkdir(join(repository(), "blobs"), { recursive: true });
    await symlink("/dev/full", join(repository(), "blobs", `${oid}.part`));
    await expect(fetching(hub)).rejects.toThrow(/a full disk/);
  });
});

const cdnOid = (bytes: Uint8Array): string => /sha256:([0-9a-f]+)/.exec(lfsPointer(bytes))?.[1] ?? "";
const etagOf = (bytes: Uint8Array): string => `"cdn-${cdnOid(bytes).slice(0, 8)}"`;

describe("what the hub refuses", () => {
  test("a gated repository: where to accept its licence", async () => {
    const hub = await hubServer({ "owner/net": { ...small, gated: true } });
    const words = new RegExp(`Accept it on ${hub.endpoint}/owner/net, then set HF_TOKEN`);
    await expect(fetching(hub)).rejects.toThrow(words);
    await expect(fetching(hub, "hf:owner/net", { env: { HF_TOKEN: "hf_other" } })).rejects.toThrow(words);
    await fetching(hub, "hf:owner/net", { env: { HF_TOKEN: hubToken } });
  });

  test("a repository, a revision and a file that are not there are told apart", async () => {
    const hub = await hubServer({ "owner/net": small });
    await expect(fetching(hub, "hf:owner/no")).rejects.toThrow(/no repository owner\/no on the hub, or it is private/);
    await expect(fetching(hub, "hf:owner/net@no")).rejects.toThrow(/no revision "no"/);
    await expect(fetching(hub, "hf:owner/net:onnx/modl.onnx")).rejects.toThrow(/Did you mean "onnx\/model\.onnx"/);
    hub.instead = ({ url }, response) => {
      if (!url.endsWith("config.json")) return false;
      refuse(response, 404, "EntryNotFound", "Entry not found");
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(/no file preprocessor_config\.json/);
  });

  test.each([
    [401, "", { HF_TOKEN: "hf_old" }, /Renew the token/],
    [401, "", {}, /Set HF_TOKEN/],
    [403, "", {}, /a licence may have to be accepted/],
    [403, "DisabledRepo", {}, /has been disabled/],
    [404, "", {}, /no repository/],
    [400, "", {}, /HTTP 400: some reason/],
  ])("HTTP %i %s", async (status, code, env, words) => {
    const hub = await hubServer({ "owner/net": small });
    hub.instead = (_, response) => {
      refuse(response, status, code, "some reason");
      return true;
    };
    await expect(fetching(hub, "hf:owner/net", { env })).rejects.toThrow(words);
    expect(hub.requests).toHaveLength(1);
  });

  test("too many requests: it is asked again when it says, unless that is long", async () => {
    const hub = await hubServer({ "owner/net": small });
    let count = 0;
    hub.instead = (_, response) => {
      if (count++ % 3 !== 0) return false;
      response.writeHead(429, { "retry-after": "1" }).end();
      return true;
    };
    const began = performance.now();
    await fetching(hub);
    expect(performance.now() - began).toBeGreaterThan(990);
    hub.instead = (_, response) => {
      response.writeHead(429, { "retry-after": "3600" }).end();
      return true;
    };
    const asked = hub.requests.length;
    await expect(fetching(hub, "hf:owner/other")).rejects.toThrow(/HTTP 429.*again in 3600 s/s);
    expect(hub.requests).toHaveLength(asked + 1);
    hub.instead = ({ server }, response) => {
      if (server === "cdn") response.writeHead(429, { "retry-after": "3600" }).end();
      return server === "cdn";
    };
    await rm(cache(), { recursive: true });
    await expect(fetching(hub)).rejects.toThrow(/HTTP 429.*again in 3600 s/s);
  }, 20_000);

  test("a server in trouble is asked again, three times", async () => {
    const hub = await hubServer({ "owner/net": small });
    hub.instead = (_, response) => {
      if (hub.requests.length > 2) return false;
      response.writeHead(502).end();
      return true;
    };
    await fetching(hub);
    hub.instead = (_, response) => {
      response.writeHead(500).end();
      return true;
    };
    const asked = hub.requests.length;
    await expect(fetching(hub, "hf:owner/other")).rejects.toThrow(/HTTP 500/);
    expect(hub.requests).toHaveLength(asked + 3);
  });

  test.each([
    ["<!doctype html><p>Log in</p>", /a page of a website/],
    ['{"sha": "0123', /breaks off, or is no JSON/],
    ["{}", /sha/],
    ['{"sha": "../../x", "id": "owner/net"}', /sha/],
  ])("the answer %s", async (answer, words) => {
    const hub = await hubServer({ "owner/net": small });
    hub.instead = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(answer);
      return true;
    };
    await expect(fetching(hub)).rejects.toThrow(words);
  });

  test("redirects in circles", async () => {
    const hub = await hubServer({ "owner/net": small });
    hub.instead = ({ url, server }, response) => {
      if (server === "cdn") response.writeHead(302, { location: url }).end();
      return server === "cdn";
    };
    await expect(fetching(hub)).rejects.toThrow(/redirects in circles/);
    hub.instead = ({ url }, response) => {
      response.writeHead(302, { location: url }).end();
      return true;
    };
    await expect(fetching(hub, "hf:owner/other")).rejects.toThrow(/redirects in circles/);
  });

  test("files that lead out of a folder are not there", async () => {
    const hub = await hubServer({ "owner/net": { files: { "../model.onnx": onnx() } } });
    await expect(fetching(hub)).rejects.toThrow(UsageError);
  });
});
