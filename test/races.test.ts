import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { filesOfRun, listRun } from "./support/files-of-run.js";
import { startGraft } from "./cli/command.js";
import { writePhotoFolder } from "./cli/photos.js";
import { tinyNetwork } from "./cli/tiny-network.js";

const soak = process.env["GRAFT_SOAK"] === "1";
const rounds = soak ? 20 : 5;

let folder = "";
let server: Server;
let asked: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-races-"));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("content-length", 5000);
    response.write(Buffer.alloc(2500, 1));
    setTimeout(() => response.end(Buffer.alloc(2500, 2)), 20);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const racer = new URL("./support/racer.ts", import.meta.url).pathname;

/** In ms, and the name of a time zone. */
interface Clock {
  readonly shift: number;
  readonly zone: string;
}

/** What a process that fills the cache said; nothing when all went well. */
async function race({ shift, zone }: Clock): Promise<string> {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, ["--import", tsx, racer, folder, String(rounds), address, String(shift)], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TZ: zone, NO_PROXY: "*", GRAFT_CACHE: join(folder, "cache") },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(child, "close");
  return said;
}

describe(`two processes that fill one cache at the same time, ${rounds} times`, () => {
  test.each<[string, Clock, Clock]>([
    ["with one clock", { shift: 0, zone: "UTC" }, { shift: 0, zone: "UTC" }],
    [
      "with clocks an hour apart, in other time zones",
      { shift: -3_600_000, zone: "Pacific/Kiritimati" },
      { shift: 0, zone: "America/Los_Angeles" },
    ],
  ] as const)(
    "%s: one makes or fetches what is new, the other waits for it",
    { timeout: 240_000 },
    async (_, one, other) => {
      expect(await Promise.all([race(one), race(other)])).toEqual(["", ""]);
      const numbers = Array.from({ length: rounds }, (__, round) => String(round));
      const made = (await readFile(join(folder, "made.log"), "utf8")).trim().split("\n");
      expect(made.sort()).toEqual([...numbers].sort());
      expect(asked.sort()).toEqual(numbers.map((number) => `/${number}`).sort());
      for (const number of numbers) {
        expect(
          (await readFile(join(folder, "cache", "files", number))).equals(Buffer.alloc(5000, 1).fill(2, 2500)),
        ).toBe(true);
      }
      const left = await readdir(join(folder, "cache"), { recursive: true });
      expect(left.filter((name) => /lock|tmp|part|taking/.test(name))).toEqual([]);
      expect(await readdir(join(folder, "cache", "features"))).toHaveLength(rounds);
    },
  );
});

describe("two runs into one folder", () => {
  test("one goes on, and the other is refused by name before it does anything", { timeout: 240_000 }, async () => {
    await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
    await writePhotoFolder(join(folder, "photos"), 10);
    const args = [
      "train",
      "photos",
      "--network",
      "tiny.onnx",
      "--preprocess",
      "torch",
      "--epochs",
      "2",
      "--out",
      "run",
    ];
    const begun = [1, 2].map(() => startGraft([...args, "--json"], folder, { GRAFT_CACHE: join(folder, "cache") }));
    const outcomes = await Promise.all(begun.map(({ outcome }) => outcome));
    const [done, refused] = outcomes.sort((a, b) => (a.exitCode ?? 9) - (b.exitCode ?? 9));
    expect([done?.exitCode, refused?.exitCode], refused?.stderr).toEqual([0, 2]);
    // Whoever comes when the other has ended hears that the folder is not empty.
    expect(refused?.stderr).toMatch(/The folder run is used by another run|The output folder run cannot be used/);
    expect(refused?.stdout).not.toContain('"event":"photos"');
    expect(await listRun(join(folder, "run"))).toEqual(filesOfRun);
  });
});
