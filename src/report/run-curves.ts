import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import { type CurvePlot, curvesSvg } from "./curves.js";

/** Accuracy and loss of a run's epochs as an SVG, with the epoch that was kept. */
export function runCurves({ epochs, bestEpoch }: Pick<FineTuneResult, "epochs" | "bestEpoch">): string {
  const plot = (title: string, axis: string, key: "accuracy" | "loss", share: boolean): CurvePlot => ({
    title,
    axis,
    share,
    training: { name: "Training", values: epochs.map((row) => row[key]) },
    validation: { name: "Validation", values: epochs.map((row) => row[`val_${key}`]) },
  });
  const second = epochs.find(({ phase }) => phase === "fine-tune");
  return curvesSvg(
    [
      plot("Training and validation accuracy", "accuracy", "accuracy", true),
      plot("Training and validation loss", "loss", "loss", false),
    ],
    { bestEpoch, phases: second === undefined ? [] : [{ epoch: second.epoch, name: "network unfrozen" }] },
  );
}
