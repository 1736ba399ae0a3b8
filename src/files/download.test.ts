import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { DownloadError, FileError } from "../errors/errors.js";
import { hashBytes } from "./checksum.js";
import { downloadFile, type DownloadOptions, type DownloadProgress } from "./download.js";
import { networkOf } from "./network.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-download-"));
});
afterEach(() => rm(folder, { recursive: true }));

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251));
const checksum = { algorithm: "sha256", hex: hashBytes(content, "sha256") } as const;
const quick = { stall: 200, retry: 1 };

interface Served {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** A server on this computer that keeps the requests it got. */
async function serve(
  respond: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<Served> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    respond(request, response, requests.length);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/w.bin`, requests };
}

/** Answers as a server does that knows ranges; `breakAfter` bytes the connection is cut. */
function answer(request: IncomingMessage, response: ServerResponse, breakAfter = Infinity, etag = '"v1"'): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const matches = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
  if (start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const from = matches ? start : 0;
  const body = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    "content-length": body.length,
    ...(from > 0
      ? { "content-range": `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}` }
      : {}),
  });
  if (body.length <= breakAfter) response.end(body);
  else response.write(body.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 20));
}

function options(url: string, more: Partial<DownloadOptions> = {}): DownloadOptions {
  // Whatever proxy or certificates there are where tests run.
  return { url, destination: join(folder, "sub", "w.bin"), checksum, network: networkOf({}, {}), ...more };
}

/** The finished file, which must be alone in its folder. */
async function finished(): Promise<Buffer> {
  expect(await readdir(join(folder, "sub"))).toEqual(["w.bin"]);
  return readFile(join(folder, "sub", "w.bin"));
}

test("a file is downloaded, checked, and then used without any request", async () => {
  const { url, requests } = await serve((request, response) => {
    answer(request, response);
  });
  expect(await downloadFile(options(url))).toBe("downloaded");
  expect((await finished()).equals(content)).toBe(true);
  expect(await downloadFile(options(url))).toBe("present");
  expect(requests).toHaveLength(1);
});

test("md5 and sha512 checksums are understood, in either case", async () => {
  const { url } = await serve((request, response) => {
    answer(request, response);
  });
  for (const algorithm of ["md5", "sha512"] as const) {
    const hex = hashBytes(content, algorithm).toUpperCase();
    await downloadFile(options(url, { destination: join(folder, algorithm), checksum: { algorithm, hex } }));
  }
});

test("progress counts up to the total, with a rate", async () => {
  const { url } = await serve((request, response) => {
    answer(request, response);
  });
  const reports: DownloadProgress[] = [];
  await downloadFile(options(url, { onProgress: (report) => reports.push(report) }));
  expect(reports.at(-1)).toMatchObject({ received: content.length, total: content.length });
  expect(reports.every(({ bytesPerSecond }) => bytesPerSecond > 0)).toBe(true);
  const counts = reports.map(({ received }) => received);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
});

test("after a broken connection the download goes on where it stopped", async () => {
  const { url, requests } = await serve((request, response, count) => {
    answer(request, response, count < 3 ? 100_000 : Infinity);
  });
  const reports: DownloadProgress[] = [];
  await downloadFile(options(url, { onProgress: (report) => reports.push(report) }), quick);
  expect((await finished()).equals(content)).toBe(true);
  expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=100000-", "bytes=200000-"]);
  expect(requests[1]?.headers["if-range"]).toBe('"v1"');
  expect(reports.at(-1)).toMatchObject({ received: content.length, total: content.length });
});

test("what an earlier run left is gone on with", async () => {
  let broken = true;
  const { url, requests } = await serve((request, response) => {
    if (!broken) answer(request, response);
    else if (request.headers.range === undefined) answer(request, response, 120_000);
    else response.destroy();
  });
  await expect(downloadFile(options(url), quick)).rejects.toThrow(DownloadError);
  expect(await readdir(join(folder, "sub"))).toEqual(["w.bin.part", "w.bin.part.json"]);
  broken = false;
  await downloadFile(options(url), quick);
  expect(requests.at(-1)?.headers.range).toBe("bytes=120000-");
  expect((await finished()).equals(content)).toBe(true);
});

test("a server that does not know ranges is asked for the whole file again", async () => {
  const { url } = await serve((_, response, count) => {
    response.writeHead(200, { "content-length": content.length });
    if (count > 1) response.end(content);
    else response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
  });
  await downloadFile(options(url), quick);
  expect((await finished()).equals(content)).toBe(true);
});

test("when the server's file has changed since the break, the download starts again", async () => {
  const { url, requests } = await serve((request, response, count) => {
    answer(request, response, count === 1 ? 1000 : Infinity, count === 1 ? '"old"' : '"new"');
  });
  await downloadFile(options(url), quick);
  expect(requests).toHaveLength(2);
  expect((await finished()).equals(content)).toBe(true);
});

test("a damaged rest of an earlier run is thrown away and fetched anew", async () => {
  const { url, requests } = await serve((request, response) => {
    answer(request, response);
  });
  const { destination } = options(url);
  await downloadFile(options(url, { destination: join(folder, "sub", "other") }));
  await rm(join(folder, "sub", "other"));
  for (const length of [5000, content.length, content.length + 7]) {
    await writeFile(`${destination}.part`, Buffer.alloc(length, 1));
    await downloadFile(options(url), quick);
    expect((await finished()).equals(content)).toBe(true);
    await rm(destination);
  }
  expect(requests.map(({ headers }) => headers.range)).toEqual([
    undefined,
    "bytes=5000-",
    undefined,
    `bytes=${String(content.length)}-`,
    undefined,
    `bytes=${String(content.length + 7)}-`,
    undefined,
  ]);
});

test("a part file that is already complete is only checked", async () => {
  const { url, requests } = await serve((request, response) => {
    answer(request, response);
  });
  await downloadFile(options(url));
  await rm(options(url).destination);
  await writeFile(`${options(url).destination}.part`, content);
  await downloadFile(options(url, { size: content.length }));
  expect(requests).toHaveLength(1);
  expect((await finished()).equals(content)).toBe(true);
});

test("a wrong file at the destination is replaced", async () => {
  const { url } = await serve((request, response) => {
    answer(request, response);
  });
  await downloadFile(options(url));
  await writeFile(options(url).destination, "something else");
  expect(await downloadFile(options(url))).toBe("downloaded");
  expect((await finished()).equals(content)).toBe(true);
});

test("a file with another checksum is refused with both checksums, and not kept", async () => {
  const { url, requests } = await serve((_, response) => response.end("login page"));
  const downloading = downloadFile(options(url));
  await expect(downloading).rejects.toThrow(DownloadError);
  await expect(downloading).rejects.toThrow(
    new RegExp(`w\\.bin is not the expected file.*${checksum.hex}.*${hashBytes(Buffer.from("login page"), "sha256")}`),
  );
  expect(requests).toHaveLength(1);
  expect(await readdir(join(folder, "sub"))).toEqual([]);
});

test("an HTTP error says what to download and where to put it, without further attempts", async () => {
  const { url, requests } = await serve((_, response) => response.writeHead(404).end("gone"));
  const downloading = downloadFile(options(url));
  await expect(downloading).rejects.toThrow(DownloadError);
  await expect(downloading).rejects.toThrow(`HTTP 404 Not Found`);
  await expect(downloading).rejects.toThrow(
    `download ${url} in another way and save it as ${options(url).destination}`,
  );
  expect(requests).toHaveLength(1);
});

test("a busy server is asked again", async () => {
  const { url, requests } = await serve((request, response, count) => {
    if (count < 3) response.writeHead(503).end();
    else answer(request, response);
  });
  await downloadFile(options(url), quick);
  expect(requests).toHaveLength(3);
});

test("a server that always breaks off at the same place is given up", async () => {
  const { url, requests } = await serve((_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
  });
  await expect(downloadFile(options(url), quick)).rejects.toThrow(DownloadError);
  expect(requests).toHaveLength(4);
});

test("a server that stalls, before or amid the file, is given up after the time for it", async () => {
  for (const beforehand of [true, false]) {
    const { url, requests } = await serve((request, response) => {
      if (beforehand) return;
      response.writeHead(request.headers.range === undefined ? 200 : 503, { "content-length": content.length });
      response.write(content.subarray(0, 1000));
    });
    const downloading = downloadFile(options(url), { stall: 50, retry: 1 });
    await expect(downloading).rejects.toThrow(DownloadError);
    if (beforehand) await expect(downloading).rejects.toThrow(/no bytes from the server for 0\.05 s/);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    await rm(join(folder, "sub"), { recursive: true });
  }
});

test("a server that stalls once is asked for the rest", async () => {
  const { url, requests } = await serve((request, response, count) => {
    if (count > 1) answer(request, response);
    else response.writeHead(200, { "content-length": content.length, etag: '"v1"' }).write(content.subarray(0, 1000));
  });
  await downloadFile(options(url), { stall: 100, retry: 1 });
  expect(requests[1]?.headers.range).toBe("bytes=1000-");
  expect((await finished()).equals(content)).toBe(true);
});

test("no server at all is told at once, with what to do", async () => {
  const port = await new Promise<number>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const used = (server.address() as AddressInfo).port;
      server.close(() => {
        done(used);
      });
    });
  });
  const downloading = downloadFile(options(`http://127.0.0.1:${String(port)}/w.bin`));
  await expect(downloading).rejects.toThrow(DownloadError);
  await expect(downloading).rejects.toThrow(/refused the connection.*save it as .*w\.bin/);
});

