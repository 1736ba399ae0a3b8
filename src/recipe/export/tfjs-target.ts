import type { ExportTarget } from "./target.js";

/** The classifier as a layers model of TensorFlow.js, as Teachable Machine's library loads it. */
export const tfjsTarget: ExportTarget = {
  name: "tfjs",
  summary: "a folder that TensorFlow.js and Teachable Machine's library load",
  form: "folder",
  options: [],
  defaultName: () => "tfjs",
  async write(classifier, request) {
    return (await import("./tfjs/write-tfjs.js")).writeTfjs(classifier, request);
  },
};
