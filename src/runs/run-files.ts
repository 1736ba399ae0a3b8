import { join } from "node:path";
import { writeFileAtomically } from "../files/atomic-write.js";

/** Names of the files of a run. */
export const runFiles = {
  model: "model.onnx",
  record: "run.json",
  history: "history.csv",
  curves: "curves.svg",
  learningCurve: "learning-curve.svg",
  tuning: "tuning.json",
  tuningTable: "tuning.csv",
  tuningPlot: "tuning.svg",
  learningRate: "learning-rate.svg",
  photos: "photos.jsonl",
  predictions: "predictions.jsonl",
  report: "report.html",
  checkpoints: "checkpoints",
} as const;

/** What is written to the folder of a run. */
export interface RunContents {
  readonly model?: Uint8Array | undefined;
  readonly history?: string | undefined;
  readonly curves?: string | undefined;
  readonly learningCurve?: string | undefined;
  readonly tuning?: string | undefined;
  readonly tuningTable?: string | undefined;
  readonly tuningPlot?: string | undefined;
  readonly learningRate?: string | undefined;
  readonly photos?: string | undefined;
  readonly predictions?: string | undefined;
  readonly record?: object | undefined;
}

/**
 * Writes files of a run, each whole or not at all; `run.json` comes last and says that the others are there.
 *
 * @throws FileError when the disk is full or the folder has gone
 */
export async function writeRunFolder(path: string, files: RunContents): Promise<void> {
  const { record, ...others } = files;
  const keys = [
    "model",
    "history",
    "curves",
    "learningCurve",
    "tuning",
    "tuningTable",
    "tuningPlot",
    "learningRate",
    "photos",
    "predictions",
  ] as const;
  for (const key of keys) {
    const contents = others[key];
    if (contents !== undefined) await writeFileAtomically(join(path, runFiles[key]), contents);
  }
  if (record !== undefined) {
    await writeFileAtomically(join(path, runFiles.record), `${JSON.stringify(record, undefined, 2)}\n`);
  }
}
