import { parentPort } from "node:worker_threads";
import { rest, type ThreadReply, type ThreadRequest } from "./threads.js";

/** What a thread gives for a job, and which memory is handed over with it rather than copied. */
export interface Answer<Result> {
  readonly result: Result;
  readonly transfer: readonly ArrayBuffer[];
}

/** How a thread works. */
export interface AnswerOptions {
  /** Jobs under way at a time. */
  readonly atOnce: number;
  /** Plain facts of an error that the pool makes an error of again; `undefined` for one that may arrive as it is. */
  readonly describe: (error: unknown) => object | undefined;
}

/**
 * Makes this thread answer the requests of a `ThreadPool`.
 *
 * @param answer does a job
 */
export function answerRequests<Result>(
  answer: (job: unknown) => Promise<Answer<Result>>,
  { atOnce, describe }: AnswerOptions,
): void {
  const waiting: ThreadRequest<unknown>[] = [];
  let working = 0;
  const reply = ({ id, job }: ThreadRequest<unknown>): Promise<[ThreadReply<Result>, readonly ArrayBuffer[]]> =>
    answer(job).then(
      ({ result, transfer }) => [{ id, result }, transfer],
      (error: unknown) => {
        const described = describe(error);
        return [described === undefined ? { id, error } : { id, described }, []];
      },
    );
  const work = async (): Promise<void> => {
    working += 1;
    for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
      const [message, transfer] = await reply(request);
      parentPort?.postMessage(message, [...transfer]);
    }
    working -= 1;
    if (isToRest && working === 0) parentPort?.postMessage(rest);
  };
  let isToRest = false;
  parentPort?.on("message", (request: ThreadRequest<unknown> | typeof rest) => {
    if (request === rest) {
      isToRest = true;
      waiting.length = 0;
      if (working === 0) parentPort?.postMessage(rest);
      return;
    }
    if (isToRest) return;
    waiting.push(request);
    if (working < atOnce) void work();
  });
}
