import { htmlTarget } from "./html-target.js";
import { kerasTarget } from "./keras-target.js";
import { onnxTarget } from "./onnx-target.js";
import type { ExportTarget } from "./target.js";
import { tfjsTarget } from "./tfjs-target.js";
import { transformersJsTarget } from "./transformersjs-target.js";

/** All forms in which `graft export` writes a classifier, in the order of `--help`: a file each. */
export const exportTargets: readonly ExportTarget[] = [
  onnxTarget,
  transformersJsTarget,
  tfjsTarget,
  kerasTarget,
  htmlTarget,
];
