import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { processors } from "../runtime/node-processors.js";
import { PhotoError } from "./decode.js";
import type { DecodeJob, DecodeReply, DecodeRequest, DecodeResults } from "./decode-jobs.js";

/** More threads than this do not decode faster: reading their results is the work of one. */
const mostWorkers = 16;

interface Pending {
  readonly resolve: (result: DecodeResults[DecodeJob["kind"]]) => void;
  readonly reject: (error: unknown) => void;
}

function startWorker(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./decode-worker.js", import.meta.url));
  // Sources, as tests and examples run them, must be translated on that thread too.
  const translator = new URL(
    "dist/esm/api/index.mjs",
    pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json")),
  );
  const entry = JSON.stringify(new URL("./decode-worker.ts", import.meta.url).href);
  const code = `import("${translator.href}").then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(code, { eval: true });
}

/** A thread that decodes, and what was asked of it. */
class DecodeThread {
  private readonly pending = new Map<number, Pending>();
  private readonly worker = startWorker();

  constructor(private readonly onEnd: (thread: DecodeThread) => void) {
    this.worker.unref();
    this.worker.on("message", (reply: DecodeReply) => {
      this.settle(reply);
    });
    this.worker.on("error", (error) => {
      this.end(error);
    });
    this.worker.on("exit", (code) => {
      this.end(new Error(`A thread that decodes photos ended with code ${code}.`));
    });
  }

  /** Photos asked of it that it has not given. */
  get load(): number {
    return this.pending.size;
  }

  ask(request: DecodeRequest, pending: Pending): void {
    this.pending.set(request.id, pending);
    // Only a thread that is waited for keeps the process alive.
    this.worker.ref();
    this.worker.postMessage(request);
  }

  private settle(reply: DecodeReply): void {
    const pending = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if ("result" in reply) pending?.resolve(reply.result);
    else if ("unusable" in reply) pending?.reject(new PhotoError(reply.unusable.path, reply.unusable.reason));
    else pending?.reject(reply.error);
  }

  private end(error: Error): void {
    this.onEnd(this);
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/**
 * Threads that decode and resize photos. The engine computes on the calling thread, which therefore cannot go on with a photo
 * while a step is under way: reading a file, decoding it and resizing it are several turns of it. Each thread has turns of its
 * own. What they give is what the same functions give when they are called directly.
 */
export class DecodePool {
  private readonly threads: DecodeThread[] = [];
  private asked = 0;

  /** @param size the most threads */
  constructor(private readonly size: number) {}

  /**
   * Does work on a photo; it is begun at once, so that it goes on while this thread is busy.
   *
   * @throws PhotoError when the file cannot be used
   */
  run<Job extends DecodeJob>(job: Job): Promise<DecodeResults[Job["kind"]]> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { resolve: resolve as Pending["resolve"], reject };
      this.leastLoaded().ask({ id: this.asked++, job }, pending);
    });
  }

  private leastLoaded(): DecodeThread {
    const [first, ...others] = this.threads;
    const least = others.reduce((best, thread) => (best && thread.load < best.load ? thread : best), first);
    if (least !== undefined && (least.load === 0 || this.threads.length >= this.size)) return least;
    const thread = new DecodeThread((ended) => {
      const index = this.threads.indexOf(ended);
      if (index >= 0) this.threads.splice(index, 1);
    });
    this.threads.push(thread);
    return thread;
  }
}

/** The threads of this process: one for each hardware thread that it may use. */
export const decodePool = new DecodePool(Math.min(mostWorkers, processors().threads));
