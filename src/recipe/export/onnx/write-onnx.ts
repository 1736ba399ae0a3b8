import type { ExportableClassifier } from "../exportable.js";
import type { Exported } from "../target.js";

/** The classifier as one ONNX file. */
export function writeOnnx(classifier: ExportableClassifier): Promise<Exported> {
  return Promise.resolve({ files: new Map([["model.onnx", classifier.bytes]]) });
}
