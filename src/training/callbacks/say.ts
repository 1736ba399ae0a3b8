import { platform, type Surroundings } from "../../models/platform.js";
import type { CallbackContext } from "../../models/training-types.js";
import type { Progress } from "../../report/progress.js";

/** Which bar is on which machine's terminal. */
const shown = new WeakMap<Surroundings, Progress>();

/** The machine that a callback writes and shows things on. */
export function machineOf({ machine = platform() }: Pick<CallbackContext, "machine">): Surroundings {
  return machine;
}

/** Says which bar is on the terminal, so that others can write below it; `undefined` for none. */
export function showBar(bar: Progress | undefined, context: CallbackContext): void {
  const machine = machineOf(context);
  if (bar === undefined) shown.delete(machine);
  else shown.set(machine, bar);
}

/** Tells people something that a callback has done. */
export function say(line: string, context: CallbackContext): void {
  const machine = machineOf(context);
  shown.get(machine)?.clear();
  machine.warn(line);
}
