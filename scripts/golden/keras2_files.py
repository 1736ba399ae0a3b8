"""Whole models that Keras 2 wrote, with the state of their optimizers, and how Keras 2 goes on with them:
test/golden/keras2-files.zip and keras2-files.json.

    python scripts/golden/keras2_files.py

Needs TensorFlow and tf_keras, which is Keras 2. Optimizers are of both kinds: those of Keras up to 2.10
("legacy") and those since 2.11 ("new"), which name their variables otherwise. Nadam is left
out: Keras 2.11 and later multiply its product once for each weight, which Keras 3 does not do, and before it followed another
schedule.
"""

import pathlib
import tempfile

from _golden import files_of, tensor, wave, write, write_archive

import numpy as np
import tf_keras as keras

layers, new, legacy = keras.layers, keras.optimizers, keras.optimizers.legacy
FILES = pathlib.Path(tempfile.mkdtemp())


def make():
    """A model inside a model; the first layer and the inner normalization are frozen."""
    x = layers.Input((6, 6, 2), name="x")
    y = layers.Conv2D(3, 3, activation="relu", name="first")(x)
    y = layers.BatchNormalization(name="norm")(y)
    base = keras.Model(x, layers.SeparableConv2D(4, 2, activation="tanh", name="second")(y), name="base")
    base.get_layer("first").trainable = False
    base.get_layer("norm").trainable = False
    model = keras.Sequential(
        [base, layers.GlobalAveragePooling2D(name="pool"), layers.BatchNormalization(name="scale"),
         layers.Dense(3, activation="softmax", name="head")], name="outer"
    )
    for key, variable in enumerate(model.weights):
        shape, name = tuple(variable.shape), variable.name.split("/")[-1].split(":")[0]
        if name in ("moving_variance", "gamma"):
            variable.assign(wave(shape, key, 0.3, 1.0))
        elif len(shape) == 1:
            variable.assign(wave(shape, key, 0.1))
        else:
            variable.assign(wave(shape, key, 2 / np.sqrt(np.prod(shape[:-1]))))
    return model


def batch(step):
    return wave((4, 6, 6, 2), 100 + step), np.eye(3, dtype=np.float32)[(np.arange(4) + step) % 3]


def case(name, optimizer):
    model = make()
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["acc"])
    for step in range(3):
        model.train_on_batch(*batch(step))
    model.save(FILES / f"{name}.h5")
    # What was loaded goes on, so that only what is in the file counts.
    model = keras.models.load_model(FILES / f"{name}.h5")
    losses = [float(model.train_on_batch(*batch(step), reset_metrics=True)[0]) for step in range(3, 6)]
    return {"losses": losses, "weights": [tensor(variable) for variable in model.weights],
            "iterations": int(model.optimizer.iterations.numpy())}


def all_layers():
    """Layers whose configuration Keras 2 wrote otherwise than Keras 3, arithmetic on tensors, and the outputs of all."""
    x, tokens = layers.Input((8, 8, 4), name="x"), layers.Input((6, 4), name="tokens")
    flipped = layers.RandomFlip(name="flip")(layers.RandomRotation(0.1, name="turn")(x))
    branches = [
        layers.DepthwiseConv2D(3, depth_multiplier=2, name="deep")(flipped),
        layers.SeparableConv2D(3, 3, strides=2, name="separable")(x),
        layers.Conv2DTranspose(3, 3, strides=2, output_padding=1, name="transposed")(x),
        layers.Conv2D(4, 3, groups=2, dilation_rate=2, name="grouped")(x),
        layers.LayerNormalization(axis=[1, 2, 3], name="layer_norm")(x),
        layers.GroupNormalization(2, name="group_norm")(x),
        layers.SpatialDropout2D(0.3, name="drop")(layers.LeakyReLU(0.2, name="leaky")(x)),
        layers.PReLU(shared_axes=[1, 2], name="slope")(x),
        1.0 - (x * 2.0 + 0.5) / 4.0 - x * layers.ReLU(6.0, name="relu6")(x + 3.0),
        layers.MultiHeadAttention(2, 3, name="attention")(tokens, tokens),
        layers.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0], name="standard")(x),
    ]
    model = keras.Model([x, tokens], [layers.Flatten()(branch) for branch in branches], name="all_layers")
    for key, variable in enumerate(model.weights):
        shape, name = tuple(variable.shape), variable.name.split("/")[-1].split(":")[0]
        if shape and variable.trainable:
            variable.assign(wave(shape, key, 0.3, 1.0 if name == "gamma" else 0.0))
    model.save(FILES / "all-layers.h5")
    return [tensor(y) for y in model([wave((2, 8, 8, 4), 100), wave((2, 6, 4), 101)], training=False)]


rate = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.9)
cases = {
    "new-sgd": new.SGD(0.05),
    "new-sgd-momentum": new.SGD(rate, momentum=0.9, nesterov=True),
    "new-rmsprop": new.RMSprop(0.01),
    "new-rmsprop-centered": new.RMSprop(0.01, momentum=0.5, centered=True),
    "new-adam": new.Adam(0.01),
    "new-adam-amsgrad": new.Adam(0.01, amsgrad=True, clipnorm=1.0),
    "new-adam-average": new.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "new-adamw": new.AdamW(0.01, weight_decay=0.01),
    "new-adagrad": new.Adagrad(0.05),
    "new-adadelta": new.Adadelta(1.0),
    "new-adamax": new.Adamax(0.01),
    "new-ftrl": new.Ftrl(0.05),
    "new-lion": new.Lion(0.001),
    "new-adafactor": new.Adafactor(0.01),
    "legacy-sgd": legacy.SGD(0.05),
    "legacy-sgd-momentum": legacy.SGD(0.05, momentum=0.9, nesterov=True, decay=0.1),
    "legacy-rmsprop": legacy.RMSprop(0.01, momentum=0.5),
    "legacy-rmsprop-centered": legacy.RMSprop(0.01, momentum=0.5, centered=True),
    "legacy-adam": legacy.Adam(rate),
    "legacy-adam-amsgrad": legacy.Adam(0.01, amsgrad=True),
    "legacy-adagrad": legacy.Adagrad(0.05),
    "legacy-adadelta": legacy.Adadelta(1.0),
    "legacy-adamax": legacy.Adamax(0.01),
    "legacy-ftrl": legacy.Ftrl(0.05),
}
content = {
    "layers": all_layers(),
    "cases": {name: case(name, optimizer) for name, optimizer in cases.items()},
}
write("keras2-files.json", content, ("tf_keras", "tensorflow", "numpy"))
write_archive("keras2-files.zip", files_of(FILES))