test("an unknown host is no network, in words", async () => {
  const fetch = (): Promise<Response> =>
    Promise.reject(
      new TypeError("fetch failed", { cause: Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }) }),
    );
  await expect(downloadFile(options("https://weights.invalid/w.bin", { fetch }))).rejects.toThrow(/no network/);
});

test("a folder that cannot be made is an error of the file system", async () => {
  const { url } = await serve((request, response) => {
    answer(request, response);
  });
  await writeFile(join(folder, "file"), "");
  const downloading = downloadFile(options(url, { destination: join(folder, "file", "w.bin") }));
  await expect(downloading).rejects.toThrow(FileError);
});

test("an aborted download ends with the signal's reason and keeps what has arrived", async () => {
  const controller = new AbortController();
  const { url } = await serve((_, response) => {
    response.writeHead(200, { "content-length": content.length }).write(content.subarray(0, 1000));
  });
  const onProgress = (): void => {
    controller.abort(new Error("stopped by the user"));
  };
  await expect(downloadFile(options(url, { onProgress, signal: controller.signal }))).rejects.toThrow(
    "stopped by the user",
  );
  expect((await readFile(join(folder, "sub", "w.bin.part"))).length).toBe(1000);
});

test("of several downloads of one file at once, one fetches it and the others wait", async () => {
  const { url, requests } = await serve((request, response) => {
    setTimeout(() => {
      answer(request, response);
    }, 50);
  });
  const results = await Promise.all([1, 2, 3].map(() => downloadFile(options(url))));
  expect(results.sort()).toEqual(["downloaded", "present", "present"]);
  expect(requests).toHaveLength(1);
  expect((await finished()).equals(content)).toBe(true);
});

