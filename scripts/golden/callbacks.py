"""Golden values of callbacks and of fit: test/golden/callbacks.json.

    python scripts/golden/callbacks.py

Needs Keras and TensorFlow. Callbacks are fed lists of logs; fits use the waves of models.py.
"""

import os
import pathlib
import tempfile

from _golden import camel, wave, write

import keras
import numpy as np
from keras import callbacks, layers, models, optimizers

from models import labels, wave_weights


def counting_model():
    """One weight, which says the epoch."""
    model = models.Sequential([layers.Input((1,)), layers.Dense(1, use_bias=False)])
    model.compile(optimizer=optimizers.SGD(0.1), loss="mse", metrics=["acc", keras.metrics.FalsePositives(name="fp")])
    model.fit(np.zeros((1, 1)), np.zeros((1, 1)), verbose=0)
    return model


def sequences():
    rng = np.random.default_rng(5)
    lists = {
        "falling, then flat": [1.0, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7],
        "steps below the smallest change": [1.0, 0.9999, 0.9998, 0.9997, 0.9996, 0.9995, 0.9994, 0.999, 0.998, 0.99],
        "float32 cannot tell": [1.0, 1.0 - 1e-9, 1.0 - 2e-9, 1.0 - 1e-7, 0.5, 0.5, 0.5],
        "rising": [0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
        "not a number": [1.0, float("nan"), 0.9, float("nan"), float("nan"), 0.8, 0.9, 0.9],
        "never a number": [float("nan")] * 4,
    }
    for index in range(4):
        lists[f"random {index}"] = [float(v) for v in np.round(rng.uniform(0.2, 1.0, 14), 4)]
    return lists


def run(make, values, key, restores=False):
    callback = make()
    model = counting_model()
    callback.set_model(model)
    model.stop_training = False
    model.optimizer.learning_rate = 0.1
    callback.on_train_begin()
    rows = []
    for epoch, value in enumerate(values):
        model.set_weights([np.full((1, 1), epoch, "float32")])
        callback.on_epoch_end(epoch, {key: value})
        rows.append({
            "stop": model.stop_training,
            "wait": callback.wait,
            "best": None if callback.best is None else repr(float(callback.best)),
            "rate": float(np.array(model.optimizer.learning_rate)),
        })
        if model.stop_training:
            break
    callback.on_train_end()
    return {"rows": rows, "weight": float(model.get_weights()[0].item()) if restores else None}


def sequence_cases():
    early = [
        {},
        {"patience": 2},
        {"patience": 3, "min_delta": 0.05},
        {"patience": 2, "min_delta": -0.05, "mode": "min"},
        {"patience": 2, "restore_best_weights": True},
        {"patience": 2, "baseline": 0.75, "restore_best_weights": True},
        {"patience": 1, "start_from_epoch": 3, "restore_best_weights": True},
        {"monitor": "val_acc", "patience": 2},
        {"monitor": "val_acc", "patience": 2, "mode": "max", "min_delta": 0.1, "restore_best_weights": True},
        {"monitor": "val_loss", "patience": 2, "mode": "max"},
    ]
    plateau = [
        {"patience": 2},
        {"patience": 0},
        {"patience": 1, "factor": 0.5, "cooldown": 2},
        {"patience": 2, "factor": 0.2, "min_lr": 0.01},
        {"patience": 1, "min_delta": 0.05, "factor": 0.3},
        {"monitor": "val_acc", "patience": 2, "factor": 0.5, "mode": "max"},
        {"monitor": "val_acc", "patience": 1, "factor": 0.5, "cooldown": 1},
    ]
    result = []
    for name, options in [("EarlyStopping", o) for o in early] + [("ReduceLROnPlateau", o) for o in plateau]:
        for title, values in sequences().items():
            key = options.get("monitor", "val_loss")
            outcome = run(lambda: getattr(callbacks, name)(**options), values, key,
                          options.get("restore_best_weights", False))
            result.append({
                "callback": name,
                "options": {camel(k): v for k, v in options.items()},
                "title": title,
                "key": key,
                "values": [repr(v) for v in values],
                **outcome,
            })
    return result


def checkpoint_cases():
    values = [0.9, 0.8, 0.85, 0.7, 0.75, 0.65]
    cases = [
        ("{epoch:02d}-{val_loss:.2f}.keras", {}),
        ("best.keras", {"save_best_only": True}),
        ("{epoch}-{val_loss:.3e}.keras", {"save_best_only": True, "initial_value_threshold": 0.8}),
        ("{epoch}-{val_loss}-{val_loss:7.4f}.weights.h5", {"save_weights_only": True}),
        ("{epoch}-{batch:03d}-{loss:.3g}.keras", {"save_freq": 4}),
        ("{epoch}-{batch:03d}.keras", {"save_freq": 7, "save_best_only": True, "monitor": "loss"}),
    ]
    result = []
    for path, options in cases:
        callback = callbacks.ModelCheckpoint(path, **options)
        model = counting_model()
        saved = []
        model.save = lambda name, **_: saved.append(name)
        model.save_weights = lambda name, **_: saved.append(name)
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, value in enumerate(values):
            callback.on_epoch_begin(epoch)
            for batch in range(3):
                callback.on_train_batch_end(batch, {"loss": value + 0.01 * batch})
            callback.on_epoch_end(epoch, {"loss": value, "val_loss": value})
        result.append({
            "path": path,
            "options": {camel(k): v for k, v in options.items()},
            "values": values,
            "saved": saved,
        })
    return result


def csv_cases():
    result = []
    for options in [{}, {"separator": ";"}]:
        for logs in [
            [{"loss": 0.5, "acc": 0.25, "val_loss": 1e-05}, {"loss": 0.25, "acc": 0.5, "val_loss": 12.5}],
            [{"loss": 0.5}, {"loss": 0.25, "val_loss": 2.0}],
        ]:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "log.csv")
                callback = callbacks.CSVLogger(path, **options)
                callback.set_model(counting_model())
                callback.on_train_begin()
                for epoch, row in enumerate(logs):
                    callback.on_epoch_end(epoch, row)
                callback.on_train_end()
                text = pathlib.Path(path).read_bytes().decode()
            result.append({"options": options, "logs": logs, "text": text})
    return result


