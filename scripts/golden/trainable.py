"""What Keras trains when flags of layers, inner and outer models are set in some order: test/golden/trainable.json.

    python scripts/golden/trainable.py

Needs Keras and TensorFlow.
"""

import tempfile

from _golden import write

import keras
import numpy as np

L = keras.layers

# Flags in the order in which they are set; "model" is the outermost.
ORDERS = [
    [["inner", False], ["b", True]],
    [["b", True], ["inner", False]],
    [["mid", False], ["inner", True]],
    [["mid", False], ["b", True]],
    [["model", False], ["b", True]],
    [["model", False], ["inner", True], ["model", True]],
    [["inner", False], ["bn", True]],
    [["inner", False], ["b", True], ["model", True]],
    [["b", False], ["inner", True]],
    [["b", False], ["inner", False], ["inner", True]],
    [["mid", False], ["inner", True], ["b", False], ["mid", True]],
]


def build(kind):
    keras.utils.clear_session()
    row = [
        L.Input((4,), name="in"),
        L.Dense(3, name="a", kernel_regularizer="l2"),
        L.BatchNormalization(name="bn"),
        L.Dense(2, name="b", kernel_regularizer="l2"),
    ]
    if kind == "Sequential":
        inner = keras.Sequential(row, name="inner")
    else:
        inputs = x = L.Input((4,), name="in")
        for layer in row[1:]:
            x = layer(x)
        inner = keras.Model(inputs, x, name="inner")
    inputs = L.Input((4,), name="mid_in")
    mid = keras.Model(inputs, inner(inputs), name="mid")
    inputs = L.Input((4,), name="model_in")
    model = keras.Model(inputs, L.Dense(1, name="head")(mid(inputs)), name="model")
    return {"model": model, "mid": mid, "inner": inner, **{layer.name: layer for layer in inner.layers}}


def ending(variables):
    return ["/".join(v.path.split("/")[-2:]) for v in variables]


def flags(model):
    found = {}
    for layer in model.layers:
        if isinstance(layer, L.InputLayer):
            continue
        found[layer.name] = layer.trainable
        if hasattr(layer, "layers"):
            found.update(flags(layer))
    return found


def count(variables):
    return int(sum(np.prod(v.shape) for v in variables))


def case(kind, order):
    parts = build(kind)
    model = parts["model"]
    for name, flag in order:
        parts[name].trainable = flag
    result = {
        "kind": kind,
        "order": order,
        "trainable": {name: ending(parts[name].trainable_weights) for name in ("model", "mid", "inner")},
        "counts": [count(model.trainable_weights), count(model.non_trainable_weights)],
        "penalties": len(model.losses),
        "flags": flags(model),
    }
    before = [v.numpy().copy() for v in model.weights]
    if model.trainable_weights:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
        x = np.random.RandomState(0).randn(8, 4).astype("float32")
        model.fit(x, x[:, :1], epochs=2, verbose=0)
    result["changed"] = ending([v for v, old in zip(model.weights, before) if not np.array_equal(old, v.numpy())])
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        loaded = keras.models.load_model(f"{folder}/model.keras")
    result["loaded"] = {"flags": flags(loaded), "trainable": ending(loaded.trainable_weights)}
    return result


write("trainable.json", {"cases": [case(kind, order) for kind in ("Functional", "Sequential") for order in ORDERS]})
