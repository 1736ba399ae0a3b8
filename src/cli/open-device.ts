import { Option } from "commander";
import type { Runtime } from "../runtime/runtime.js";
import type { Engine } from "../jobs/engine.js";
import { someText } from "./options.js";
import type { Reporter } from "./reporter.js";

/** The option `--device`. The processor's results are the reference, so it is taken unless another is asked for. */
export function deviceOption(): Option {
  return new Option(
    "--device <name>",
    "where the network runs: cpu, cuda, dml, webgpu, coreml, or auto for the best that works",
  )
    .argParser(someText("--device", "a device's name"))
    .default("cpu");
}

/**
 * Opens the device that `--device` names, and says which one `auto` has become.
 *
 * @throws UsageError when it is not available
 */
export async function openDevice(name: string, engine: Engine, reporter: Reporter): Promise<Runtime> {
  const runtime = await engine.createRuntime(name);
  if (name === "auto") reporter.say(`Device: ${runtime.device}.`);
  return runtime;
}
