import type { ExportTarget } from "./target.js";

/** The classifier as a folder of Transformers.js. */
export const transformersJsTarget: ExportTarget = {
  name: "transformersjs",
  summary: 'a folder for pipeline("image-classification", folder) of Transformers.js',
  form: "folder",
  options: ["precision", "withoutPreprocessing"],
  defaultName: ({ precision = "float32" }) => `transformersjs${precision === "float32" ? "" : `-${precision}`}`,
  async write(classifier, request) {
    return (await import("./transformersjs/write-transformersjs.js")).writeTransformersJs(classifier, request);
  },
};
