import type { DecodedPhoto } from "../photos/decode.js";
import type { BatchClassifier } from "../recipe/batch-classifier.js";
import type { Prediction } from "../recipe/classifier.js";

interface Entry {
  readonly photo: DecodedPhoto;
  readonly resolve: (prediction: Prediction) => void;
  readonly reject: (error: Error) => void;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Lets a classifier look at photos together where several wait: nothing waits where the classifier has nothing to do. Photos are
 * looked at in the order in which they come.
 */
export class BatchRunner {
  private readonly waiting: Entry[] = [];
  private running = 0;

  /** @param onBatch told of each run: how many photos it looks at */
  constructor(
    private readonly classifier: Pick<BatchClassifier, "predict" | "atOnce" | "mostInBatch">,
    private readonly onBatch: (photos: number) => void = () => undefined,
  ) {}

  /**
   * @param signal takes the photo back while it waits
   * @throws the signal's reason, and what the classifier throws
   */
  predict(photo: DecodedPhoto, signal: AbortSignal): Promise<Prediction> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const leave = (): void => {
        const at = this.waiting.indexOf(entry);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        reject(signal.reason as Error);
      };
      const settled = (): void => {
        signal.removeEventListener("abort", leave);
      };
      const entry: Entry = {
        photo,
        resolve: (prediction) => {
          settled();
          resolve(prediction);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.waiting.push(entry);
      this.begin();
    });
  }

  private begin(): void {
    const { atOnce, mostInBatch } = this.classifier;
    while (this.running < atOnce && this.waiting.length > 0) {
      // All that work at once get a share.
      const share = Math.min(mostInBatch, Math.ceil(this.waiting.length / atOnce));
      void this.run(this.waiting.splice(0, share));
    }
  }

  private async run(batch: readonly Entry[]): Promise<void> {
    this.running += 1;
    try {
      this.onBatch(batch.length);
      const predictions = await this.classifier.predict(batch.map(({ photo }) => photo));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const prediction = predictions[index];
        if (prediction === undefined) reject(new TypeError("Each photo has a prediction."));
        else resolve(prediction);
      }
    } catch (error) {
      await this.runAlone(batch, asError(error));
    } finally {
      this.running -= 1;
      this.begin();
    }
  }

  /** What one photo does to the classifier is no matter of the others that were looked at with it. */
  private async runAlone(batch: readonly Entry[], error: Error): Promise<void> {
    if (batch.length === 1) {
      batch[0]?.reject(error);
      return;
    }
    for (const { photo, resolve, reject } of batch) {
      try {
        const [prediction] = await this.classifier.predict([photo]);
        if (prediction === undefined) throw new TypeError("Each photo has a prediction.");
        resolve(prediction);
      } catch (cause) {
        reject(asError(cause));
      }
    }
  }
}
