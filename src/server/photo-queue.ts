import type { BatchClassifier } from "../recipe/batch-classifier.js";
import type { Prediction } from "../recipe/classifier.js";
import type { BatchRunner } from "./batch-runner.js";
import { Refusal } from "./refusal.js";

/** What looks at photos. */
export interface Looking {
  readonly classifier: Pick<BatchClassifier, "prepare" | "mostInBatch">;
  readonly runner: BatchRunner;
}

/** How a queue is set up. */
export interface PhotoQueueOptions {
  /** Photos that were accepted and are not answered yet, at most. */
  readonly most: number;
  /** Photos that are decoded at once; more wait here, where they can be taken back. */
  readonly atOnce: number;
  /** Milliseconds since some time. */
  readonly now: () => number;
}

/** The seconds after which a full queue is worth another try, at most. */
const mostSeconds = 60;

/** How much a photo's time counts in the mean of all. */
const weight = 0.05;

/**
 * Photos of all requests on their way to an answer, in the order in which they were accepted. What a photo gives goes to whoever waits for
 * it, by no number or name that two could have.
 */
export class PhotoQueue {
  private accepted = 0;
  private decoding = 0;
  private readonly waiting: (() => void)[] = [];
  /** Mean time between two photos that were answered while others waited, in ms. */
  private pace = 0;
  private lastAnswer = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PhotoQueueOptions) {}

  /** Photos that were accepted and are not answered yet. */
  get length(): number {
    return this.accepted;
  }

  /** Whether not one photo more is taken. */
  get isFull(): boolean {
    return this.accepted >= this.options.most;
  }

  /** What is said where there is no room. */
  refusal(photos = 1): Refusal {
    const { most } = this.options;
    return new Refusal(429, "queue-full", "Too many photos wait already.", {
      expected: `at most ${most} at a time`,
      received: `${photos === 1 ? "one" : photos} more than ${this.accepted}`,
      advice: "Try again later.",
      retryAfter: Math.min(mostSeconds, Math.max(1, (this.accepted * this.pace) / 1000)),
    });
  }

  /**
   * Looks at the photos of a request: all of them are accepted, or none.
   *
   * @param signal takes back those that wait
   * @returns for each photo its prediction, or why there is none
   * @throws Refusal when there is no room
   */
  look(photos: readonly Uint8Array[], by: Looking, signal: AbortSignal): Promise<PromiseSettledResult<Prediction>[]> {
    if (this.accepted + photos.length > this.options.most) throw this.refusal(photos.length);
    this.accepted += photos.length;
    return Promise.allSettled(photos.map((photo) => this.lookAtOne(photo, by, signal)));
  }

  private async lookAtOne(
    photo: Uint8Array,
    { classifier, runner }: Looking,
    signal: AbortSignal,
  ): Promise<Prediction> {
    let isDecoding = false;
    const decoded = (): void => {
      if (isDecoding) this.giveTurn();
      isDecoding = false;
    };
    try {
      await this.turn(signal);
      isDecoding = true;
      const prepared = await classifier.prepare(photo);
      // Whole photos are large: no more of them lie there than are decoded at once.
      if (classifier.mostInBatch > 1) decoded();
      return await runner.predict(prepared, signal);
    } finally {
      decoded();
      this.accepted -= 1;
      this.keepPace();
    }
  }

  /** Waits until a photo may be decoded. */
  private turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.decoding < this.options.atOnce) {
      this.decoding += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(signal.reason as Error);
      };
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.waiting.push(begin);
    });
  }

  /** Lets the next one decode. */
  private giveTurn(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.decoding -= 1;
    else next();
  }

  private keepPace(): void {
    const now = this.options.now();
    const since = now - this.lastAnswer;
    this.lastAnswer = now;
    if (this.accepted === 0 || !Number.isFinite(since)) return;
    this.pace = this.pace === 0 ? since : (1 - weight) * this.pace + weight * since;
  }
}
