import { answerRequests } from "../runtime/node-thread-answers.js";
import { PhotoError } from "./decode.js";
import { type DecodeJob, perform } from "./decode-jobs.js";

/** An array of its own memory, which can be handed over; what the decoder gives cannot. */
function owned<Values extends Uint8Array | Float32Array>(values: Values): Values & { readonly buffer: ArrayBuffer } {
  return values.slice() as Values & { readonly buffer: ArrayBuffer };
}

answerRequests(
  async (job) => {
    const result = await perform(job as DecodeJob);
    const data = owned("data" in result ? result.data : result);
    return { result: "data" in result ? { ...result, data } : data, transfer: [data.buffer] };
  },
  {
    // One is decoded on a thread of the system while another is resized here.
    atOnce: 2,
    describe: (error) => (error instanceof PhotoError ? { path: error.path, reason: error.reason } : undefined),
  },
);
