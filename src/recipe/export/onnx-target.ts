import type { ExportTarget } from "./target.js";

/** The classifier as one ONNX file, for other sizes, versions and precisions than the run's `model.onnx`. */
export const onnxTarget: ExportTarget = {
  name: "onnx",
  summary: "one ONNX file, with sizes, version, precision and preprocessing as asked",
  form: "file",
  options: ["size", "batch", "opset", "precision", "withoutPreprocessing"],
  defaultName: ({ precision = "float32" }) => (precision === "float32" ? "model.onnx" : `model-${precision}.onnx`),
  async write(classifier, request) {
    return (await import("./onnx/write-onnx.js")).writeOnnx(classifier, request);
  },
};
