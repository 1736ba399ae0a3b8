import { parentPort } from "node:worker_threads";
import { PhotoError } from "./decode.js";
import { type DecodeReply, type DecodeRequest, perform } from "./decode-jobs.js";

/** Photos under way at a time: one is decoded on a thread of the system while another is resized here. */
const atOnce = 2;

const waiting: DecodeRequest[] = [];
let working = 0;

/** An array of its own memory, which can be handed over; what the decoder gives cannot. */
function owned<Result extends Uint8Array | Float32Array>(result: Result): Result {
  return result.slice() as Result;
}

async function replyTo({ id, job }: DecodeRequest): Promise<DecodeReply> {
  try {
    const result = await perform(job);
    return { id, result: "data" in result ? { ...result, data: owned(result.data) } : owned(result) };
  } catch (error) {
    if (error instanceof PhotoError) return { id, unusable: { path: error.path, reason: error.reason } };
    return { id, error };
  }
}

async function work(): Promise<void> {
  working += 1;
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
    const reply = await replyTo(request);
    const transfer = "result" in reply ? [("data" in reply.result ? reply.result.data : reply.result).buffer] : [];
    parentPort?.postMessage(reply, transfer as ArrayBuffer[]);
  }
  working -= 1;
}

parentPort?.on("message", (request: DecodeRequest) => {
  waiting.push(request);
  if (working < atOnce) void work();
});
