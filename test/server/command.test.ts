import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servedPaths } from "../../src/jobs/serve.js";
import { colourClassifier } from "../cli/colour-classifier.js";
import { events, graft, startGraft } from "../cli/command.js";
import { freePort, post } from "../support/running-server.js";

const token = "0123456789abcdef-0123456789abcdef";
let folder = "";
let jpeg = Buffer.alloc(0);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-serve-"));
  await writeFile(join(folder, "colours.onnx"), colourClassifier());
  await writeFile(join(folder, "token"), `${token}\n`);
  await writeFile(join(folder, "short"), "secret\n");
  await writeFile(join(folder, "blank"), "sixteen letters and blanks\n");
  jpeg = await sharp({ create: { width: 40, height: 30, channels: 3, background: "#d22" } })
    .jpeg()
    .toBuffer();
});
afterAll(() => rm(folder, { recursive: true }));

test("serve: words for people, an end with exit code 0 at SIGTERM", async () => {
  const port = String(await freePort());
  const running = startGraft(["serve", "reds=colours.onnx", "--port", port], folder);
  await running.seen(`Serving "reds" at http://127.0.0.1:${port};`);
  expect((await post(`http://127.0.0.1:${port}/v1/predict`, "image/jpeg", jpeg)).status).toBe(200);
  running.signal("SIGTERM");
  const { exitCode, stdout, stderr } = await running.outcome;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Serving .*\n$/);
  expect(stderr).toMatch(
    /^POST \/v1\/predict 200, 1 photo, [\d.]+ ms\nWarning: Stopping: .*\nStopped after 1 request with 1 photo\.\n$/,
  );
});

test("serve --json: events, a token from the environment, which stands nowhere, and a port that was free", async () => {
  const running = startGraft(["serve", "colours.onnx", "--port", "0", "--host", "0.0.0.0", "--json"], folder, {
    GRAFT_TOKEN: token,
  });
  await running.seen('"event":"serving"');
  running.signal("SIGINT");
  const { exitCode, stdout, stderr } = await running.outcome;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const list = events(stdout);
  expect(list.map(({ event }) => event)).toEqual(["serving", "warning", "stopping", "done"]);
  expect(list[0]).toMatchObject({ models: ["colours"], device: "cpu" });
  expect(list[0]?.["url"]).toMatch(/^http:\/\/0\.0\.0\.0:\d{2,5}$/);
  expect(list.at(-1)).toMatchObject({ command: "serve", requests: 0, photos: 0 });
  expect(stdout).not.toContain(token);
});

test.skipIf(process.platform === "win32")("serve warns of a token file that others can read", async () => {
  const start = async (mode: number) => {
    await chmod(join(folder, "token"), mode);
    const running = startGraft(["serve", "colours.onnx", "--port", "0", "--token-file", "token", "--json"], folder);
    await running.seen('"event":"serving"');
    running.signal("SIGTERM");
    return events((await running.outcome).stdout).filter(({ code }) => code === "token-file");
  };
  expect(await start(0o600)).toEqual([]);
  expect(await start(0o604)).toEqual([
    expect.objectContaining({ event: "warning", message: expect.stringContaining("chmod 600 token") as string }),
  ]);
});

test("serve refuses calls that are wrong, and says what to do", async () => {
  const wrong = async (
    args: readonly string[],
    words: RegExp,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const { exitCode, stderr } = await graft(["serve", ...args], folder, env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(words) as string });
    expect(stderr).not.toMatch(/secret|letters and blanks/);
  };
  await wrong(["colours.onnx", "--host", "0.0.0.0"], /--token-file FILE, or the environment variable GRAFT_TOKEN/);
  await wrong(["colours.onnx", "--host", "0.0.0.0", "--token-file", "short"], /token in short is not usable/);
  await wrong(["colours.onnx"], /token in GRAFT_TOKEN is not usable/, { GRAFT_TOKEN: "secret" });
  await wrong(["colours.onnx", "--token-file", "blank"], /without blanks/);
  await wrong(["colours.onnx", "--timeout", "1000h"], /from 0\.1s to 24h/);
  await wrong(["colours.onnx", "--max-photos", "300"], /at most as many as --max-queue/);
});

test("names of models follow from their paths, or stand in front of them", () => {
  const words = ["runs/flowers", "runs/pets/model.onnx", "runs/cars.onnx", "mine=runs/x", "runs/a=b"];
  expect(servedPaths(words)).toEqual([
    { name: "flowers", path: "runs/flowers" },
    { name: "pets", path: "runs/pets/model.onnx" },
    { name: "cars", path: "runs/cars.onnx" },
    { name: "mine", path: "runs/x" },
    { name: "a=b", path: "runs/a=b" },
  ]);
  expect(() => servedPaths(["a/x", "b/x"])).toThrow(/same name.*another-name=b\/x/s);
});
