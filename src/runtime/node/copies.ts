import { EngineError } from "../../errors/errors.js";
import {
  type CopyData,
  type CopyJob,
  type CopyResult,
  type PlainTensors,
  plainTensors,
  tensorsOf,
} from "./copy-messages.js";
import { usableMemory } from "./memory.js";
import { ThreadPool } from "./threads.js";
import { isUsedOnce, type NamedTensors, type Session, type Tensor } from "../runtime.js";

/** More copies are not needed to keep all cores busy: each has some of them. */
const mostCopies = 16;

/** Copies may take this share of the memory. */
const memoryShare = 1 / 8;

/**
 * How many copies of a graph run at once, and with how many cores each. One run does not keep several cores busy all the time:
 * each operator ends when the last core has done its part, the more so where these cores decode photos too. A copy for each core
 * has none of this waiting.
 *
 * @param bytes memory that a copy takes
 * @param cores for all copies together
 * @param memory that the process may use, in bytes
 */
export function divideCores(
  bytes: number,
  cores: number,
  memory = usableMemory(),
): { readonly copies: number; readonly cores: number } {
  const copies = Math.max(1, Math.min(cores, mostCopies, Math.floor((memory * memoryShare) / bytes)));
  return { copies, cores: Math.floor(cores / copies) };
}

/** A session of several copies of a graph on threads of their own: as many runs may be under way at once. */
export class CopiesSession implements Session {
  private constructor(
    private readonly threads: ThreadPool<CopyJob, CopyResult>,
    readonly atOnce: number,
    readonly inputNames: readonly string[],
    readonly outputNames: readonly string[],
  ) {}

  /**
   * @param model bytes of an ONNX model
   * @throws EngineError when the engine refuses the graph
   */
  static async create(
    model: Uint8Array,
    { copies, cores }: { readonly copies: number; readonly cores: number },
  ): Promise<CopiesSession> {
    const shared = new SharedArrayBuffer(model.byteLength);
    new Uint8Array(shared).set(model);
    const data: CopyData = { model: shared, cores };
    const threads = new ThreadPool<CopyJob, CopyResult>(new URL("./copies-worker", import.meta.url), {
      size: copies,
      usesEngine: true,
      data,
      revive: (described) => new EngineError((described as EngineError).message, { subject: "onnxruntime" }),
    });
    try {
      const names = (await threads.run("names")) as Exclude<CopyResult, PlainTensors>;
      return new CopiesSession(threads, copies, names.inputs, names.outputs);
    } catch (error) {
      await threads.end();
      throw error;
    }
  }

  async run(feeds: NamedTensors): Promise<Record<string, Tensor>> {
    const transfer = Object.values(feeds).flatMap((tensor) => {
      const { buffer, byteLength } = tensor.data as Uint8Array;
      const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
      return isUsedOnce(tensor) && whole ? [buffer] : [];
    });
    return tensorsOf((await this.threads.run(plainTensors(feeds), transfer)) as PlainTensors);
  }

  async release(): Promise<void> {
    await this.threads.end();
  }
}
