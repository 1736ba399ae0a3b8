import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { linesOf } from "../files/lines.js";
import { readRegularText } from "../files/regular-file.js";
import type { SaidOfPhoto } from "../report/said-of-photo.js";
import { runFiles } from "./run-files.js";

/** What photos measured a run's classifier with: those that were held out, or the test photos. */
export type MeasuringSet = "held-out" | "test";

/** Those of float32 may add up to a little more than 1. */
const probability = z.number().min(0).max(1.001);

/** A line of `predictions.jsonl`. */
const line = z.object({
  /** Within the folder of photos, with `/`. */
  path: z.string(),
  /** `held-out`: said by a classifier that had not learned from this photo; `test`: said by `model.onnx`. */
  set: z.enum(["held-out", "test"]),
  /** Name of its class, and how probable it was taken to be. */
  label: z.string(),
  probability,
  /** Names of the most probable classes and how probable they are, the most probable first. */
  said: z.array(z.tuple([z.string(), probability])).min(1),
});

/** Of a million photos it is less. */
const mostBytes = 2 ** 29;

/** What was said of the photos that a run was measured with. */
export type Predictions = Readonly<Record<MeasuringSet, readonly SaidOfPhoto[]>>;

/** Nine digits are those of float32. */
function exact(probability: number): number {
  return Number(probability.toPrecision(9));
}

/**
 * What was said of the photos that a run was measured with, one JSON object a line: `run.json` has the figures that follow from it.
 *
 * @param predictions paths within the folder of photos
 * @param classes names of the classes
 */
export function predictionLines(predictions: Predictions, classes: readonly string[]): string {
  const name = (index: number): string => classes[index] ?? String(index);
  const lines = (["held-out", "test"] as const).flatMap((set) =>
    predictions[set].map(({ path, truth, probability, said }) => {
      const named = said.map((one): [string, number] => [name(one.classIndex), exact(one.probability)]);
      const written: z.infer<typeof line> = {
        ...{ path, set, label: name(truth), probability: exact(probability), said: named },
      };
      return `${harmlessJson(written)}\n`;
    }),
  );
  return lines.join("");
}

/**
 * Reads what was said of the photos that a run was measured with.
 *
 * @param run the run's folder
 * @param classes names of the classes
 * @returns `undefined` where there is no such file: runs of earlier versions have none
 * @throws FileError when it cannot be read, or is not of this run
 */
export async function readPredictions(run: string, classes: readonly string[]): Promise<Predictions | undefined> {
  const file = join(run, runFiles.predictions);
  let text: string;
  try {
    text = await readRegularText(file, { most: mostBytes });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, file, "read");
  }
  const numbers = new Map(classes.map((label, index) => [label, index]));
  const numberOf = (label: string): number => {
    const number = numbers.get(label);
    if (number === undefined) throw new TypeError(`The class "${label}" is none of the run's.`);
    return number;
  };
  const all: Record<MeasuringSet, SaidOfPhoto[]> = { "held-out": [], test: [] };
  try {
    for (const written of linesOf(text)) {
      if (written === "") continue;
      const { path, set, label, probability: own, said } = line.parse(JSON.parse(written));
      const [first, ...others] = said.map(([named, value]) => ({ classIndex: numberOf(named), probability: value }));
      if (first === undefined) throw new TypeError("A line without classes.");
      all[set].push({ path, truth: numberOf(label), probability: own, said: [first, ...others] });
    }
  } catch (cause) {
    throw new FileError(`${file} is not what was said of the photos of this run.`, {
      subject: file,
      expected: `the file that was written with ${runFiles.record}`,
      received: cause instanceof TypeError ? cause.message : "lines that are no answers",
      advice: "Restore the file, or measure anew: graft report RUN --photos DIR.",
      cause,
    });
  }
  return all;
}