def dense_model():
    model = models.Sequential([
        layers.Input((4,)),
        layers.Dense(5, activation="tanh", name="hidden"),
        layers.Dense(3, activation="softmax", name="out"),
    ])
    wave_weights(model)
    return model


class Seen(callbacks.Callback):
    """Puts a number into the logs that tells which weights a model has at the end of an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        logs["seen"] = float(sum(np.abs(w).sum() for w in self.model.get_weights()))


def fit_cases():
    x, y = wave((10, 4), 301), labels(10, 1, 3)
    vx, vy = wave((5, 4), 302), labels(5, 2, 3)
    weights = np.array([1, 2, 0, 0.5, 1, 3, 1, 0.25, 1, 2], "float32")
    val_weights = np.array([1, 0, 2, 0.5, 1], "float32")
    schedules = optimizers.schedules
    cases = {
        "exponential schedule": (
            lambda: optimizers.SGD(schedules.ExponentialDecay(0.2, 2, 0.5)), {}, {}),
        "piecewise schedule and Adam": (
            lambda: optimizers.Adam(schedules.PiecewiseConstantDecay([2, 5], [0.05, 0.01, 0.002])), {}, {}),
        "averaged weights": (lambda: optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8), {}, {}),
        "averaged weights, overwritten": (
            lambda: optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4), {}, {}),
        "accumulated gradients": (lambda: optimizers.Adam(0.05, gradient_accumulation_steps=2), {}, {}),
        "class weights": (
            lambda: optimizers.SGD(0.2), {"class_weight": {0: 0.5, 1: 2.0, 2: 3.0}}, {"weighted": ["acc", "mse"]}),
        "sample weights": (
            lambda: optimizers.SGD(0.2), {"sample_weight": True}, {"weighted": ["acc"], "val_weights": True}),
        "validation split": (lambda: optimizers.SGD(0.2), {"validation_split": 0.35}, {"split": True}),
        "validation every second epoch": (lambda: optimizers.SGD(0.2), {"validation_freq": 2}, {}),
        "validation of some epochs": (lambda: optimizers.SGD(0.2), {"validation_freq": [1, 4]}, {}),
        "validation in small batches": (lambda: optimizers.SGD(0.2), {"validation_batch_size": 2}, {}),
        "lower rate on plateau": (
            lambda: optimizers.SGD(0.2), {},
            {"callbacks": lambda: [callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.05)]}),
        "rate by epoch": (
            lambda: optimizers.SGD(0.2), {},
            {"callbacks": lambda: [callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)]}),
        "initial epoch": (lambda: optimizers.SGD(0.2), {"initial_epoch": 2}, {}),
        "averaged weights of accumulated gradients": (
            lambda: optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8, gradient_accumulation_steps=2), {}, {}),
        "averaged weights of accumulated gradients, overwritten": (
            lambda: optimizers.SGD(
                0.2, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=2, gradient_accumulation_steps=3), {}, {}),
        "averages in validation": (
            lambda: optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8), {},
            {"callbacks": lambda: [callbacks.SwapEMAWeights(), Seen()]}),
        "averages between epochs": (
            lambda: optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8), {},
            {"callbacks": lambda: [callbacks.SwapEMAWeights(swap_on_epoch=True), Seen()]}),
    }
    result = {}
    for name, (optimizer, options, extra) in cases.items():
        model = dense_model()
        model.compile(optimizer=optimizer(), loss="categorical_crossentropy", metrics=["acc"],
                      weighted_metrics=extra.get("weighted"))
        given = dict(options)
        if given.pop("sample_weight", False):
            given["sample_weight"] = weights
        if "split" not in extra:
            given["validation_data"] = (vx, vy, val_weights) if "val_weights" in extra else (vx, vy)
        if "callbacks" in extra:
            given["callbacks"] = extra["callbacks"]()
        history = model.fit(x, y, epochs=4, batch_size=4, shuffle=False, verbose=0, **given)
        result[name] = {
            "keys": list(history.history),
            "history": {key: [float(v) for v in values] for key, values in history.history.items()},
            "iterations": int(np.array(model.optimizer.iterations)),
            "weights": [{"shape": list(w.shape), "data": [float(v) for v in w.ravel()]} for w in model.get_weights()],
        }
    return result


content = {
    "sequences": sequence_cases(),
    "checkpoints": checkpoint_cases(),
    "csv": csv_cases(),
    "fits": fit_cases(),
}
write("callbacks.json", content)
