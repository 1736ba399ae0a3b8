import type { ExportTarget } from "./target.js";

/** The classifier as a model of Keras. */
export const kerasTarget: ExportTarget = {
  name: "keras",
  summary: "a .keras file of a convolutional network, which keras.models.load_model takes",
  form: "file",
  options: [],
  defaultName: () => "model.keras",
  async write(classifier, request) {
    return (await import("./keras/write-keras.js")).writeKeras(classifier, request);
  },
};
