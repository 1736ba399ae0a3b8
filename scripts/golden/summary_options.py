"""Texts that the options of `model.summary` give: test/golden/summary-options.json.

    python scripts/golden/summary_options.py

Needs Keras and TensorFlow. Lines are as wide as they are asked for, whatever the terminal.
"""

import os

os.environ["COLUMNS"] = "300"

from _golden import write

import keras
from keras import layers


def lines(model, **options):
    texts = []
    model.summary(print_fn=texts.append, **options)
    return [line.rstrip() for line in texts[0].rstrip("\n").split("\n")]


inputs = layers.Input((4,), name="x")
inner = keras.Sequential(
    [layers.Input((4,)), layers.Dense(3, name="q", trainable=False), layers.Dense(3, name="r")], name="inner"
)
row = keras.Sequential([layers.Input((4,)), inner, layers.Dense(2, name="o")], name="s")
both = layers.Add(name="a")([inner(inputs), layers.Dense(3, name="z")(inputs)])
graph = keras.Model(inputs, both, name="m")

write(
    "summary-options.json",
    {
        "nested": lines(row, expand_nested=True, show_trainable=True, line_length=76),
        "range": lines(row, line_length=100, layer_range=["in", "inner"]),
        "graph": lines(graph, line_length=110, expand_nested=True, show_trainable=True),
        "positions": lines(graph, line_length=90, positions=[0.3, 0.5, 0.7, 1.0]),
    },
)
