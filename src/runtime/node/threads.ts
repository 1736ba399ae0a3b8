import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { isEnding, restsBeforeEnd } from "./at-rest.js";

/** What goes to a thread. */
export interface ThreadRequest<Job> {
  readonly id: number;
  readonly job: Job;
}

/** What goes to a thread that is to begin nothing more; it says the same when what it has begun is done. */
export const rest = "rest";

/** What comes back. An error that the thread has described is made again here; others arrive as they are. */
export type ThreadReply<Result> = { readonly id: number } & (
  { readonly result: Result } | { readonly described: unknown } | { readonly error: unknown }
);

interface Pending<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** How threads are set up. */
export interface ThreadPoolOptions {
  /** The most threads. */
  readonly size: number;
  /** What the module finds as `workerData`. */
  readonly data?: unknown;
  /** Makes an error of what the module's `describe` gave: on its way between threads an error loses its class. */
  readonly revive?: (described: unknown) => Error;
  /** Whether a thread ends when a job has failed, for what the job may have spoilt. Default `false`. */
  readonly endsAfterErrors?: boolean;
  /** Whether its threads use the engine, and so must be at rest before the process is ended. Default `false`. */
  readonly usesEngine?: boolean;
  /** Called when a thread has ended by itself: the others are ended too, and no longer run. Default: they go on. */
  readonly onLost?: () => void;
}

/** How long a job may take. */
export interface TimeLimit {
  readonly milliseconds: number;
  /** What is wrong when it takes longer; the thread is ended then, whatever it does. */
  readonly error: () => Error;
}

/** Starts a thread that runs a module, which is named without its extension. */
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

/** A thread, and what was asked of it. */
class PoolThread<Job, Result> {
  private readonly pending = new Map<number, Pending<Result>>();
  private readonly worker: Worker;
  /** Whether it is ended from here. */
  private isEnded = false;
  /** Who waits until nothing is under way. */
  private readonly waiting: (() => void)[] = [];
  /** Who waits until it rests. */
  private readonly untilRest: (() => void)[] = [];
  private readonly isOver: () => void;

  constructor(
    entry: URL,
    private readonly options: ThreadPoolOptions,
    private readonly onEnd: (thread: PoolThread<Job, Result>, error: Error, isLost: boolean) => void,
  ) {
    this.worker = startThread(entry, options.data);
    this.worker.unref();
    this.isOver = options.usesEngine === true ? restsBeforeEnd(() => this.rest()) : () => undefined;
    this.worker.on("message", (reply: ThreadReply<Result> | typeof rest) => {
      if (reply === rest) this.isAtRest();
      else this.settle(reply);
    });
    this.worker.on("error", (error: Error) => {
      this.fail(error);
    });
    this.worker.on("exit", (code) => {
      this.fail(new Error(`A thread ended with code ${code}.`));
    });
  }

  /** Jobs asked of it whose results it has not given. */
  get load(): number {
    return this.pending.size;
  }

  ask(request: ThreadRequest<Job>, transfer: readonly ArrayBuffer[], pending: Pending<Result>): void {
    // It throws where the request cannot be sent.
    this.worker.postMessage(request, transfer);
    this.pending.set(request.id, pending);
    // Only a thread that is waited for keeps the process alive.
    this.worker.ref();
  }

  /** Lets it begin nothing more; settles when what it has begun is done. */
  private async rest(): Promise<void> {
    // Where nothing was asked, nothing is begun.
    if (this.isEnded || this.pending.size === 0) return;
    await new Promise<void>((resolve) => {
      this.untilRest.push(resolve);
      this.worker.postMessage(rest);
    });
  }

  /** Ends the thread when it has done what it was asked: in the middle of a run the engine would end the whole process. */
  async end(): Promise<void> {
    if (this.pending.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.isEnded = true;
    await this.worker.terminate();
  }

  /** Ends the thread at once; what it was asked fails. It settles when the thread no longer runs. */
  async stop(error: Error): Promise<void> {
    this.isEnded = true;
    this.fail(error);
    await this.worker.terminate();
  }

  /** Gives up what the thread was asked, and the thread. */
  private fail(error: Error): void {
    const isLost = !this.isEnded;
    this.isEnded = true;
    this.onEnd(this, error, isLost);
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    this.becomeIdle();
    this.isAtRest();
    this.isOver();
  }

  private becomeIdle(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private isAtRest(): void {
    for (const resolve of this.untilRest.splice(0)) resolve();
  }

  private settle(reply: ThreadReply<Result>): void {
    const pending = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) {
      this.worker.unref();
      this.becomeIdle();
    }
    if ("result" in reply) pending?.resolve(reply.result);
    else if ("described" in reply) pending?.reject(this.options.revive?.(reply.described) ?? reply.described);
    else pending?.reject(reply.error);
    if (this.options.endsAfterErrors === true && !("result" in reply)) {
      void this.stop(new Error("The thread ended, because another of its jobs failed."));
    }
  }
}

/** Threads that do jobs, each some at a time; they are started when they are needed. */
export class ThreadPool<Job, Result> {
  private readonly threads: PoolThread<Job, Result>[] = [];
  private asked = 0;

  /** @param entry the module that each thread runs, without its extension; it calls `answerRequests` */
  constructor(
    private readonly entry: URL,
    private readonly options: ThreadPoolOptions,
  ) {}

  /**
   * Does a job; it is begun at once, so that it goes on while this thread is busy.
   *
   * @param transfer memory in the job that is handed over rather than copied
   * @param limit how long it may take; default: as long as it wants
   * @throws what the thread's work throws, and the limit's error
   */
  async run(job: Job, transfer: readonly ArrayBuffer[] = [], limit?: TimeLimit): Promise<Result> {
    // Nobody waits any more; a thread that used the engine would abort the process.
    if (this.options.usesEngine === true && isEnding()) return new Promise(() => undefined);
    const thread = this.leastLoaded();
    let isOver = false;
    const stop = (): void => {
      if (limit !== undefined && !isOver) void thread.stop(limit.error());
    };
    // After a long turn of this thread the result may be there already: it is taken before the next turn's beginning.
    const timer = limit && setTimeout(() => setImmediate(stop), limit.milliseconds);
    try {
      return await new Promise((resolve, reject) => {
        thread.ask({ id: this.asked++, job }, transfer, { resolve, reject });
      });
    } finally {
      isOver = true;
      clearTimeout(timer);
    }
  }

  /** Ends all threads, when they have done what they were asked. */
  async end(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.end()));
  }

  private leastLoaded(): PoolThread<Job, Result> {
    const [first, ...others] = this.threads;
    const least = others.reduce((best, thread) => (best && thread.load < best.load ? thread : best), first);
    if (least !== undefined && (least.load === 0 || this.threads.length >= this.options.size)) return least;
    const thread = new PoolThread<Job, Result>(this.entry, this.options, (ended, error, isLost) => {
      const index = this.threads.indexOf(ended);
      if (index >= 0) this.threads.splice(index, 1);
      if (isLost) void this.stopOthers(error);
    });
    this.threads.push(thread);
    return thread;
  }

  /** After a thread has ended by itself: what threads share may be left as it was in the middle of its work. */
  private async stopOthers(error: Error): Promise<void> {
    const { onLost } = this.options;
    if (onLost === undefined) return;
    await Promise.all(this.threads.splice(0).map((thread) => thread.stop(error)));
    onLost();
  }
}
