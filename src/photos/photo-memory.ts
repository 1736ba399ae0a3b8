import { setTimeout as sleep } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { usableMemory } from "../runtime/node/memory.js";

/** Memory is counted in these. */
const unit = 2 ** 20;

/**
 * The most memory that a photo may take while pixels are made of it, 2 GiB. It is the same on every machine: which photos are
 * learned from must not depend on it.
 */
export const mostMemory = 2 ** 31;

/** Who waits for memory asks again after so many milliseconds. */
const patience = 5;

const [used, issued, served, generation] = [0, 1, 2, 3];

/**
 * Memory that photos take while pixels are made of them, shared by all threads of the process: a large photo waits until others
 * are done. They are served in the order in which they come, so that small ones do not keep a large one waiting. One that is
 * larger than what there is in all is made alone.
 */
export class PhotoMemory {
  private readonly state: Int32Array;
  private readonly most: number;

  /**
   * @param shared what is known of the memory, where another thread has made it
   * @param bytes that may be taken at a time
   */
  constructor(
    readonly shared: SharedArrayBuffer = new SharedArrayBuffer(16),
    bytes = Math.min(mostMemory, usableMemory() / 4),
  ) {
    this.state = new Int32Array(shared);
    this.most = Math.max(1, Math.floor(bytes / unit));
  }

  /**
   * Takes memory, when there is as much.
   *
   * @param bytes more than 0
   * @returns gives it back
   */
  async take(bytes: number): Promise<() => void> {
    const units = Math.ceil(bytes / unit);
    const ticket = Atomics.add(this.state, issued, 1);
    // Numbers may begin again at the smallest.
    while (((Atomics.load(this.state, served) - ticket) | 0) < 0 || !this.hasRoom(units)) await sleep(patience);
    const taken = Atomics.load(this.state, generation);
    Atomics.add(this.state, used, units);
    Atomics.compareExchange(this.state, served, ticket, (ticket + 1) | 0);
    let isTaken = true;
    return () => {
      if (isTaken && Atomics.load(this.state, generation) === taken) Atomics.sub(this.state, used, units);
      isTaken = false;
    };
  }

  /**
   * Takes back all that was given, and serves all who wait: threads that are gone give nothing back, and would be waited for for ever.
   * It is called when they no longer run.
   */
  reset(): void {
    Atomics.add(this.state, generation, 1);
    Atomics.store(this.state, used, 0);
    Atomics.store(this.state, served, Atomics.load(this.state, issued));
  }

  private hasRoom(units: number): boolean {
    const taken = Atomics.load(this.state, used);
    return taken === 0 || taken + units <= this.most;
  }
}

/** What the thread that started this one has given it. */
function given(): SharedArrayBuffer | undefined {
  const data: unknown = workerData;
  if (typeof data !== "object" || data === null || !("photoMemory" in data)) return undefined;
  return data.photoMemory instanceof SharedArrayBuffer ? data.photoMemory : undefined;
}

/** The memory of this process. */
export const photoMemory = new PhotoMemory(given());
