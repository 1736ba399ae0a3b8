import { copyFile, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.js";
import { PhotoError } from "../../src/photos/photo-error.js";
import type { BatchClassifier } from "../../src/recipe/batch-classifier.js";
import type { JobParts } from "../../src/jobs/parts.js";
import { colourClassifier } from "../cli/colour-classifier.js";
import {
  ask,
  type HttpAnswer,
  post,
  postForm,
  type RunningServer,
  type RunningServerOptions,
  startServer,
  until,
} from "../support/running-server.js";

let folder = "";
let path = "";
let jpeg = Buffer.alloc(0);
const running: RunningServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-refusals-"));
  path = join(folder, "colours.onnx");
  await writeFile(path, colourClassifier());
  jpeg = await sharp({ create: { width: 40, height: 30, channels: 3, background: "#d22" } })
    .jpeg()
    .toBuffer();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop().catch(() => undefined)));
});
afterAll(() => rm(folder, { recursive: true }));

async function start(options: RunningServerOptions = {}, models = [{ name: "colours", path }]): Promise<RunningServer> {
  const server = await startServer(models, options);
  running.push(server);
  return server;
}

/** A classifier that answers when it is told to, with the first byte of the photo. */
function slowClassifier(): {
  readonly parts: Pick<JobParts, "openBatchClassifier">;
  readonly looked: number[];
  open(): void;
} {
  const looked: number[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const classifier: BatchClassifier = {
    ...{ labels: ["a", "b"], metadata: { network: "slow" }, setThreshold: undefined, distanceThreshold: undefined },
    ...{ file: path, sha256: "0".repeat(64), bytes: 1, atOnce: 1, mostInBatch: 2 },
    prepare: (photo) => Promise.resolve({ width: 1, height: 1, data: photo.slice(0, 3) }),
    async predict(photos) {
      await gate;
      looked.push(...photos.map(({ data }) => data[0] ?? -1));
      return photos.map(({ data }) => ({
        probabilities: Float32Array.of((data[0] ?? 0) / 256, 1 - (data[0] ?? 0) / 256),
        ...{ distance: undefined, foreign: undefined },
      }));
    },
    release: () => Promise.resolve(),
  };
  return {
    parts: { openBatchClassifier: () => Promise.resolve(classifier) },
    looked,
    open: () => {
      open();
    },
  };
}

/** The form that all errors have. */
function expectError({ status, json, headers }: HttpAnswer, wanted: number, code: string): void {
  expect({ status, json }).toEqual({
    status: wanted,
    json: { error: { code, message: expect.stringMatching(/^[A-Z].*[.!?)}]$/s) as string } },
  });
  expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  if (wanted === 429 || wanted === 503) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
}

const photo = (first: number): Uint8Array => Uint8Array.of(first, 1, 2, 3);

/** Sends bytes as they are, and gives what comes back until the connection ends. */
function raw(url: string, text: string, end = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      if (end) socket.end(text);
      else socket.write(text);
    });
    let got = "";
    socket.on("data", (piece) => (got += piece.toString()));
    socket.on("close", () => {
      resolve(got);
    });
    socket.on("error", reject);
  });
}

