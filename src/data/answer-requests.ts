import { parentPort } from "node:worker_threads";
import { PhotoError } from "./decode.js";
import type { PhotoReply, PhotoRequest } from "./photo-threads.js";

/** What a thread gives for a photo, and which memory is handed over with it rather than copied. */
export interface Answer<Result> {
  readonly result: Result;
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * Makes this thread answer the requests of `PhotoThreads`.
 *
 * @param answer does the work on one photo
 * @param atOnce photos under way at a time
 */
export function answerRequests<Result>(answer: (job: unknown) => Promise<Answer<Result>>, atOnce: number): void {
  const waiting: PhotoRequest<unknown>[] = [];
  let working = 0;
  const reply = ({ id, job }: PhotoRequest<unknown>): Promise<[PhotoReply<Result>, readonly ArrayBuffer[]]> =>
    answer(job).then(
      ({ result, transfer }) => [{ id, result }, transfer],
      (error: unknown) => [
        error instanceof PhotoError ? { id, unusable: { path: error.path, reason: error.reason } } : { id, error },
        [],
      ],
    );
  const work = async (): Promise<void> => {
    working += 1;
    for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
      const [message, transfer] = await reply(request);
      parentPort?.postMessage(message, [...transfer]);
    }
    working -= 1;
  };
  parentPort?.on("message", (request: PhotoRequest<unknown>) => {
    waiting.push(request);
    if (working < atOnce) void work();
  });
}
