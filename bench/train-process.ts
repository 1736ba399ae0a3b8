import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Missing } from "./row.js";

/** The built command, as it is installed: `npm run bench` builds it. */
const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Does something with a temporary folder, which is removed afterwards. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "graft-bench-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds from the start of a process. */
export interface Times {
  /** Until the model lay on the disk. */
  readonly saved: number;
  /** Until the process ended, test photos included. */
  readonly whole: number;
}

/** Runs a process that writes a model, and looks when it did. */
export function timed<T>(model: string, run: () => T): { readonly times: Times; readonly result: T } {
  const start = Date.now();
  const result = run();
  const whole = (Date.now() - start) / 1000;
  return { times: { saved: (statSync(model).mtimeMs - start) / 1000, whole }, result };
}

/** What is read of a run.json. */
export interface RunRecord {
  readonly data: { readonly classes: readonly string[] };
  readonly split: { readonly training: readonly string[]; readonly validation: readonly string[] };
}

/** Runs `graft train` in a process of its own, with nothing kept from earlier runs. */
export function graftTrain(
  directory: string,
  args: readonly string[],
): {
  readonly times: Times;
  /** Its last event. */
  readonly done: Readonly<Record<string, unknown>>;
  readonly record: RunRecord;
} {
  return withFolder((folder) => {
    const run = join(folder, "run");
    const { times, result } = timed(join(run, "model.onnx"), () => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [command, "train", directory, ...args, "--out", run, "--json"],
        { encoding: "utf8", maxBuffer: 2 ** 28, env: { ...process.env, GRAFT_CACHE: join(folder, "cache") } },
      );
      if (status !== 0) throw new Missing(`graft train failed: ${stderr.slice(-300)}`);
      return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, unknown>;
    });
    return { times, done: result, record: JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as RunRecord };
  });
}

/** A share for people, where there is one. */
export function percent(share: unknown): string {
  return typeof share === "number" ? `${(100 * share).toFixed(1)} %` : "unknown";
}