describe("a request that cannot be understood", () => {
  test("is answered with what is wrong, in one form", async () => {
    const { url } = await start();
    const to = `${url}/v1/predict`;
    const json = (body: string): Promise<HttpAnswer> => post(to, "application/json", body);
    const image = jpeg.toString("base64");
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      '"x"',
      "{}",
      '{"image": 1}',
      '{"images": []}',
      '{"images": "x"}',
      `{"image": "${image}", "images": []}`,
      `{"image": "${image}", "extra": 1}`,
      '{"__proto__": {"image": "x"}}',
      '{"image": "*"}',
      '{"image": "QUJD="}',
      '{"image": "A"}',
      `{"image": "${image}", "top": 0}`,
      `{"image": "${image}", "top": "x"}`,
    ]) {
      expectError(await json(body), 400, "bad-request");
    }
    expectError(await post(to, "application/json", Uint8Array.of(0xff, 0xfe)), 400, "bad-request");
    expectError(await json(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`), 400, "bad-request");
    for (const query of [
      "?top=0",
      "?top=-1",
      "?top=1e3",
      "?top=1&top=2",
      "?topp=1",
      "?model=a&model=b",
      `?${"a".repeat(3000)}=1`,
    ]) {
      expectError(await post(`${to}${query}`, "image/jpeg", jpeg), 400, "bad-request");
    }
    expectError(await post(to, "image/jpeg", ""), 400, "bad-request");
    expectError(await post(to, "multipart/form-data", "x"), 400, "bad-request");
    expectError(
      await post(
        to,
        "multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\ncut",
      ),
      400,
      "bad-request",
    );
    expectError(await postForm(to, [{ field: "top", value: "1" }]), 400, "bad-request");
    expectError(await postForm(to, [{ field: "image", value: "no file" }]), 400, "bad-request");
    expectError(await ask(`${url}/%zz`), 400, "bad-url");
    expect(await raw(url, "NONSENSE\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n.*\{"error":\{"code":"bad-request"/s,
    );
    expect(await raw(url, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*"head-too-large"/s,
    );
    // Whoever says that more comes than comes is answered nothing, and nothing is left of it.
    await raw(
      url,
      `POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\n\r\nabc`,
      true,
    );
    expect((await post(to, "image/jpeg", jpeg)).status).toBe(200);
  });

  test("for what there is not, or in another way", async () => {
    const { url } = await start();
    for (const other of [
      "/",
      "/v1",
      "/v1/predict/x",
      "/v2/predict",
      "/../../etc/passwd",
      "/docs/../../package.json",
      `/${"a".repeat(5000)}`,
    ]) {
      expectError(await ask(`${url}${other}`), 404, "not-found");
    }
    for (const other of ["nobody", "..%2f..%2fetc", "%1b[31m", "__proto__", "constructor", "colours%00"]) {
      expectError(await post(`${url}/v1/models/${other}/predict`, "image/jpeg", jpeg), 404, "no-model");
      expectError(await post(`${url}/v1/predict?model=${other}`, "image/jpeg", jpeg), 404, "no-model");
    }
    expect((await ask(`${url}/v1/models/colour`)).text).toContain('Did you mean \\"colours\\"?');
    for (const [method, to, allow] of [
      ["GET", "/v1/predict", "POST"],
      ["PUT", "/v1/models/colours/predict", "POST"],
      ["DELETE", "/v1/models/colours", "GET, HEAD"],
      ["POST", "/metrics", "GET, HEAD"],
      ["OPTIONS", "/v1/predict", "POST"],
      ["TRACE", "/v1/models", "GET, HEAD"],
      ["PROPFIND", "/v1/predict", "POST"],
    ] as const) {
      const got = await ask(`${url}${to}`, { method });
      expectError(got, 405, "method");
      expect(got.headers.allow).toBe(allow);
    }
    expect((await ask(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
  });

  test("of a path out of the page's files, which is no mistake of the server", async () => {
    const { url, events } = await start();
    const { port } = new URL(url);
    for (const path of ["/docs/static/../../../../etc/passwd", "/docs/static/%2e%2e/%2e%2e/package.json"]) {
      const got = await raw(url, `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
      expect(got).toMatch(/^HTTP\/1\.1 403 .*"code":"bad-request"/s);
    }
    expect(events.filter(({ event }) => event === "warning")).toEqual([]);
  });

  test("with something else than photos, or photos that cannot be used", async () => {
    const { url } = await start();
    const to = `${url}/v1/predict`;
    expectError(await post(to, "image", jpeg), 415, "content-type");
    expectError(await post(to, "text/plain", "x"), 415, "content-type");
    expectError(await post(to, "application/x-www-form-urlencoded", "a=b"), 415, "content-type");
    expectError(
      await ask(to, { method: "POST", body: jpeg, headers: { "content-length": String(jpeg.length) } }),
      415,
      "content-type",
    );
    expectError(await post(to, "image/jpeg", jpeg, { "content-encoding": "gzip" }), 415, "content-type");
    expectError(await post(to, "image/jpeg", "this is no photo"), 415, "photo-format");
    expectError(await post(to, "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"), 415, "photo-format");
    expectError(await post(to, "image/jpeg", jpeg.subarray(0, jpeg.length - 80)), 422, "photo-damaged");
    // A few bytes that stand for gigabytes.
    expectError(await post(to, "image/x-portable-pixmap", "P6 60000 60000 255\n"), 413, "photo-too-large");
    const bomb = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    expect([413, 422]).toContain((await post(to, "image/png", bomb)).status);
    expect((await post(to, "image/jpeg", jpeg)).status).toBe(200);
  });

  test("that is too much", async () => {
    const { url } = await start({ limits: { bodyBytes: 5000, photos: 3, queue: 4 } });
    const to = `${url}/v1/predict`;
    expectError(await post(to, "image/jpeg", new Uint8Array(5001)), 413, "body-too-large");
    const chunked = await ask(to, {
      method: "POST",
      headers: { "content-type": "image/jpeg", "transfer-encoding": "chunked" },
      body: new Uint8Array(5001),
    });
    expectError(chunked, 413, "body-too-large");
    const parts = (count: number, value: Uint8Array) =>
      Array.from({ length: count }, () => ({ field: "a", name: "b", value }));
    expectError(await postForm(to, parts(4, new Uint8Array(8))), 413, "too-many-photos");
    expectError(await postForm(to, parts(3, new Uint8Array(2000))), 413, "body-too-large");
    expectError(
      await post(to, "application/json", JSON.stringify({ images: ["", "", "", ""] })),
      413,
      "too-many-photos",
    );
    expectError(
      await ask(to, { method: "POST", headers: { "content-type": "image/jpeg", "content-length": "99999999999" } }),
      413,
      "body-too-large",
    );
    expect((await post(to, "image/jpeg", jpeg)).status).toBe(200);
  });

  test("that does not arrive in time", async () => {
    const { url } = await start({ limits: { seconds: 0.6 } });
    const head =
      "POST /v1/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\n\r\nabc";
    expect(await raw(url, head)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n.*"too-late"/s);
    expect(await raw(url, "POST /v1/predict HTTP/1.1\r\nhost: loc")).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("strangers", () => {
  test("are kept away by names and origins where no token is asked for", async () => {
    const { url } = await start();
    const to = `${url}/v1/predict`;
    const port = new URL(url).port;
    const send = (headers: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
      post(to, "image/jpeg", jpeg, headers);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "evil.example@localhost:1@x",
      "[::2]",
      "0.0.0.0",
    ]) {
      expectError(await send({ host }), 403, "foreign-host");
    }
    expectError(await ask(`${url}/metrics`, { headers: { host: "evil.example" } }), 403, "foreign-host");
    expectError(await ask(`${url}/docs`, { headers: { host: "evil.example" } }), 403, "foreign-host");
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:1" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expectError(await send(headers), 403, "cross-site");
    }
    for (const headers of [
      { host: `localhost:${port}` },
      { host: "127.0.0.1" },
      { host: `[::1]:${port}` },
      { origin: url },
      { "sec-fetch-site": "same-origin", origin: url },
      { "sec-fetch-site": "none" },
    ]) {
      expect((await send(headers)).status, JSON.stringify(headers)).toBe(200);
    }
    // A link to the page.
    expect(
      (await ask(`${url}/docs`, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } })).status,
    ).toBe(200);
  });

  test("are kept away by a token elsewhere; without one it does not start", async () => {
    await expect(startServer([{ name: "colours", path }], { host: "0.0.0.0" })).rejects.toThrow(UsageError);
    const token = "a token of thirty signs or so".replaceAll(" ", "-");
    const { url, events } = await start({ host: "0.0.0.0", token });
    const to = `${url}/v1/predict`;
    const send = (authorization?: string): Promise<HttpAnswer> =>
      post(to, "image/jpeg", jpeg, {
        host: "graft.example",
        ...(authorization === undefined ? {} : { authorization }),
      });
    for (const authorization of [
      undefined,
      "Bearer",
      "Bearer wrong",
      `Basic ${token}`,
      token,
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
    ]) {
      const got = await send(authorization);
      expectError(got, 401, "token");
      expect(got.headers["www-authenticate"]).toMatch(/^Bearer/);
    }
    expect((await send(`Bearer ${token}`)).status).toBe(200);
    expect((await send(`bearer ${token}`)).status).toBe(200);
    for (const open of ["/healthz", "/readyz", "/docs", "/openapi.json"])
      expect((await ask(`${url}${open}`)).status).toBe(200);
    for (const closed of ["/metrics", "/v1/models", "/nope"]) expectError(await ask(`${url}${closed}`), 401, "token");
    expect(JSON.stringify(events)).not.toContain(token);
    expect((await ask(`${url}/openapi.json`)).json).toMatchObject({
      components: { securitySchemes: { token: { scheme: "bearer" } } },
    });
  });
});

