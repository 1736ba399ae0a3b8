import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { DownloadError, FileError, utils } from "graft-ml";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tar } from "../../../test/support/tar.js";

/** A name too long for the header of ustar, in an extended one. */
function withLongName(name: string, text: string): Uint8Array {
  const line = ` path=${name}\n`;
  const length = line.length + String(line.length + 3).length;
  const extended = Buffer.from(tar({ header: `${length}${line}` }));
  extended.write("x", 156);
  const sum = [...extended.subarray(0, 512)].reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  extended.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([extended.subarray(0, 1024), tar({ short: text })]);
}

const files: Record<string, Uint8Array> = {
  "a.txt": strToU8("hello"),
  "flowers.tgz": gzipSync(tar({ "flowers/": "", "flowers/rose/1.txt": "rose", "flowers/read.me": "x".repeat(3000) })),
  "plain.tar": tar({ "one.txt": "1" }),
  "long.tar": withLongName(`${"d".repeat(90)}/${"f".repeat(60)}.txt`, "long"),
  "cats.zip": zipSync({
    "cats/1.txt": strToU8("cat"),
    "cats/": new Uint8Array(),
    "big.txt": strToU8("y".repeat(100_000)),
  }),
  "stored.zip": zipSync({ "a.txt": strToU8("stored") }, { level: 0 }),
  "evil.zip": zipSync({ "../evil.txt": strToU8("evil") }),
  "evil.tar": tar({ "/tmp/evil.txt": "evil" }),
  "back.tar": tar({ "a/../../evil.txt": "evil" }),
  "link.tar": tar({ link: "->/etc", "link/evil": "evil" }),
  "cut.tar": tar({ "one.txt": "1".repeat(2000) }).subarray(0, 1200),
  "cut.tgz": gzipSync(tar({ "one.txt": "1".repeat(2000) })).subarray(0, 60),
  "cut.zip": zipSync({ "one.txt": strToU8("1".repeat(2000)) }).subarray(0, 60),
  "text.zip": strToU8("this is no archive at all, but a page of a proxy".repeat(20)),
};
const damaged = Uint8Array.from(zipSync({ "a.txt": strToU8("stored") }, { level: 0 }));
damaged[36] = 0x41;
files["damaged.zip"] = damaged;

let server: Server;
let base = "";
let folder = "";
let requests = 0;
const lines: string[] = [];

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  server = createServer((request, response) => {
    requests += 1;
    const body = files[(request.url ?? "").slice(1).split("?")[0] ?? ""];
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-get-"));
  requests = 0;
  return () => rm(folder, { recursive: true });
});

const get = (name: string, options: Partial<utils.GetFileOptions> = {}): Promise<string> =>
  utils.getFile({ origin: `${base}${name}`, cacheDir: folder, ...options });

describe("getFile", () => {
  it("downloads once, and says so", async () => {
    lines.length = 0;
    const path = await get("a.txt?raw=1");
    expect(path).toBe(join(folder, "datasets", "a.txt"));
    expect(await readFile(path, "utf8")).toBe("hello");
    expect(await get("a.txt")).toBe(path);
    expect(requests).toBe(1);
    expect(lines).toEqual([`Downloading data from ${base}a.txt?raw=1`]);
    expect(await get("a.txt", { fname: "b.txt", cacheSubdir: "x" })).toBe(join(folder, "x", "b.txt"));
    await get("a.txt", { forceDownload: true });
    expect(requests).toBe(3);
  });

  it("checks what it got, and gets it again where it has changed", async () => {
    const md5 = createHash("md5").update("hello").digest("hex");
    const sha256 = createHash("sha256").update("hello").digest("hex");
    await get("a.txt", { md5Hash: md5 });
    await get("a.txt", { fileHash: sha256 });
    await get("a.txt", { fileHash: md5 });
    expect(requests).toBe(1);
    await expect(get("a.txt", { fileHash: "0".repeat(64) })).rejects.toThrow(DownloadError);
    await expect(get("a.txt", { fileHash: "0" })).rejects.toThrow(/hexadecimal digits/);
  });

  it("unpacks tar, tar.gz and ZIP where Keras does", async () => {
    const flowers = await get("flowers.tgz", { untar: true });
    expect(flowers).toBe(join(folder, "datasets", "flowers.tgz"));
    expect(await readFile(join(flowers, "flowers", "rose", "1.txt"), "utf8")).toBe("rose");
    expect(await readFile(join(flowers, "flowers", "read.me"), "utf8")).toHaveLength(3000);
    expect(await readdir(join(folder, "datasets"))).toEqual(["flowers.tgz", "flowers.tgz_archive"]);
    const cats = await get("cats.zip", { fname: "cats.zip", extract: true });
    expect(cats).toBe(join(folder, "datasets", "cats_extracted"));
    expect(await readFile(join(cats, "cats", "1.txt"), "utf8")).toBe("cat");
    expect(await readFile(join(cats, "big.txt"), "utf8")).toHaveLength(100_000);
    expect(await readFile(join(await get("stored.zip", { extract: true }), "a.txt"), "utf8")).toBe("stored");
    expect(await readFile(join(await get("plain.tar", { extract: true }), "one.txt"), "utf8")).toBe("1");
    const long = await get("long.tar", { extract: true });
    expect(await readFile(join(long, "d".repeat(90), `${"f".repeat(60)}.txt`), "utf8")).toBe("long");
    await get("cats.zip", { fname: "cats.zip", extract: true });
    expect(requests).toBe(5);
  });

  it.each([
    ["evil.zip", /leads out of the folder/],
    ["evil.tar", /leads out of the folder/],
    ["back.tar", /leads out of the folder/],
    ["link.tar", /a link or a device/],
    ["cut.tar", /end is missing/],
    ["cut.tgz", /damaged|end is missing/],
    ["cut.zip", /end is missing/],
    ["damaged.zip", /which is damaged/],
    ["text.zip", /no tar archive/],
  ])("leaves nothing of %s", async (name, reason) => {
    await expect(get(name, { extract: true })).rejects.toThrow(reason);
    await expect(get(name, { extract: true })).rejects.toThrow(FileError);
    expect(await readdir(join(folder, "datasets"))).toEqual([`${name}_archive`]);
  });

  it("says which file to put where, and what is wrong with an argument", async () => {
    await expect(get("none.txt")).rejects.toThrow(/404|none\.txt/);
    await expect(utils.getFile({ origin: "http://127.0.0.1:1/x.txt", cacheDir: folder })).rejects.toThrow(
      new RegExp(`x\\.txt.*${folder.replaceAll("\\", "\\\\")}`, "s"),
    );
    await expect(utils.getFile({ origin: "file:///etc/passwd" })).rejects.toThrow(/http:\/\//);
    await expect(utils.getFile("x" as never)).rejects.toThrow(/origin/);
    await expect(get("a.txt", { fname: "../a.txt" })).rejects.toThrow(/without folders/);
    await expect(get("a.txt", { cache_dir: "x" } as never)).rejects.toThrow(/cacheDir/);
    await expect(get("cats.zip", { extract: true, archiveFormat: "tar" })).rejects.toThrow(/a zip archive/);
    await expect(get("cats.zip", { extract: true, archiveFormat: "rar" as never })).rejects.toThrow(/"tar", "zip"/);
  });
});
