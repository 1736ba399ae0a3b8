import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Python that can import Keras: $GRAFT_KERAS_PYTHON, or `python3`; `undefined`, and a line that says so, without one. */
export async function kerasPython(): Promise<string | undefined> {
  for (const python of [process.env["GRAFT_KERAS_PYTHON"], "python3"]) {
    if (python === undefined || python === "") continue;
    const works = await run(python, [
      "-c",
      "import importlib.util as u, sys; sys.exit(not (u.find_spec('keras') and u.find_spec('tensorflow')))",
    ]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  console.error("Skipped: no Python with Keras. Set GRAFT_KERAS_PYTHON to one to load what Graft saves in Keras.");
  return undefined;
}

/** A Python that has the hub's own library: $GRAFT_HUB_PYTHON, or `python3`; `undefined`, and a line that says so, without one. */
export async function hubPython(): Promise<string | undefined> {
  for (const python of [process.env["GRAFT_HUB_PYTHON"], "python3"]) {
    if (python === undefined || python === "") continue;
    const works = await run(python, ["-c", "import huggingface_hub"]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  console.error("Skipped: no Python with huggingface_hub. Set GRAFT_HUB_PYTHON to one to share a cache with it.");
  return undefined;
}

/** Runs a script that prints `RESULT` and JSON, and gives what the JSON says. */
export async function runPython(
  python: string | undefined,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<unknown> {
  const { stdout } = await run(python ?? "", ["-c", script, ...args], { maxBuffer: 1e8, env });
  return JSON.parse(stdout.slice(stdout.indexOf("RESULT") + 6));
}