describe("photos that wait", () => {
  test("are answered in their order, together, and refused where there are too many", async () => {
    const slow = slowClassifier();
    const server = await start({ parts: slow.parts, limits: { queue: 5, photos: 3 } });
    const to = `${server.url}/v1/predict`;
    const metric = async (): Promise<number> =>
      Number(/^graft_queue_photos (\d+)$/m.exec((await ask(`${server.url}/metrics`)).text)?.[1]);
    const begun: Promise<HttpAnswer>[] = [];
    for (let index = 0; index < 4; index++) {
      begun.push(post(to, "image/jpeg", photo(10 * index)));
      await until(async () => (await metric()) === index + 1, "the photo waits");
    }
    const images = [1, 2].map((first) => Buffer.from(photo(first)).toString("base64"));
    // What is refused leaves nothing behind that the process would wait for.
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    for (let tries = 0; tries < 20; tries++)
      expectError(await post(to, "application/json", JSON.stringify({ images })), 429, "queue-full");
    expect(timers()).toBeLessThan(before + 10);
    begun.push(post(to, "image/jpeg", photo(40)));
    await until(async () => (await metric()) === 5, "the queue is full");
    // Before anything of it is read.
    expectError(await post(to, "text/plain", "x"), 429, "queue-full");
    slow.open();
    const answers = await Promise.all(begun);
    expect(
      answers.map(
        ({ json }) => (json as { predictions: { probabilities: { a: number } }[] }).predictions[0]?.probabilities.a,
      ),
    ).toEqual([0, 10, 20, 30, 40].map((first) => first / 256));
    expect(slow.looked).toEqual([0, 10, 20, 30, 40]);
    expect(await metric()).toBe(0);
  });

  test("are taken back when their client goes, and nobody else's", async () => {
    const slow = slowClassifier();
    const server = await start({ parts: slow.parts });
    const to = `${server.url}/v1/predict`;
    const queued = async (count: number): Promise<void> =>
      until(
        async () => new RegExp(`^graft_queue_photos ${count}$`, "m").test((await ask(`${server.url}/metrics`)).text),
        `${count} wait`,
      );
    const first = post(to, "image/jpeg", photo(1));
    await queued(1);
    const controller = new AbortController();
    const gone = fetch(to, {
      method: "POST",
      headers: { "content-type": "image/jpeg" },
      body: photo(99),
      signal: controller.signal,
    });
    await queued(2);
    const last = post(to, "image/jpeg", photo(2));
    await queued(3);
    controller.abort();
    await expect(gone).rejects.toThrow();
    await queued(2);
    slow.open();
    expect([(await first).status, (await last).status]).toEqual([200, 200]);
    expect(slow.looked).toEqual([1, 2]);
    expect(server.events.some((event) => event.event === "request" && event.status === 499)).toBe(true);
  });

  test("are not waited for longer than was said", async () => {
    const slow = slowClassifier();
    const { url } = await start({ parts: slow.parts, limits: { seconds: 0.5 } });
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map((first) => post(`${url}/v1/predict`, "image/jpeg", photo(first))),
    );
    for (const answer of [one, two, three]) if (answer !== undefined) expectError(answer, 503, "too-slow");
    slow.open();
    await until(
      async () => (await post(`${url}/v1/predict`, "image/jpeg", photo(4))).status === 200,
      "others are answered",
    );
    // Those that waited are not looked at, now that nobody asks.
    expect(slow.looked.filter((first) => first !== 1)).toEqual([4]);
  });

  test("do not fail for what another one does to the network", async () => {
    const slow = slowClassifier();
    const classifier = await slow.parts.openBatchClassifier(undefined as never, "");
    const predict: BatchClassifier["predict"] = async (photos) => {
      if (photos.some(({ data }) => data[0] === 13)) throw new Error("a secret of the engine");
      return classifier.predict(photos);
    };
    const prepare: BatchClassifier["prepare"] = (bytes) =>
      bytes[0] === 14 ? Promise.reject(new PhotoError("photo", "damaged (x)")) : classifier.prepare(bytes);
    const server = await start({
      parts: { openBatchClassifier: () => Promise.resolve({ ...classifier, predict, prepare }) },
    });
    const sent = [11, 12, 13, 14, 15].map((first) => post(`${server.url}/v1/predict`, "image/jpeg", photo(first)));
    slow.open();
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 500, 415, 200]);
    expect(answers[2]?.text).not.toContain("secret");
    expect(server.events.find((event) => event.event === "warning")).toMatchObject({
      code: "failed-request",
      message: expect.stringContaining("a secret of the engine") as string,
    });
  });
});

