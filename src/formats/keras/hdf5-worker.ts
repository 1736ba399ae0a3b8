import { FileError } from "../../errors/errors.js";
import { answerRequests } from "../../runtime/node/thread-answers.js";
import { memoryIn } from "./handed-over.js";
import { hdf5Contents } from "./hdf5-contents.js";
import { loadHdf5, withHdf5 } from "./hdf5.js";
import type { DescribedFileError, Hdf5Request } from "./read-hdf5.js";

function describe(error: unknown): DescribedFileError | undefined {
  if (!(error instanceof FileError)) return undefined;
  const { message, subject, expected, received, advice } = error;
  return { message, subject, expected, received, advice };
}

answerRequests(
  async (job) => {
    const request = job as Hdf5Request;
    if (request.kind === "prepare") {
      await loadHdf5();
      return { result: undefined, transfer: [] };
    }
    const result = await withHdf5(request.bytes, request.name, (file) => hdf5Contents[request.kind](file));
    return { result, transfer: memoryIn(result) };
  },
  { atOnce: 1, describe },
);
