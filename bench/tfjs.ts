import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measured } from "./figures.js";
import { Missing } from "./row.js";

/** The version of TensorFlow.js that is measured, all packages alike. */
export const tfjsVersion = "4.22.0";
const packages = ["tfjs-core", "tfjs-layers", "tfjs-backend-cpu", "tfjs-backend-wasm"];

/** The longest that a script may take: over ten times what it takes on two busy cores. */
const limit = 30 * 60_000;

/** What a script of bench/tfjs says about one piece of work: how long it took, or why it cannot be done. */
export interface TfjsLine {
  readonly backend: string;
  readonly work: string;
  readonly photos: number;
  /** Whether the backend uses several threads. */
  readonly threads: boolean;
  readonly simd: boolean;
  readonly time?: Measured;
  readonly error?: string;
}

/** Scripts of bench/tfjs beside an installed TensorFlow.js. */
export interface Tfjs {
  /** @throws Missing when the script fails */
  readonly run: (script: string, args: readonly string[]) => TfjsLine[];
  /** Removes what was installed. */
  readonly remove: () => void;
}

function install(folder: string): void {
  const dependencies = Object.fromEntries(packages.map((name) => [`@tensorflow/${name}`, tfjsVersion]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  const quietly = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  const { status, stderr, error } = spawnSync("npm", ["install", "--ignore-scripts", ...quietly], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  const reason = error === undefined ? stderr.trim().split("\n").slice(0, 4).join("\n") : error.message;
  throw new Missing(
    `npm could not install TensorFlow.js ${tfjsVersion} into a temporary folder:\n${reason}\n` +
      "Check the network and the npm configuration (npm config list), then run this again.",
  );
}

function runScript(folder: string, script: string, args: readonly string[]): TfjsLine[] {
  // Beside the packages, so that its imports find them.
  const path = join(folder, script);
  copyFileSync(join(import.meta.dirname, "tfjs", script), path);
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [path, ...args], {
    encoding: "utf8",
    timeout: limit,
  });
  if (status !== 0) {
    const reason = error === undefined ? stderr.trim().slice(-1000) : error.message;
    throw new Missing(`TensorFlow.js could not be measured, ${script} ${args.join(" ")} failed:\n${reason}`);
  }
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as TfjsLine);
}

/**
 * Installs TensorFlow.js into a temporary folder: it is no dependency of Graft, and npm's own cache makes the second time
 * quick.
 *
 * @throws Missing when npm cannot install it
 */
export function installTfjs(): Tfjs {
  const folder = mkdtempSync(join(tmpdir(), "graft-bench-"));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    install(folder);
  } catch (error) {
    remove();
    throw error;
  }
  return { run: (script, args) => runScript(folder, script, args), remove };
}
