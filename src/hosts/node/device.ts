import { installPlatform, platform } from "../../models/platform.js";
import { createNodeRuntime, type DeviceName } from "../../runtime/node/runtime.js";
import { chooseDevice, type Device } from "../../runtime/node/devices.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { createNodeMachine } from "./platform.js";

/**
 * Chooses where models run from now on. Until it is called that is the processor, whose results are the reference: other
 * devices add in another order and may round differently, so the same seed gives nearly the same run there, not the same.
 *
 * @param device `"cpu"`, `"cuda"`, `"webgpu"`, `"coreml"` or `"dml"`, as far as the installed engine has them, or `"auto"`:
 * the best that works on this computer
 * @returns the device
 * @throws UsageError when it is not available; the error lists those that are
 *
 * @example
 * ```ts
 * import { availableDevices, setDevice } from "graft-ml";
 *
 * console.log((await availableDevices()).join()); // such as cuda,cpu
 * console.log(await setDevice("cpu")); // → cpu
 * ```
 */
export async function setDevice(device: Device): Promise<DeviceName> {
  const chosen = await chooseDevice(device);
  const runtime = createNodeRuntime({ device: chosen });
  installPlatform({ ...platform(), runtime, loops: createTrainingLoops({ runtime, machine: createNodeMachine() }) });
  return chosen;
}
