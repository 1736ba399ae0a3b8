import { workerData } from "node:worker_threads";
import { answerRequests } from "../data/answer-requests.js";
import { decodePhoto } from "../data/decode.js";
import { createNodeRuntime } from "../runtime/node.js";
import type { ClassifierThreadData } from "./classifier-threads.js";
import { openClassifier } from "./open-classifier.js";

const { file, cores } = workerData as ClassifierThreadData;
const opening = openClassifier(createNodeRuntime({ threads: cores }), file);

answerRequests(
  async (path) => {
    const classifier = await opening;
    const { imageSize } = classifier;
    const photo = await decodePhoto(path as string, imageSize === undefined ? {} : { resizedTo: imageSize });
    return { result: await classifier.predict(photo), transfer: [] };
  },
  // Two are decoded on threads of the system while the network looks at another here.
  3,
);
