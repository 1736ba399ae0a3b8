import { GraftError } from "../errors/errors.js";
import type { ServedPath } from "../jobs/serve.js";
import { fileState } from "../photos/photo-file.js";
import type { BatchClassifier } from "../recipe/batch-classifier.js";
import { classifierFile } from "../recipe/open-classifier.js";
import { BatchRunner } from "./batch-runner.js";
import { Refusal } from "./refusal.js";

/** What a model needs from its server. */
export interface ServedModelOptions {
  /** Opens a file and tries it. */
  readonly open: (path: string) => Promise<BatchClassifier>;
  /** Told of each run. */
  readonly onBatch: (model: string, photos: number) => void;
  /** Told when another file answers from now on. */
  readonly onReload: (model: string, classifier: BatchClassifier) => void;
  /** Told when a file has changed and cannot be used: the one before still answers. */
  readonly onBroken: (model: string, message: string) => void;
  /** Between two looks at the file, in ms. */
  readonly lookEvery: number;
}

/** A classifier as it was opened, as long as somebody uses it. */
export class Generation {
  readonly runner: BatchRunner;
  /** When it was opened. */
  readonly opened = new Date();
  private users = 0;
  private isOver = false;
  private released: Promise<void> | undefined;

  constructor(
    readonly model: string,
    readonly classifier: BatchClassifier,
    onBatch: (photos: number) => void,
  ) {
    this.runner = new BatchRunner(classifier, onBatch);
  }

  /** It stays until {@link giveBack}. */
  take(): this {
    this.users += 1;
    return this;
  }

  async giveBack(): Promise<void> {
    this.users -= 1;
    await this.releaseUnused();
  }

  /** Frees it, when those who use it are done. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.releaseUnused();
  }

  private async releaseUnused(): Promise<void> {
    if (!this.isOver || this.users > 0) return;
    this.released ??= this.classifier.release();
    await this.released;
  }
}

/** A model that is served: the newest file of it that is whole. A request has one generation from its beginning to its end. */
export class ServedModel {
  private current: Generation | undefined;
  /** State of the file that was opened last, or found broken. */
  private known: string | undefined;
  /** State of the file at the last look. */
  private seen: string | undefined;
  private isGone = false;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    readonly place: ServedPath,
    private readonly options: ServedModelOptions,
  ) {}

  get name(): string {
    return this.place.name;
  }

  /** What answers now; `undefined` before the first file is open. */
  get generation(): Generation | undefined {
    return this.current;
  }

  /**
   * The generation that a request is answered by; it gives it back.
   *
   * @throws Refusal as long as there is none
   */
  take(): Generation {
    if (this.current === undefined) throw notReady();
    return this.current.take();
  }

  /**
   * Opens the file, and looks from now on whether it changes.
   *
   * @throws what opening throws
   */
  async start(): Promise<void> {
    const state = await this.stateOfFile();
    this.current = this.generationOf(await this.options.open(this.place.path));
    this.known = state;
    this.lookLater();
  }

  /** Looks no more, and frees the classifier when the last request is answered. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.current?.end();
  }

  private generationOf(classifier: BatchClassifier): Generation {
    const { name } = this;
    return new Generation(name, classifier, (photos) => {
      this.options.onBatch(name, photos);
    });
  }

  /** @returns `undefined` where there is no file */
  private async stateOfFile(): Promise<string | undefined> {
    try {
      return fileState(await classifierFile(this.place.path));
    } catch (error) {
      if (error instanceof GraftError) return undefined;
      throw error;
    }
  }

  private lookLater(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().then(
        () => {
          this.lookLater();
        },
        (error: unknown) => {
          this.broken(error);
          this.lookLater();
        },
      );
    }, this.options.lookEvery);
    this.timer.unref();
  }

  private broken(error: unknown): void {
    this.options.onBroken(this.name, error instanceof Error ? error.message : String(error));
  }

  private async look(): Promise<void> {
    const state = await this.stateOfFile();
    const isSettled = state === this.seen;
    this.seen = state;
    if (state === undefined) {
      // It may be on its way: whoever writes it anew removes it first.
      if (isSettled && !this.isGone) this.broken(new Error(`${this.place.path} is gone.`));
      this.isGone ||= isSettled;
      return;
    }
    this.isGone = false;
    // What is still being written is another file at the next look.
    if (state === this.known || !isSettled) return;
    this.known = state;
    const classifier = await this.options.open(this.place.path);
    const before = this.current;
    if (classifier.sha256 === before?.classifier.sha256) {
      await classifier.release();
      return;
    }
    this.current = this.generationOf(classifier);
    this.options.onReload(this.name, classifier);
    await before?.end();
  }
}

/** What is said before all models are open. */
export function notReady(): Refusal {
  return new Refusal(503, "starting", "The server is starting: its models are being opened.", {
    advice: "Try again in a moment.",
    retryAfter: 1,
  });
}
