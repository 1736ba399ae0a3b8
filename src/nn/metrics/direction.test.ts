import { describe, expect, it } from "vitest";
import { MeanSquaredError } from "../losses/mean-squared-error.js";
import * as exported from "./index.js";

/** `_direction` in Keras 3.15.1's `keras/src/metrics`. */
const directions = {
  up: [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "TopKCategoricalAccuracy",
  ],
  // A MeanMetricWrapper of a loss falls, so LossMetric does.
  down: [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "LossMetric",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
  ],
  none: ["Mean", "MeanMetricWrapper", "Sum", "FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"],
};

/** What the constructors take whose arguments have no default. */
const given: Readonly<Record<string, readonly unknown[]>> = {
  IoU: [2, [0]],
  LossMetric: [new MeanSquaredError()],
  MeanIoU: [2],
  MeanMetricWrapper: [(): undefined => undefined],
  OneHotIoU: [2, [0]],
  OneHotMeanIoU: [2],
  PrecisionAtRecall: [0.5],
  RecallAtPrecision: [0.5],
  SensitivityAtSpecificity: [0.5],
  SpecificityAtSensitivity: [0.5],
};

const abstract: readonly unknown[] = [exported.Metric, exported.MeanMetric];
const classes = Object.entries(exported).filter(([name, value]) => /^[A-Z]/.test(name) && !abstract.includes(value));

describe("metrics get better in Keras's direction", () => {
  it.each(classes)("%s", (name, value) => {
    const Class = value as unknown as new (...args: unknown[]) => exported.Metric;
    const { direction = "none" } = new Class(...(given[name] ?? []));
    expect(directions[direction]).toContain(name);
  });
});
