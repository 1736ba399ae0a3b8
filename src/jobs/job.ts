import type { Runtime } from "../runtime/runtime.js";
import type { JobEvent } from "./events.js";
import type { JobParts } from "./parts.js";

/** What a job is given beside its request. */
export interface JobContext {
  /** Hears what happens, in its order. */
  readonly emit: (event: JobEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** All of Graft that jobs use. */
  readonly parts: JobParts;
}

/** A job that can be stopped. */
export interface StoppableContext extends JobContext {
  /** Ends the job after its current step; what was reached is kept. */
  readonly signal: AbortSignal;
}

/**
 * Opens the device that a request names, and says which one `auto` has become.
 *
 * @throws UsageError when it is not available
 */
export async function openDevice(name: string, { emit, parts }: JobContext): Promise<Runtime> {
  const runtime = await parts.createRuntime(name);
  if (name === "auto") emit({ event: "device", device: runtime.device });
  return runtime;
}
