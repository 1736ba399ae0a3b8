import type { EpochRow, FineTuneResult } from "../recipe/fine-tune-types.js";
import { type CurvePlot, type CurvesOptions, curvesSvg } from "./curves.js";
import type { Finding } from "./diagnosis/finding.js";

/** What the rows of a phase are. */
const phaseNames: Readonly<Record<EpochRow["phase"], string>> = {
  head: "new classifier",
  "fine-tune": "network unfrozen",
  "two-stages": "more of it unfrozen",
};

/** A run's epochs as they are drawn. */
type DrawnRun = Pick<FineTuneResult, "epochs" | "bestEpoch">;

/** Accuracy and loss of a run's epochs, with its phases and the epoch that was kept. */
export function runPlots({ epochs, bestEpoch }: DrawnRun): {
  readonly plots: readonly [accuracy: CurvePlot, loss: CurvePlot];
  readonly options: CurvesOptions;
} {
  const plot = (title: string, axis: string, key: "accuracy" | "loss", share: boolean): CurvePlot => ({
    title,
    axis,
    share,
    training: { name: "Training", values: epochs.map((row) => row[key]) },
    validation: { name: "Validation", values: epochs.map((row) => row[`val_${key}`]) },
  });
  const begins = epochs.filter(({ phase }, index) => phase !== epochs[index - 1]?.phase);
  return {
    plots: [
      plot("Training and validation accuracy", "accuracy", "accuracy", true),
      plot("Training and validation loss", "loss", "loss", false),
    ],
    options: { bestEpoch, phases: begins.map(({ epoch, phase }) => ({ epoch, name: phaseNames[phase] })) },
  };
}

/** Both as an SVG, and what the figures suffer from in words below them. */
export function runCurves(run: DrawnRun, warnings: readonly Finding[]): string {
  const { plots, options } = runPlots(run);
  return curvesSvg(plots, { ...options, notes: warnings.map(({ message }) => message) });
}