describe("its life", () => {
  test("begins with 503, and ends with 503 for those who come late, and answers for those who were there", async () => {
    const slow = slowClassifier();
    let opened = (): void => undefined;
    const opening = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const openBatchClassifier: JobParts["openBatchClassifier"] = async (runtime, file) => {
      await opening;
      return slow.parts.openBatchClassifier(runtime, file);
    };
    const server = await start({ parts: { openBatchClassifier }, ready: false });
    const { url } = server;
    const send = (first: number): Promise<HttpAnswer> => post(`${url}/v1/predict`, "image/jpeg", photo(first));
    await until(
      async () =>
        ask(`${url}/healthz`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      "it listens",
    );
    for (const got of [await send(1), await ask(`${url}/readyz`), await ask(`${url}/v1/models`)])
      expectError(got, 503, "starting");
    opened();
    await server.seen("serving");
    expect((await ask(`${url}/readyz`)).json).toEqual({ status: "ready" });
    const inTime = [send(2), send(3)];
    await until(async () => (await ask(`${url}/metrics`)).text.includes("graft_queue_photos 2"), "they wait");
    server.abort();
    expect(await server.seen("stopping")).toMatchObject({ requests: 2 });
    const late = await send(4);
    expectError(late, 503, "stopping");
    expect(late.headers.connection).toBe("close");
    expectError(await ask(`${url}/readyz`), 503, "stopping");
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    slow.open();
    expect((await Promise.all(inTime)).map(({ status }) => status)).toEqual([200, 200]);
    await server.ended;
    expect(server.events.at(-1)).toMatchObject({ event: "done", command: "serve", photos: 2 });
    await expect(send(5)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("is none where it cannot listen, or has no model", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    await expect(startServer([{ name: "colours", path }], { port })).rejects.toThrow(
      /cannot listen at 127\.0\.0\.1, port \d+.*another program/s,
    );
    other.close();
    await expect(startServer([{ name: "x", path: join(folder, "nothing") }])).rejects.toThrow(
      /There is no classifier at/,
    );
    await writeFile(join(folder, "broken.onnx"), "this is no network");
    await expect(startServer([{ name: "x", path: join(folder, "broken.onnx") }])).rejects.toThrow(/broken\.onnx/);
  });

  test("counts what the file before has answered under its name", async () => {
    const file = join(folder, "counted.onnx");
    await copyFile(path, file);
    const slow = slowClassifier();
    const first = await slow.parts.openBatchClassifier({} as never, file);
    const opened = [first, { ...first, sha256: "1".repeat(64) }];
    const openBatchClassifier: JobParts["openBatchClassifier"] = () => Promise.resolve(opened.shift() ?? first);
    const server = await start({ parts: { openBatchClassifier } }, [{ name: "it", path: file }]);
    const metrics = async (): Promise<string> => (await ask(`${server.url}/metrics`)).text;
    const answer = post(`${server.url}/v1/predict`, "image/jpeg", jpeg);
    await until(async () => (await metrics()).includes("graft_queue_photos 1"), "the photo waits");
    await writeFile(file, "another");
    await server.seen("reloaded");
    slow.open();
    expect((await answer).status).toBe(200);
    expect((await metrics()).match(/^graft_photos_total.*$/gm)).toEqual([
      'graft_photos_total{model="it",outcome="predicted"} 1',
    ]);
  });

  test("goes on with a file that has changed, and with the one before where that is broken", async () => {
    const file = join(folder, "changing.onnx");
    await copyFile(path, file);
    const server = await start({}, [{ name: "it", path: file }]);
    const labels = async (): Promise<unknown> => {
      const { status, json } = await post(`${server.url}/v1/predict`, "image/jpeg", jpeg);
      expect(status).toBe(200);
      return Object.keys((json as { predictions: { probabilities: object }[] }).predictions[0]?.probabilities ?? {});
    };
    expect(await labels()).toEqual(["red", "green", "blue"]);
    // All the while others ask.
    let asking = true;
    const load = Promise.all(
      Array.from({ length: 2 }, async () => {
        let count = 0;
        for (; asking; count++) await labels();
        return count;
      }),
    );
    await writeFile(join(folder, "next.onnx"), colourClassifier({ labels: '["x","y","z"]' }));
    await rename(join(folder, "next.onnx"), file);
    await server.seen("reloaded");
    expect(await labels()).toEqual(["x", "y", "z"]);
    await writeFile(file, "broken");
    expect(await server.seen("warning")).toMatchObject({
      code: "not-reloaded",
      message: expect.stringMatching(/"it".*changing\.onnx/s) as string,
    });
    expect(await labels()).toEqual(["x", "y", "z"]);
    await rm(file);
    expect(await server.seen("warning", 2)).toMatchObject({ message: expect.stringContaining("is gone") as string });
    expect(await labels()).toEqual(["x", "y", "z"]);
    // Half of it, and the rest a little later.
    const whole = colourClassifier({ labels: '["u","v","w"]' });
    await writeFile(file, whole.subarray(0, whole.length / 2));
    await writeFile(file, whole);
    await server.seen("reloaded", 2);
    expect(await labels()).toEqual(["u", "v", "w"]);
    asking = false;
    expect(Math.min(...(await load))).toBeGreaterThan(0);
    // The same bytes at another time are nothing new.
    await utimes(file, new Date(), new Date());
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.events.filter(({ event }) => event === "reloaded")).toHaveLength(2);
    expect((await ask(`${server.url}/metrics`)).text).toMatch(
      /graft_model_reloads_total\{model="it",outcome="kept"\} 2/,
    );
  });
});
