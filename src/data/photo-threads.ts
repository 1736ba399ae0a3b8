import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { PhotoError } from "./decode.js";

/** What goes to a thread. */
export interface PhotoRequest<Job> {
  readonly id: number;
  readonly job: Job;
}

/** What comes back. Errors of other kinds than PhotoError arrive as they are. */
export type PhotoReply<Result> = { readonly id: number } & (
  | { readonly result: Result }
  | { readonly unusable: { readonly path: string; readonly reason: string } }
  | { readonly error: unknown }
);

interface Pending<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Starts a thread.
 *
 * @param entry the module that it runs, without its extension
 * @param data what the module finds as `workerData`
 */
function startThread(entry: URL, data: unknown): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(`${entry.href}.js`), { workerData: data });
  // Sources, as tests and examples run them, must be translated on that thread too.
  const translator = new URL(
    "dist/esm/api/index.mjs",
    pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json")),
  );
  const source = JSON.stringify(`${entry.href}.ts`);
  const code = `import("${translator.href}").then(({ register }) => { register(); return import(${source}); });`;
  return new Worker(code, { eval: true, workerData: data });
}

/** A thread that works on photos, and what was asked of it. */
class PhotoThread<Job, Result> {
  private readonly pending = new Map<number, Pending<Result>>();
  private readonly worker: Worker;

  constructor(entry: URL, data: unknown, onEnd: (thread: PhotoThread<Job, Result>) => void) {
    this.worker = startThread(entry, data);
    this.worker.unref();
    this.worker.on("message", (reply: PhotoReply<Result>) => {
      this.settle(reply);
    });
    const end = (error: Error): void => {
      onEnd(this);
      for (const { reject } of this.pending.values()) reject(error);
      this.pending.clear();
    };
    this.worker.on("error", end);
    this.worker.on("exit", (code) => {
      end(new Error(`A thread that works on photos ended with code ${code}.`));
    });
  }

  /** Photos asked of it that it has not given. */
  get load(): number {
    return this.pending.size;
  }

  ask(request: PhotoRequest<Job>, pending: Pending<Result>): void {
    this.pending.set(request.id, pending);
    // Only a thread that is waited for keeps the process alive.
    this.worker.ref();
    this.worker.postMessage(request);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(reply: PhotoReply<Result>): void {
    const pending = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if ("result" in reply) pending?.resolve(reply.result);
    else if ("unusable" in reply) pending?.reject(new PhotoError(reply.unusable.path, reply.unusable.reason));
    else pending?.reject(reply.error);
  }
}

/** Threads that work on photos, each on some at a time; they are started when they are needed. */
export class PhotoThreads<Job, Result> {
  private readonly threads: PhotoThread<Job, Result>[] = [];
  private asked = 0;

  /**
   * @param entry the module that each thread runs, without its extension; it calls `answerRequests`
   * @param size the most threads
   * @param data what the module finds as `workerData`
   */
  constructor(
    private readonly entry: URL,
    private readonly size: number,
    private readonly data?: unknown,
  ) {}

  /**
   * Does work on a photo; it is begun at once, so that it goes on while this thread is busy.
   *
   * @throws PhotoError when the file cannot be used
   */
  run(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.leastLoaded().ask({ id: this.asked++, job }, { resolve, reject });
    });
  }

  /** Ends all threads; work that is under way is rejected. */
  async end(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }

  private leastLoaded(): PhotoThread<Job, Result> {
    const [first, ...others] = this.threads;
    const least = others.reduce((best, thread) => (best && thread.load < best.load ? thread : best), first);
    if (least !== undefined && (least.load === 0 || this.threads.length >= this.size)) return least;
    const thread = new PhotoThread<Job, Result>(this.entry, this.data, (ended) => {
      const index = this.threads.indexOf(ended);
      if (index >= 0) this.threads.splice(index, 1);
    });
    this.threads.push(thread);
    return thread;
  }
}
