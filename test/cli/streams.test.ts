import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { filesOfRun, listRun } from "../support/files-of-run.js";
import { events, graftWords } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

const onLinux = process.platform === "linux" && existsSync("/bin/bash");
const hasScript = onLinux && existsSync("/usr/bin/script");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-streams-"));
  await writePhotoFolder(join(folder, "photos"), 4);
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => rm(join(folder, "run"), { recursive: true, force: true }));

const graft = graftWords.map((word) => `'${word}'`).join(" ");
const train = `${graft} train photos --network tiny.onnx --preprocess torch --epochs 1 --out run`;
const sleeper = "exec 3> >(exec sleep 100 > /dev/null 2>&1); reader=$!; head -c 65536 /dev/zero >&3";
const env = (): NodeJS.ProcessEnv => ({ ...process.env, NO_COLOR: "1", GRAFT_CACHE: join(folder, "cache") });

/** What a line of bash gave. */
interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bash(line: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile("/bin/bash", ["-c", `set -o pipefail; ${line}`], { cwd: folder, env: env() }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe.skipIf(!onLinux)("a training outlives whoever reads along", () => {
  test.each([
    ["words that are no longer read", `${train} 2> >(head -n 1 > /dev/null)`],
    ["words and results that find no room", `${train} > /dev/full 2> /dev/full`],
    ["events that are no longer read", `${train} --json | head -n 1`],
    ["all that is no longer read", `${train} 2>&1 | head -n 1`],
    // The pipe is full before the first word, and its reader sleeps.
    ["words that nobody takes", `${sleeper}; ${train} 2>&3; code=$?; kill $reader; exit $code`],
  ])("%s", async (_, line) => {
    const { exitCode, stderr } = await bash(line);
    expect(exitCode, stderr).toBe(0);
    expect(await listRun(join(folder, "run"))).toEqual(filesOfRun);
  });

  test("says once that its results are not taken", async () => {
    const { stderr } = await bash(`${train} --json > /dev/full`);
    expect(stderr).toBe("Warning: stdout takes no more (ENOSPC): what is said there is lost, what is made is not.\n");
  });

  test("a window that is closed, where it was started by nohup", async () => {
    // Node lets SIGHUP end a process that was told to ignore it.
    const inside = `nohup ${train} > said 2>&1 & until grep -q "^Network" said; do sleep 0.02; done; kill -HUP $!; wait $!`;
    const { exitCode, stderr } = await bash(inside);
    expect(exitCode, stderr).toBe(0);
    expect(await listRun(join(folder, "run"))).toEqual(filesOfRun);
  });

  test("a window that is closed, where a script was started by nohup", async () => {
    await writeFile(join(folder, "script"), `${train} > said 2>&1 & echo $! > pid; wait $!; echo $? > script-code`);
    const inside = `nohup /bin/bash script & until grep -q "^Network" said; do sleep 0.02; done; kill -HUP "$(cat pid)"; wait $!`;
    const { stderr } = await bash(`rm -f said pid; ${inside}`);
    expect(await readFile(join(folder, "script-code"), "utf8"), stderr).toBe("0\n");
    expect(await listRun(join(folder, "run"))).toEqual(filesOfRun);
  });

  test.skipIf(!hasScript)("a window that is closed", async () => {
    const inside = `trap "" HUP; ${train}; echo $? > code`;
    const terminal = spawn("script", ["-qec", inside, "/dev/null"], { cwd: folder, env: env(), stdio: "pipe" });
    await new Promise<void>((resolve) => {
      terminal.stdout.once("data", () => {
        resolve();
      });
    });
    terminal.kill("SIGKILL");
    const code = join(folder, "code");
    await expect.poll(() => existsSync(code) && readFile(code, "utf8")).toBe("0\n");
    expect(await listRun(join(folder, "run"))).toEqual(filesOfRun);
  });
});

describe.skipIf(!onLinux)("what makes files makes all of them, whoever reads along", () => {
  const namesIn = (name: string): Promise<string[]> => readdir(join(folder, name));

  beforeAll(async () => {
    const { exitCode, stderr } = await bash(`${train.replace(/run$/, "done")} --json > /dev/null`);
    expect(exitCode, stderr).toBe(0);
  }, 120_000);

  test("pictures of explain", async () => {
    const { exitCode, stderr } = await bash(`${graft} explain done photos --out heat | head -n 1 > /dev/null`);
    expect(exitCode, stderr).toBe(0);
    expect(await namesIn("heat")).toHaveLength(12);
  });

  test("an export", async () => {
    const { exitCode, stderr } = await bash(`${graft} export done --to html --out page.html --json > /dev/full`);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toBe("Warning: stdout takes no more (ENOSPC): what is said there is lost, what is made is not.\n");
    expect(await namesIn(".")).toContain("page.html");
  });
});

describe.skipIf(!onLinux)("what is asked for its results", () => {
  test("ends where they find no room", async () => {
    const { exitCode, stderr } = await bash(`${graft} networks > /dev/full`);
    expect(exitCode).toBe(1);
    expect(stderr).toBe("Error: The results cannot be written to stdout (ENOSPC).\n");
  });

  test("ends quietly where nobody reads on", async () => {
    const { exitCode, stderr } = await bash(`${graft} networks | head -n 1`);
    // 128 + SIGPIPE; a reader that is late finds all of it.
    expect([0, 141]).toContain(exitCode);
    expect(stderr).toBe("");
  });

  test("waits for a reader that is late", async () => {
    const { exitCode, stdout } = await bash(
      `{ head -c 65536 /dev/zero; ${graft} networks --json; } | { sleep 3; tr -d '\\0'; }`,
    );
    expect(exitCode).toBe(0);
    expect(events(stdout).at(-1)).toMatchObject({ event: "done" });
  });
});