test.each(["http://files.example/a.onnx", "ftp://files.example/a.onnx"])(
  "%s is not asked: others could change it",
  async (url) => {
    const asked: unknown[] = [];
    const fetch: typeof globalThis.fetch = (input) => {
      asked.push(input);
      return Promise.resolve(new Response("x"));
    };
    await expect(downloadFile({ url, destination: join(folder, "open.onnx"), fetch })).rejects.toThrow(
      /begins with https/,
    );
    expect(asked).toEqual([]);
  },
);

test("a redirect away from https is refused", async () => {
  const response = new Response("x");
  Object.defineProperty(response, "url", { value: "http://files.example/a.onnx" });
  const options = { url: "https://files.example/a.onnx", destination: join(folder, "away.onnx") };
  await expect(downloadFile({ ...options, fetch: () => Promise.resolve(response) })).rejects.toThrow(
    /begins with https/,
  );
});

test("a server that says more than the file's size is not listened to", async () => {
  const options = { url: "https://files.example/a.onnx", destination: join(folder, "more.onnx"), size: 3 };
  const fetch = () => Promise.resolve(new Response("12345"));
  await expect(downloadFile({ ...options, fetch })).rejects.toThrow(/more than the 3 bytes/);
});

test("a file that the disk has no room for is not begun, and what to do is said", async () => {
  const { url } = await serve((_, response) => {
    response.setHeader("content-length", 2 ** 52);
    response.write("the first of many");
  });
  const download = downloadFile({ url, destination: join(folder, "w.bin"), elsewhere: "Set GRAFT_CACHE." }, quick);
  await expect(download).rejects.toThrow(FileError);
  await expect(download).rejects.toThrow(
    /w\.bin cannot be written.*4503599\.6 GB are wanted and .* are free\. Set GRAFT_CACHE\./,
  );
  expect(await readdir(folder)).not.toContain("w.bin.part");
});
