import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import type { JobEvent } from "../../src/jobs/events.js";
import { predict } from "../../src/jobs/predict.js";
import { Generator } from "../../src/random/generator.js";
import { colourClassifier } from "../cli/colour-classifier.js";
import { framedClassifier } from "../support/framed-classifier.js";
import { ask, post, postForm, type RunningServer, startServer } from "../support/running-server.js";

interface Answer {
  readonly model: string;
  readonly sha256: string;
  readonly predictions: readonly Readonly<Record<string, unknown>>[];
}

let folder = "";
let server: RunningServer;
const photos: Buffer[] = [];
/** What `graft predict` says of each. */
const expected: Readonly<Record<string, unknown>>[] = [];

const answerOf = ({ json }: { readonly json: unknown }): Answer => json as Answer;
const predictUrl = (query = ""): string => `${server.url}/v1/predict${query}`;

async function drawn(seed: number): Promise<Buffer> {
  const random = new Generator(seed);
  const raw = { width: 20 + (seed % 11), height: 30 - (seed % 7), channels: 3 as const };
  const from = random.integer(200);
  const noise = Uint8Array.from({ length: raw.width * raw.height * 3 }, () => from + random.integer(56));
  return sharp(noise, { raw }).jpeg().toBuffer();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-answers-"));
  await writeFile(join(folder, "herbs.onnx"), framedClassifier({ crop: 0.9 }));
  await writeFile(join(folder, "colours.onnx"), colourClassifier({ distanceThreshold: "0.2" }));
  const paths: string[] = [];
  for (let index = 0; index < 24; index++) {
    photos.push(await drawn(index));
    paths.push(join(folder, `${index}.jpg`));
    await writeFile(paths[index] ?? "", photos[index] ?? "");
  }
  const emit = (event: JobEvent): void => {
    if (event.event !== "prediction") return;
    expected.push(
      JSON.parse(JSON.stringify({ ...event, event: undefined, path: undefined })) as Record<string, unknown>,
    );
  };
  const context = { emit, now: () => Date.now(), parts: jobParts };
  await predict({ model: join(folder, "herbs.onnx"), photos: paths, top: 2, device: "cpu" }, context);
  server = await startServer(
    [
      { name: "herbs", path: join(folder, "herbs.onnx") },
      { name: "red \u001b[31m/../x", path: join(folder, "colours.onnx") },
    ],
    { limits: { queue: 1000 } },
  );
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const photo = (index: number): Buffer => photos[index] ?? Buffer.alloc(0);

describe("an answer", () => {
  test("has the words and the bits of graft predict, whatever the form of the body", async () => {
    const base64 = photo(0).toString("base64");
    const json = (body: object): string => JSON.stringify(body);
    const bodies: readonly (readonly [type: string, body: Uint8Array | string])[] = [
      ["image/jpeg", photo(0)],
      // Its content says what it is.
      ["image/x-of-a-kind", photo(0)],
      ["application/octet-stream", photo(0)],
      ["application/json", json({ image: base64 })],
      ["application/json; charset=utf-8", json({ images: [base64] })],
      ["application/json", json({ image: `data:image/jpeg;base64,${base64}` })],
      ["application/json", json({ image: photo(0).toString("base64url") })],
      ["application/json", json({ image: base64.replaceAll(/(.{60})/g, "$1\r\n") })],
    ];
    for (const [type, body] of bodies) {
      const got = await post(predictUrl("?top=2"), type, body);
      expect(got.status, `${type}: ${got.text}`).toBe(200);
      expect(answerOf(got)).toMatchObject({ model: "herbs", predictions: [expected[0]] });
      expect(Object.keys(answerOf(got).predictions[0] ?? {})).toEqual(Object.keys(expected[0] ?? {}));
    }
    const form = await postForm(predictUrl(), [
      { field: "anything", name: "a.jpg", value: photo(0) },
      { field: "top", value: "2" },
    ]);
    expect(answerOf(form).predictions).toEqual([{ path: "a.jpg", ...expected[0] }]);
    const chunked = await fetch(predictUrl("?top=2"), {
      ...{ method: "POST", headers: { "content-type": "image/jpeg" }, duplex: "half" },
      body: new Blob([Uint8Array.from(photo(0))]).stream(),
    });
    expect(await chunked.json()).toMatchObject({ predictions: [expected[0]] });
  });

  test("of several photos comes in their order, with an error in the place of one that is broken", async () => {
    const cut = photo(1).subarray(0, photo(1).length - 60);
    const sent = [photo(2), cut, photo(0), Buffer.from("this is no photo"), photo(3)];
    const form = await postForm(
      predictUrl(),
      sent.map((value, index) => ({ field: "image", name: `${index}.jpg`, value })),
    );
    const list = await post(
      predictUrl(),
      "application/json",
      JSON.stringify({ images: [...sent.map((value) => value.toString("base64")), "%%%"], top: 2 }),
    );
    expect([form.status, list.status]).toEqual([200, 200]);
    for (const { predictions } of [answerOf(form), answerOf(list)]) {
      const [first, second, third, fourth, fifth] = predictions;
      expect(first).toMatchObject({ label: expected[2]?.["label"], probabilities: expected[2]?.["probabilities"] });
      expect(second).toMatchObject({ error: { code: "photo-damaged" } });
      expect(third).toMatchObject({ probabilities: expected[0]?.["probabilities"] });
      expect(fourth).toMatchObject({ error: { code: "photo-format" } });
      expect(fifth).toMatchObject({ probabilities: expected[3]?.["probabilities"] });
    }
    expect(answerOf(form).predictions.map(({ path }) => path)).toEqual(["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]);
    expect(answerOf(list).predictions[5]).toMatchObject({ error: { code: "bad-request" } });
    expect(answerOf(list).predictions[0]?.["top"]).toHaveLength(2);
  });

  test("names files as they were named, and does nothing with their names", async () => {
    const names = ["../../etc/passwd", "C:\\x.jpg", "\u001b[2Jrose.jpg", "a".repeat(3000), "__proto__"];
    const form = await postForm(
      predictUrl(),
      names.map((name) => ({ field: "__proto__x", name, value: photo(0) })),
    );
    expect(form.status, form.text).toBe(200);
    // Of a path the parser of forms gives what is behind the last slash.
    expect(answerOf(form).predictions.map(({ path }) => path)).toEqual([
      "passwd",
      ...["x.jpg", "\u001b[2Jrose.jpg", "a".repeat(3000), "__proto__"],
    ]);
    expect(JSON.stringify(server.events)).not.toMatch(/passwd|rose/);
  });

  test("comes by the model that was asked, whatever its name", async () => {
    const red = await sharp({ create: { width: 9, height: 5, channels: 3, background: "#f00" } })
      .png()
      .toBuffer();
    const name = encodeURIComponent("red \u001b[31m/../x");
    for (const url of [predictUrl(`?model=${name}`), `${server.url}/v1/models/${name}/predict`]) {
      const got = await post(url, "image/png", red);
      expect(answerOf(got)).toMatchObject({
        model: "red \u001b[31m/../x",
        predictions: [{ label: "red", distance: 0, foreign: false }],
      });
    }
    const dark = await sharp({ create: { width: 9, height: 5, channels: 3, background: "#400" } })
      .png()
      .toBuffer();
    const got = await post(predictUrl(`?model=${name}`), "image/png", dark);
    expect(answerOf(got).predictions[0]).toMatchObject({ label: "red", foreign: true });
    expect(await ask(`${server.url}/v1/models/${name}`)).toMatchObject({
      json: { name: "red \u001b[31m/../x", default: false, labels: ["red", "green", "blue"], image_size: null },
    });
    expect((await ask(`${server.url}/v1/models`)).json).toMatchObject({
      models: [
        {
          name: "herbs",
          default: true,
          labels: ["anise", "basil", "chive", "dill"],
          network: "mine",
          licence: "MIT",
          image_size: 16,
        },
        {
          network: "colours",
          licence: "Apache-2.0",
          version: "1",
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
    });
  });

  test("never has what another photo gave: 300 at once, in lists and alone, as each was alone", async () => {
    const alone = (index: number) => post(predictUrl(), "image/jpeg", photo(index % 24)).then(answerOf);
    const list = (index: number) => {
      const images = [0, 5, 11].map((step) => photo((index + step) % 24).toString("base64"));
      return post(predictUrl(), "application/json", JSON.stringify({ images })).then(answerOf);
    };
    const all = await Promise.all(
      Array.from({ length: 150 }, (_, index) => Promise.all([alone(index), index % 3 === 0 ? list(index) : undefined])),
    );
    for (const [index, [one, three]] of all.entries()) {
      expect(one.predictions[0]?.["probabilities"]).toEqual(expected[index % 24]?.["probabilities"]);
      for (const [at, step] of [0, 5, 11].entries()) {
        if (three === undefined) continue;
        expect(three.predictions[at]?.["probabilities"]).toEqual(expected[(index + step) % 24]?.["probabilities"]);
      }
    }
    // Each has its own, or nothing was compared.
    expect(new Set(expected.map((one) => JSON.stringify(one["probabilities"]))).size).toBe(24);
  });
});

describe("beside answers", () => {
  test("figures for Prometheus count requests, photos, batches and models", async () => {
    const { text, headers } = await ask(`${server.url}/metrics`);
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    const value = (series: string, page = text): number =>
      Number(
        page
          .split("\n")
          .find((line) => line.startsWith(`${series} `))
          ?.split(" ")
          .at(-1),
      );
    expect(value('graft_requests_total{method="POST",route="/v1/predict",status="200"}')).toBeGreaterThan(200);
    expect(value('graft_photos_total{model="herbs",outcome="predicted"}')).toBeGreaterThan(300);
    expect(value('graft_photos_total{model="herbs",outcome="refused"}')).toBe(5);
    expect(value("graft_queue_photos")).toBe(0);
    // Some are looked at together, where more come at once than are looked at.
    const photosLessBatches = async (): Promise<number> => {
      await Promise.all(Array.from({ length: 64 }, () => post(predictUrl(), "image/jpeg", photo(0))));
      const { text: now } = await ask(`${server.url}/metrics`);
      return (
        value('graft_batch_photos_sum{model="herbs"}', now) - value('graft_batch_photos_count{model="herbs"}', now)
      );
    };
    await expect.poll(photosLessBatches).toBeGreaterThan(0);
    expect(text).toContain('graft_model_info{model="herbs",network="mine"');
    for (const line of text.split("\n")) expect(line).toMatch(/^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? [-+.\dNaInfe]+|)$/);
  });

  test("the log has a line a request, with figures alone", () => {
    const requests = server.events.flatMap((event) => (event.event === "request" ? [event] : []));
    expect(requests.length).toBeGreaterThan(200);
    const routes = new Set(requests.map(({ route }) => route));
    expect([...routes].sort()).toEqual([
      "/metrics",
      "/v1/models",
      "/v1/models/:name",
      "/v1/models/:name/predict",
      "/v1/predict",
    ]);
    const lists = requests.filter(({ refused }) => refused > 0);
    expect(lists.map(({ photos: looked, refused }) => [looked, refused])).toEqual([
      [3, 2],
      [3, 3],
    ]);
    expect(requests.every(({ bytes, photos: looked }) => (looked === 0 ? bytes === 0 : bytes > 50))).toBe(true);
  });

  test("the description of the interface is whole, and its page needs nobody else", async () => {
    const { json } = await ask(`${server.url}/openapi.json`);
    const document = json as {
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            responses: Record<string, { description: string }>;
            parameters?: { name: string; in: string; required?: boolean }[];
          }
        >
      >;
    };
    expect(document.openapi).toMatch(/^3\.0\./);
    expect(Object.keys(document.paths).sort()).toEqual([
      ...[
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/models/{name}/predict",
        "/v1/predict",
      ],
    ]);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, responses, parameters = [] } of operations) {
      expect(
        Object.values(responses).every(({ description }) => description.length > 0),
        path,
      ).toBe(true);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(named);
    }
    // What is referred to is there.
    for (const [, reference = ""] of JSON.stringify(json).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = reference
        .split("/")
        .reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], json);
      expect(target, reference).toBeDefined();
    }
    const page = await ask(`${server.url}/docs/`);
    expect(page.status).toBe(200);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect((await ask(new URL(link, `${server.url}/docs/`).href)).status, link).toBe(200);
    expect(links.filter((link) => /^(https?:)?\/\//.test(link))).toEqual([]);
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none'.*connect-src 'self'/);
  });
});
