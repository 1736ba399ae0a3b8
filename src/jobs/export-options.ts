import { exportPrecisions } from "../recipe/export/target.js";
import type { ExportOptions } from "../recipe/export/target.js";
import type { JobOption } from "./train-options.js";

/** The options of `graft export` that targets take, said once: see `ExportOptions` and `ExportTarget.options`. */
export const exportOptions = {
  size: {
    placeholder: "<size>",
    help: "open, or height and width of photos, such as 480x640 or 224",
    value: { kind: "text", expected: "open, or height and width in pixels, such as 480x640 or 224" },
    for: "run",
  },
  batch: {
    placeholder: "<number>",
    help: "open, or how many photos at a time",
    value: { kind: "text", expected: "open, or how many photos at a time" },
    for: "run",
  },
  opset: {
    placeholder: "<version>",
    help: "version of ONNX's operators: 17 or 18",
    value: { kind: "whole", from: 17, to: 18 },
    for: "run",
  },
  precision: {
    placeholder: "<name>",
    help: `how exactly it computes: ${exportPrecisions.join(", ")}`,
    value: { kind: "choice", choices: exportPrecisions },
    for: "run",
  },
  withoutPreprocessing: {
    help: "leave out what is done to photos: it then takes pixels that are resized and normalized",
    value: { kind: "flag" },
    for: "run",
  },
} as const satisfies Readonly<Record<keyof ExportOptions, JobOption>>;
