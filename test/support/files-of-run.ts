import { readdir } from "node:fs/promises";

/** What a run leaves that has come to its end. TensorBoard's file has time and host in its name. */
export const filesOfRun = [
  "curves.svg",
  "events.out.tfevents.…",
  "history.csv",
  "model.onnx",
  "photos.jsonl",
  "predictions.jsonl",
  "report.html",
  "run.json",
  "train",
  "validation",
];

/**
 * Names of what is in a run's folder, in their order.
 *
 * @param run its folder
 */
export async function listRun(run: string): Promise<string[]> {
  const names = await readdir(run);
  return names.map((name) => name.replace(/^(events\.out\.tfevents\.).*/, "$1…")).sort();
}
