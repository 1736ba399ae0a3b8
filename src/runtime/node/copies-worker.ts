import { workerData } from "node:worker_threads";
import { EngineError } from "../../errors/errors.js";
import { createNodeRuntime } from "./runtime.js";
import { type CopyData, type CopyJob, type CopyResult, plainTensors, tensorsOf } from "./copy-messages.js";
import { answerRequests } from "./thread-answers.js";

const { model, cores } = workerData as CopyData;
// The engine takes no memory that is shared.
const opening = createNodeRuntime({ threads: cores }).createSession(new Uint8Array(model).slice());

answerRequests<CopyResult>(
  async (job) => {
    const session = await opening;
    const asked = job as CopyJob;
    const result =
      asked === "names"
        ? { inputs: [...session.inputNames], outputs: [...session.outputNames] }
        : plainTensors(await session.run(tensorsOf(asked)));
    return { result, transfer: [] };
  },
  { atOnce: 1, describe: (error) => (error instanceof EngineError ? { message: error.message } : undefined) },
);
