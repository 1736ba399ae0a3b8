import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const built = join(root, "dist", "cli", "main.js");

/** Whether dist/ was built from the sources as they are now; then it starts five times as fast. */
function isBuilt(): boolean {
  if (!existsSync(built)) return false;
  const since = statSync(built).mtimeMs;
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return sources.every((name) => name.endsWith(".test.ts") || statSync(join(root, "src", name)).mtimeMs <= since);
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const start = isBuilt() ? [built] : ["--import", tsx, join(root, "src", "cli", "main.ts")];

/** The words that start `graft` as a user would, for shells. */
export const graftWords: readonly string[] = [process.execPath, ...start];

/** What a run of the command gave. */
export interface Outcome {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command that is under way. */
export interface Running {
  readonly outcome: Promise<Outcome>;
  signal(name: NodeJS.Signals): void;
  /** Reads no more of stdout, as `head` does when it has seen enough. */
  closeStdout(): void;
  /** Waits until stderr or stdout holds a text. */
  seen(text: string | RegExp): Promise<void>;
}

/** Starts `graft` as a user would, in a process of its own. */
export function startGraft(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [...start, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    heard();
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
  return {
    outcome,
    signal: (name) => child.kill(name),
    closeStdout: () => child.stdout.destroy(),
    seen: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!(typeof text === "string" ? (stdout + stderr).includes(text) : text.test(stdout + stderr))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void outcome.then(() => {
          reject(new Error(`The command ended without saying ${String(text)}:\n${stdout}${stderr}`));
        }, reject);
      }),
  };
}

/** Runs `graft` to its end. */
export async function graft(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return startGraft(args, cwd, env).outcome;
}

/** The events of `--json`; fails when a line of stdout is anything else. */
export function events(stdout: string): ({ event: string } & Record<string, unknown>)[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string } & Record<string, unknown>);
}
