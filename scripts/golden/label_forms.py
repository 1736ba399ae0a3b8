"""Losses and metrics of labels [N, 1], and of labels that are shares: test/golden/label-forms.json."""

from _golden import write

import inspect

import keras
import numpy as np

ARGUMENTS = {
    "IoU": {"num_classes": 2, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 2},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 2},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "SparseTopKCategoricalAccuracy": {"k": 2},
    "TopKCategoricalAccuracy": {"k": 1},
}
# Bases; what takes other labels; correlations, which one column has none of; scores that Keras 3.15.1 gives as an array; and
# CategoricalGeneralizedCrossEntropy, for which labels [N] and [N, 1] are two things in Keras 3.15.1.
LEFT_OUT = {"Loss", "Metric", "Mean", "MeanMetricWrapper", "Sum", "CTC", "Circle", "PearsonCorrelation", "ConcordanceCorrelation",
            "F1Score", "FBetaScore", "CategoricalGeneralizedCrossEntropy"}
# They number classes, of which there is more than one.
NUMBERED = {"SparseCategoricalCrossentropy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}

random = np.random.RandomState(0)
COLUMN = (random.rand(6, 1) * 0.8 + 0.1).astype("float32")
ROWS = random.rand(6, 3).astype("float32")
ROWS /= ROWS.sum(1, keepdims=True)
LABELS = {
    "binary": np.array([0, 1, 1, 0, 1, 0], "float32"),
    "shares": random.rand(6).astype("float32"),
    "numbers": np.array([0, 1, 2, 0, 1, 2], "float32"),
}


def figure(kind, cls, labels, prediction):
    made = cls(**ARGUMENTS.get(cls.__name__, {}))
    if kind == "losses":
        return float(made(labels[:, None], prediction))
    made.update_state(labels[:, None], prediction)
    return float(made.result())


def cases():
    for kind in ("losses", "metrics"):
        for name, cls in inspect.getmembers(getattr(keras, kind), inspect.isclass):
            if name in LEFT_OUT:
                continue
            for form in ("numbers",) if name in NUMBERED else ("binary", "shares"):
                prediction = ROWS if form == "numbers" else COLUMN
                value = figure(kind, cls, LABELS[form], prediction)
                if np.isfinite(value):
                    arguments = ARGUMENTS.get(name, {})
                    yield {"kind": kind, "name": name, "arguments": arguments, "labels": form, "value": value}


write("label-forms.json", {
    "column": {"values": COLUMN.ravel().tolist()},
    "rows": {"values": ROWS.ravel().tolist()},
    "labels": {form: labels.tolist() for form, labels in LABELS.items()},
    "cases": list(cases()),
})
