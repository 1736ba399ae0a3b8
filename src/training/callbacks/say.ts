import { platform } from "../../models/platform.js";
import type { Surroundings } from "../../models/surroundings.js";
import type { CallbackContext } from "../../models/training-types.js";

/** The machine that a callback writes and shows things on. */
export function machineOf({ machine = platform() }: Pick<CallbackContext, "machine">): Surroundings {
  return machine;
}

/** Tells people something that a callback has done. */
export function say(line: string, context: CallbackContext): void {
  machineOf(context).warn(line);
}
