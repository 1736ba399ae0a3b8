import { UsageError } from "../errors/errors.js";
import type { Runtime } from "./runtime.js";

let installed: Runtime | undefined;

/** Sets the runtime that layers and functions compute on when they are called on arrays. */
export function installRuntime(runtime: Runtime): void {
  installed = runtime;
}

/**
 * The runtime of the process.
 *
 * @throws UsageError when the public entry has not been imported
 */
export function installedRuntime(): Runtime {
  if (installed !== undefined) return installed;
  throw new UsageError("There is no engine yet.", {
    subject: "graft-ml",
    expected: "an import of the package's entry",
    received: "an import of an inner file alone",
    advice: 'Import from "graft-ml".',
  });
}
