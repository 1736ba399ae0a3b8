import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { events, graft, type Outcome, startGraft } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

const fixtures = join(import.meta.dirname, "..", "fixtures");
const others = join(import.meta.dirname, "..", "models", "onnx-files");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-hostile-"));
  await writePhotoFolder(join(folder, "photos"), 4);
  await cp(fixtures, folder, { recursive: true });
  await cp(others, folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

function train(...network: string[]): string[] {
  return ["train", "photos", "--network", ...network, "--epochs", "1", "--out", "run"];
}

/** An answer that people and scripts can use: one sentence, no escapes, no stack. */
function expectRefused({ exitCode, stdout, stderr }: Outcome, message: RegExp): void {
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toMatch(message);
  // eslint-disable-next-line no-control-regex -- these are what must not come
  expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|^ +at /m);
}

describe("graft train refuses networks of others, and says why", () => {
  test.each([
    ["nan-weight.onnx", /not all of its weights are numbers[\s\S]*NaN/],
    ["esc.onnx", /uses the operator "/],
    ["cos.onnx", /too large/],
    ["bigimage2.onnx", /too large/],
  ])("%s", async (name, message) => {
    expectRefused(await graft(train(name, "--preprocess", "torch"), folder), message);
  });

  test("weights that refer to themselves", async () => {
    expectRefused(await graft(train("vgg16", "--weights", "endless.h5"), folder), /endless\.h5 is a damaged HDF5 file/);
  });
});

test("graft predict refuses a classifier that answers NaN", async () => {
  const outcome = await graft(["predict", "c_nan.onnx", join("photos", "red", "0.jpg")], folder);
  expectRefused(outcome, /does not answer with probabilities/);
});

test("Ctrl+C ends the command while weights are read", async () => {
  const running = startGraft(train("vgg16", "--weights", "endless.h5"), folder);
  // The network is looked at before anything is said.
  await new Promise((done) => setTimeout(done, 1000));
  running.signal("SIGINT");
  const { exitCode } = await running.outcome;
  // The error may have come first, or the signal before anybody heard it.
  expect([1, 130, null]).toContain(exitCode);
});

test("Ctrl+C ends the command at once while a server lets it wait", async () => {
  let asked: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = createServer(() => {
    asked();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const env = { HF_ENDPOINT: `http://127.0.0.1:${port}`, HF_HOME: join(folder, "hub") };
    const running = startGraft(train("hf:somebody/network"), folder, env);
    await waiting;
    running.signal("SIGINT");
    const { exitCode, stderr } = await running.outcome;
    expect(exitCode, stderr).toBe(process.platform === "win32" ? null : 130);
    expect(stderr).toContain("Stopped before the new classifier was there");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a folder that holds only test/ is evaluated", async () => {
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  const trained = await graft([...train("tiny.onnx", "--preprocess", "torch", "--learning-rate", "0.05")], folder);
  expect(trained.exitCode, trained.stderr).toBe(0);
  await writePhotoFolder(join(folder, "kept", "test"), 3);
  const { exitCode, stdout, stderr } = await graft(["evaluate", "run", "kept", "--json"], folder);
  expect(exitCode, stderr).toBe(0);
  expect(events(stdout).at(-1)).toMatchObject({ event: "done", photos: 9 });
});
