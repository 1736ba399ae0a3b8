import type { Trial } from "./search-types.js";

/** A trial as events and files write it. */
export interface TrialRow {
  readonly trial: number;
  readonly learning_rate: number;
  readonly unfreeze: string;
  readonly epochs: number;
  readonly batch_size: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly seconds: number;
  readonly better: boolean;
}

/** A trial as events and files write it. */
export function trialRow({ trial, settings, loss, accuracy, seconds, better }: Trial): TrialRow {
  const { learningRate, unfreeze, epochs, batchSize } = settings;
  const row = { trial, learning_rate: learningRate, unfreeze, epochs, batch_size: batchSize };
  return { ...row, loss, accuracy, seconds, better };
}
