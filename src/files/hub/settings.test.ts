import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../errors/errors.js";
import { hubHeaders, hubSettings } from "./settings.js";

let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "graft-hub-home-"));
});
afterAll(() => rm(home, { recursive: true }));

test.each([
  [{}, join(homedir(), ".cache/huggingface/hub")],
  [{ XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/x", HF_HOME: "/h" }, "/h/hub"],
  [{ HF_HOME: "~/h" }, join(homedir(), "h/hub")],
  [{ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
  [{ HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/c" }, "/c"],
  [{ HF_HUB_CACHE: "", HF_HOME: "/h" }, "/h/hub"],
])("with %j the cache is %s", async (env, cache) => {
  expect((await hubSettings({ HF_TOKEN: "hf_x", ...env })).cache).toBe(resolve(cache));
});

test("the address is the hub's, or that of a mirror", async () => {
  const env = { HF_HOME: home };
  expect((await hubSettings(env)).endpoint).toBe("https://huggingface.co");
  const mirror = await hubSettings({ ...env, HF_ENDPOINT: "https://mirror.test/hub/" });
  expect(mirror.endpoint).toBe("https://mirror.test/hub");
  for (const HF_ENDPOINT of ["mirror", "ftp://mirror.test", "http://mirror.test", "http://127.0.0.1.mirror.test"]) {
    await expect(hubSettings({ ...env, HF_ENDPOINT })).rejects.toThrow(UsageError);
  }
});

test.each([
  [{}, false],
  [{ HF_HUB_OFFLINE: "0" }, false],
  [{ HF_HUB_OFFLINE: "On" }, true],
  [{ TRANSFORMERS_OFFLINE: "1" }, true],
  [{ HF_HUB_OFFLINE: "0", TRANSFORMERS_OFFLINE: "1" }, false],
])("with %j it is offline: %s", async (env, offline) => {
  expect((await hubSettings({ HF_HOME: home, ...env })).offline).toBe(offline);
});

test("a token goes to the hub's own host alone, and not where others can read it", () => {
  const sent = (endpoint: string, url: string): string | undefined =>
    hubHeaders({ endpoint, token: "hf_x", cache: "", offline: false, copies: false }, url)["authorization"];
  expect(sent("https://hub.test", "https://hub.test/api/models")).toBe("Bearer hf_x");
  expect(sent("https://hub.test", "https://cdn.hub.test/x")).toBeUndefined();
  expect(sent("https://hub.test", "http://hub.test/x")).toBeUndefined();
  expect(sent("https://hub.test", "https://hub.test:8443/x")).toBeUndefined();
  expect(sent("http://hub.test", "http://hub.test/x")).toBeUndefined();
  expect(sent("http://127.0.0.1:80", "http://127.0.0.1/x")).toBe("Bearer hf_x");
  expect(sent("http://localhost:1", "http://localhost:1/x")).toBe("Bearer hf_x");
  expect(sent("http://127.0.0.1.evil.test", "http://127.0.0.1.evil.test/x")).toBeUndefined();
});
