"""Golden values of training with several inputs and outputs: test/golden/several-outputs.json, and the models that Keras
saved after that, in several-outputs.zip.

    python scripts/golden/several_outputs.py

Needs Keras and TensorFlow. Weights and data are not stored: both sides compute them by `wave`.
"""

import pathlib
import tempfile

from _golden import files_of, tensor, wave, write, write_archive
from models import keras, labels, layers, optimizers, wave_weights

SAMPLES = 10
FILES = pathlib.Path(tempfile.mkdtemp())


def two_by_two():
    """A picture and four numbers give a grade and a kind. Frozen layers of both meet at several places behind them."""
    picture, facts = layers.Input((6, 6, 3), name="picture"), layers.Input((4,), name="facts")
    stem = layers.Conv2D(4, 3, activation="relu", name="stem", trainable=False)(picture)
    norm = layers.BatchNormalization(name="norm", trainable=False)(stem)
    shape = layers.Conv2D(5, 3, activation="relu", name="shape", kernel_regularizer=keras.regularizers.L2(0.01))(norm)
    seen = layers.GlobalAveragePooling2D(name="seen")(shape)
    colour = layers.GlobalMaxPooling2D(name="colour")(norm)
    known = layers.Dense(3, activation="tanh", name="known", trainable=False)(facts)
    both = layers.Concatenate(name="both")([seen, colour, known])
    grade = layers.Dense(1, activation="sigmoid", name="grade")(both)
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.BatchNormalization(name="scale")(both))
    model = keras.Model([picture, facts], [grade, kind], name="two_by_two")
    wave_weights(model)
    return model


def inputs(count, key):
    return [wave((count, 6, 6, 3), key), wave((count, 4), key + 1)]


def truths(count, step):
    return [labels(count, step, 1).reshape(-1, 1), labels(count, step + 1, 3)]


def weights(count):
    return [wave((count,), 7, 0.9, 1.0), wave((count,), 8, 0.9, 1.0)]


def numbers(logs):
    return {key: float(value) for key, value in logs.items()}


LOSSES = ["binary_crossentropy", "categorical_crossentropy"]


def go_on(model, batch, count=2):
    """Figures and weights of further steps, of the model that was saved."""
    logs = []
    for step in range(count):
        model.reset_metrics()
        x, options = batch(model, 6, step)
        logs.append(numbers(model.train_on_batch(x, return_dict=True, **options)))
    return {"logs": logs, "weights": [tensor(variable) for variable in model.weights]}


def steps(name, compile_options, batch, optimizer, count=5):
    """Steps, then an evaluation in batches of 4, then a prediction; the model is saved, and goes on."""
    model = two_by_two()
    model.compile(optimizer=optimizer, **compile_options)
    logs = []
    for step in range(count):
        model.reset_metrics()
        x, options = batch(model, 6, step)
        logs.append(numbers(model.train_on_batch(x, return_dict=True, **options)))
    x, options = batch(model, SAMPLES, 50)
    evaluated = model.evaluate(x, batch_size=4, verbose=0, return_dict=True, **{k: v for k, v in options.items() if k != "class_weight"})
    listed = model.evaluate(x, batch_size=4, verbose=0, **{k: v for k, v in options.items() if k != "class_weight"})
    for ending in ("keras", "h5"):
        model.save(FILES / f"{name}.{ending}")
    return {
        "logs": logs,
        "evaluated": numbers(evaluated),
        "listed": [float(value) for value in (listed if isinstance(listed, list) else [listed])],
        "predicted": [tensor(output) for output in model.predict(x, batch_size=4, verbose=0)],
        "weights": [tensor(variable) for variable in model.weights],
        "after": go_on(model, batch),
    }


def fitted():
    model = two_by_two()
    model.compile(optimizer=optimizers.RMSprop(0.005), loss=LOSSES, loss_weights=[2.0, 0.5],
                  metrics={"kind": ["acc", "mse"]}, weighted_metrics=[None, ["acc"]])
    history = model.fit(inputs(SAMPLES, 300), truths(SAMPLES, 3), sample_weight=weights(SAMPLES), epochs=3, batch_size=3,
                        shuffle=False, validation_split=0.35, verbose=0).history
    return {
        "history": {key: [float(value) for value in values] for key, values in history.items()},
        "weights": [tensor(variable) for variable in model.weights],
    }


def twice():
    """Both outputs come from one layer, so that they have one name."""
    left, right = layers.Input((3,), name="left"), layers.Input((3,), name="right")
    shared = layers.Dense(1, name="shared")
    model = keras.Model([left, right], [shared(left), shared(right)], name="twice")
    wave_weights(model)
    model.compile(optimizer=optimizers.SGD(0.1), loss="mse", metrics=[["mae", "mae"], ["mae"]],
                  weighted_metrics=[["mae"], ["mae", "mse"]])
    x, y = [wave((4, 3), 1), wave((4, 3), 2)], [wave((4, 1), 3), wave((4, 1), 4)]
    logs = model.train_on_batch(x, y, sample_weight=[wave((4,), 5, 0.5, 1), wave((4,), 6, 0.5, 1)], return_dict=True)
    return {"names": model.output_names, "logs": numbers(logs)}


def listed_batch(model, count, step):
    return inputs(count, 100 + 2 * step), {"y": truths(count, step), "sample_weight": weights(count)}


def named_batch(model, count, step):
    x, y = inputs(count, 100 + 2 * step), truths(count, step)
    return {"facts": x[1], "picture": x[0]}, {"y": {"kind": y[1], "grade": y[0]}}


def weighted_alike(model, count, step):
    return inputs(count, 100 + 2 * step), {"y": truths(count, step), "sample_weight": weights(count)[0]}


def kind_alone(model, count, step):
    return inputs(count, 100 + 2 * step), {"y": truths(count, step)[1], "class_weight": {0: 0.5, 2: 3.0}}


def both_compared(model, count, step):
    return inputs(count, 100 + 2 * step), {"y": truths(count, step)}


if __name__ == "__main__":
    cases = {
        "listed": steps("listed", {"loss": LOSSES, "loss_weights": [0.7, 1.6], "metrics": [["acc"], ["acc", "mse"]],
                         "weighted_metrics": {"kind": ["acc"]}}, listed_batch, optimizers.Adam(0.01)),
        "named": steps("named", {"loss": {"kind": LOSSES[1], "grade": LOSSES[0]}, "loss_weights": {"kind": 2.0, "grade": 0.25},
                        "metrics": {"grade": "mae"}, "weighted_metrics": ["mse", "mse"]},
                       named_batch, optimizers.SGD(0.05, momentum=0.9)),
        "oneLossForAll": steps("oneLossForAll", {"loss": "mse"}, weighted_alike, optimizers.RMSprop(0.005)),
        # The head without a loss has no gradient; weight decay leaves it alone too.
        "kindAlone": steps("kindAlone", {"loss": [None, LOSSES[1]]}, kind_alone, optimizers.SGD(0.05, momentum=0.9, weight_decay=0.1)),
        "gradeCompared": steps("gradeCompared", {"loss": {"kind": LOSSES[1], "grade": None}, "metrics": ["acc", ["acc"]]},
                               both_compared, optimizers.Adam(0.01)),
    }
    content = {
        "cases": cases,
        "fit": fitted(),
        "twice": twice(),
    }
    write("several-outputs.json", content)
    write_archive("several-outputs.zip", files_of(FILES))
