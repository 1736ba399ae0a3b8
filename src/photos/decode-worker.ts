import { answerRequests } from "../runtime/node/thread-answers.js";
import { PhotoError } from "./photo-error.js";
import { perform } from "./decode-jobs.js";
import type { DecodeReply, DecodeRequest } from "./decode-pool.js";
import { writePixels } from "./pixel-room.js";

/** An array of its own memory, which can be handed over; what the decoder gives cannot. */
function owned<Values extends Uint8Array | Float32Array>(values: Values): Values & { readonly buffer: ArrayBuffer } {
  return values.slice() as Values & { readonly buffer: ArrayBuffer };
}

answerRequests<DecodeReply>(
  async (request) => {
    const { job, room } = request as DecodeRequest;
    const { result, file } = await perform(job);
    const made = "data" in result ? result.data : result;
    const bytes = new Uint8Array(made.buffer, made.byteOffset, made.byteLength);
    if (room !== undefined && writePixels(room, bytes)) return { result: { file, result: undefined }, transfer: [] };
    if ("data" in result) {
      const data = owned(result.data);
      return { result: { file, result: { ...result, data } }, transfer: [data.buffer] };
    }
    const data = owned(result);
    return { result: { file, result: data }, transfer: [data.buffer] };
  },
  {
    // One is decoded on a thread of the system while another is resized here.
    atOnce: 2,
    describe: (error) =>
      error instanceof PhotoError
        ? { path: error.path, reason: error.reason, isTooLarge: error.isTooLarge }
        : undefined,
  },
);
