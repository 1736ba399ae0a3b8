import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineAtRest, restsBeforeEnd } from "./at-rest.js";
import { ThreadPool } from "./threads.js";

let folder: string;
let entry: URL;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-at-rest-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(folder, "worker.ts"),
    `import { appendFileSync, existsSync } from "node:fs";
    import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
    import { answerRequests } from ${JSON.stringify(new URL("./thread-answers.ts", import.meta.url).href)};
    const log = ${JSON.stringify(join(folder, "log"))};
    const go = ${JSON.stringify(join(folder, "go"))};
    answerRequests(async (job) => {
      if (job === "for ever") await new Promise(() => setInterval(() => undefined, 1000));
      if (job === "name") return { result: job, transfer: [] };
      appendFileSync(log, \`begin \${job}\\n\`);
      while (!existsSync(go)) await sleep(5);
      // What was said before comes in this turn.
      await turn();
      appendFileSync(log, \`end \${job}\\n\`);
      return { result: job, transfer: [] };
    }, { atOnce: 2, describe: () => undefined });`,
  );
  entry = pathToFileURL(join(folder, "worker"));
});

afterAll(() => rm(folder, { recursive: true }));

// One test, for what ends stays so.
test("before the end of the process threads do what they have begun, and nothing more", async () => {
  const pool = new ThreadPool<string, string>(entry, { size: 1, usesEngine: true });
  await pool.run("name");
  const asked = ["a", "b", "c", "d", "e"].map((job) => pool.run(job));
  while (!(await readFile(join(folder, "log"), "utf8").catch(() => "")).includes("begin b"));
  const idle = new ThreadPool<string, string>(entry, { size: 1, usesEngine: true });
  await idle.run("name");
  // What does not use the engine may be cut off.
  const other = new ThreadPool<string, string>(entry, { size: 1 });
  void other.run("for ever");

  const resting = engineAtRest(60_000);
  await writeFile(join(folder, "go"), "");
  expect(await resting).toBe(true);
  expect((await readFile(join(folder, "log"), "utf8")).trim().split("\n").sort()).toEqual([
    "begin a",
    "begin b",
    "end a",
    "end b",
  ]);
  expect(await Promise.all(asked.slice(0, 2))).toEqual(["a", "b"]);
  // Nothing is begun any more.
  const late = Promise.race([
    idle.run("f").then(() => "done"),
    new Promise((resolve) => setTimeout(resolve, 500, "never")),
  ]);
  expect(await late).toBe("never");
});

test("one that does not come to rest is not waited for longer than was said", async () => {
  const takeBack = restsBeforeEnd(() => new Promise(() => undefined));
  expect(await engineAtRest(50)).toBe(false);
  takeBack();
  expect(await engineAtRest(10_000)).toBe(true);
});
