import type { EpochRow, FineTuneResult } from "../recipe/fine-tune-types.js";
import { type CurvePlot, curvesSvg } from "./curves.js";
import type { Finding } from "./diagnosis/finding.js";

/** What the rows of a phase are. */
const phaseNames: Readonly<Record<EpochRow["phase"], string>> = {
  head: "new classifier",
  "fine-tune": "network unfrozen",
  "two-stages": "more of it unfrozen",
};

/**
 * Accuracy and loss of a run's epochs as an SVG, with its phases, the epoch that was kept, and what the figures suffer from in
 * words.
 */
export function runCurves(
  { epochs, bestEpoch }: Pick<FineTuneResult, "epochs" | "bestEpoch">,
  warnings: readonly Finding[],
): string {
  const plot = (title: string, axis: string, key: "accuracy" | "loss", share: boolean): CurvePlot => ({
    title,
    axis,
    share,
    training: { name: "Training", values: epochs.map((row) => row[key]) },
    validation: { name: "Validation", values: epochs.map((row) => row[`val_${key}`]) },
  });
  const begins = epochs.filter(({ phase }, index) => phase !== epochs[index - 1]?.phase);
  return curvesSvg(
    [
      plot("Training and validation accuracy", "accuracy", "accuracy", true),
      plot("Training and validation loss", "loss", "loss", false),
    ],
    {
      bestEpoch,
      phases: begins.map(({ epoch, phase }) => ({ epoch, name: phaseNames[phase] })),
      notes: warnings.map(({ message }) => message),
    },
  );
}
