"""Golden values of models: test/golden/model-*.json.

    python scripts/golden/models.py

Needs Keras and TensorFlow. Weights and data are not stored: both sides compute them by `wave`.
The values of VGG16's published weights are kept from an earlier run where ../shared is missing.
"""

import json

from _golden import GOLDEN, ROOT, tensor, wave, write

import keras
import numpy as np
from keras import layers, models, optimizers

VGG16_FILE = ROOT.parent / "shared/weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def wave_weights(model):
    """Fills a model: kernels as He would have them in size, variances positive."""
    for key, variable in enumerate(model.weights):
        shape = tuple(variable.shape)
        if variable.name == "moving_variance":
            variable.assign(wave(shape, key, 0.4, 1.0))
        elif variable.name == "gamma":
            variable.assign(wave(shape, key, 0.3, 1.0))
        elif len(shape) == 1:
            variable.assign(wave(shape, key, 0.1))
        else:
            variable.assign(wave(shape, key, 2 / np.sqrt(np.prod(shape[:-1]))))


def summary(model):
    lines = []
    model.summary(print_fn=lambda text, **_: lines.extend(text.split("\n")))
    while lines and lines[-1] == "":
        lines.pop()
    return lines


def guide():
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    base.trainable = True
    trainable = False
    for layer in base.layers:
        trainable = trainable or layer.name == "block5_conv1"
        layer.trainable = trainable
    model = models.Sequential(name="sequential")
    model.add(base)
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Dense(256, activation="relu", name="dense"))
    model.add(layers.Dropout(0.5, name="dropout"))
    model.add(layers.Dense(1, activation="sigmoid", name="dense_1"))
    return base, model


def summaries():
    keras.utils.clear_session()
    base, model = guide()
    base_lines = summary(base)
    # Keras numbers inputs over all models of a process.
    named = models.Sequential(
        [
            layers.Input((6, 6, 3)),
            layers.Conv2D(2, 3, name="a_name_that_is_much_longer_than_the_column_of_the_table"),
            layers.GlobalAveragePooling2D(name="global_average_pooling2d"),
            layers.BatchNormalization(name="batch_normalization"),
            layers.Dense(3, name="dense", trainable=False),
        ],
        name="long_names",
    )
    unbuilt = models.Sequential([layers.Dense(3, name="dense"), layers.Dense(1, name="out")], name="unbuilt")
    x = layers.Input((4,), name="left")
    y = layers.Input((4,), name="right")
    shared = layers.Dense(3, name="shared")
    merged = layers.Concatenate(name="both")([shared(x), shared(y)])
    branched = models.Model([x, y], layers.Dense(1, name="out")(merged), name="branched")
    inputs = layers.Input((8, 8, 3), name="photo")
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    shortcut = layers.Conv2D(6, 1, name="shortcut")(stem)
    first = layers.Conv2D(4, 3, padding="same", name="first")(stem)
    normalized = layers.BatchNormalization(name="normalized")(first)
    second = layers.Conv2D(6, 3, padding="same", name="second")(normalized)
    added = layers.Add(name="added")([shortcut, second])
    residual = models.Model(inputs, layers.Dense(1, name="score")(layers.Flatten(name="flat")(added)), name="residual")
    write(
        "model-summaries.json",
        {
            "vgg16": base_lines,
            "guide": summary(model),
            "longNames": summary(named),
            "unbuilt": summary(unbuilt),
            "branched": summary(branched),
            "residual": summary(residual),
            "residualWeights": [variable.path for variable in residual.weights],
        },
    )


def frozen_cnn(classes):
    """The first convolution and its normalization are frozen; the second normalization follows the batch."""
    return models.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1", trainable=False),
            layers.BatchNormalization(name="bn1", trainable=False),
            layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv2"),
            layers.BatchNormalization(name="bn2"),
            layers.Activation("relu", name="relu"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, activation="relu", name="dense"),
            layers.Dense(1, activation="sigmoid", name="out")
            if classes == 1
            else layers.Dense(classes, activation="softmax", name="out"),
        ]
    )


def labels(batch, step, classes):
    numbers = np.array([(3 * sample + step) % 5 % max(classes, 2) for sample in range(batch)])
    return numbers.astype(np.float32) if classes == 1 else np.eye(classes, dtype=np.float32)[numbers]


def steps(classes, optimizer, loss, batch=6, count=5):
    model = frozen_cnn(classes)
    wave_weights(model)
    model.compile(optimizer=optimizer, loss=loss, metrics=["acc"])
    logs = []
    for step in range(count):
        model.reset_metrics()
        x = wave((batch, 8, 8, 3), 100 + step)
        logs.append(model.train_on_batch(x, labels(batch, step, classes), return_dict=True))
    model.reset_metrics()
    x = wave((batch, 8, 8, 3), 200)
    evaluated = model.test_on_batch(x, labels(batch, 0, classes), return_dict=True)
    return {
        "classes": classes,
        "optimizer": optimizers.serialize(optimizer)["class_name"],
        "loss": loss,
        "logs": [{key: float(value) for key, value in each.items()} for each in logs],
        "evaluated": {key: float(value) for key, value in evaluated.items()},
        "predicted": tensor(model.predict_on_batch(x)),
        "weights": [{"path": variable.path.split("/", 1)[-1], **tensor(variable)} for variable in model.weights],
    }


def dense_model():
    model = models.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01), name="hidden"),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    wave_weights(model)
    return model


def weighted():
    """Loss and metrics of one batch under weights of samples and of classes; metrics do not know of weights in Keras."""
    x, y = wave((7, 4), 300), labels(7, 0, 3)
    sample_weight = np.float32([0.5, 2, 0, 1, 3, 0.25, 1])
    class_weight = {0: 0.5, 1: 2, 2: 3}
    cases = {}
    for name, options in {
        "none": {},
        "sample": {"sample_weight": sample_weight},
        "class": {"class_weight": class_weight},
    }.items():
        model = dense_model()
        model.compile(optimizer=optimizers.SGD(0.1), loss="categorical_crossentropy", metrics=["acc", "mse"])
        logs = model.train_on_batch(x, y, return_dict=True, **options)
        cases[name] = {
            "logs": {key: float(value) for key, value in logs.items()},
            "weights": [tensor(variable) for variable in model.weights],
        }
    model = dense_model()
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["acc", "mse"])
    tested = model.test_on_batch(x, y, sample_weight=sample_weight, return_dict=True)
    cases["tested"] = {"logs": {key: float(value) for key, value in tested.items()}, "weights": []}

    sparse = dense_model()
    sparse.compile(optimizer=optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["acc"])
    logs = sparse.train_on_batch(x, y.argmax(axis=1), class_weight=class_weight, return_dict=True)
    cases["sparse"] = {
        "logs": {key: float(value) for key, value in logs.items()},
        "weights": [tensor(variable) for variable in sparse.weights],
    }

    model = dense_model()
    model.compile(optimizer=optimizers.SGD(0.1), loss="categorical_crossentropy", metrics=["acc"])
    x, y = wave((10, 4), 301), labels(10, 1, 3)
    validation = (wave((5, 4), 302), labels(5, 2, 3))
    history = model.fit(
        x, y, epochs=3, batch_size=4, shuffle=False, validation_data=validation, class_weight=class_weight, verbose=0
    )
    fitted = {key: [float(value) for value in values] for key, values in history.history.items()}
    return {"cases": cases, "fit": {"history": fitted, "weights": [tensor(variable) for variable in model.weights]}}


def weight_order():
    inner = models.Sequential(
        [
            layers.Input((6, 6, 3)),
            layers.Conv2D(2, 3, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.SeparableConv2D(4, 3, name="separable"),
        ],
        name="inner",
    )
    model = models.Sequential(
        [inner, layers.GlobalAveragePooling2D(), layers.Dense(2, name="dense", use_bias=False)], name="outer"
    )
    listed = lambda variables: [
        {"path": "/".join(variable.path.split("/")[-2:]), "shape": list(variable.shape)} for variable in variables
    ]
    inner.layers[0].trainable = False
    return {
        "weights": listed(model.weights),
        "trainable": listed(model.trainable_weights),
        "nonTrainable": listed(model.non_trainable_weights),
    }


def vgg16():
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    wave_weights(model)
    image = wave((2, 32, 32, 3), 400, 127.5, 127.5)
    prepared = keras.applications.vgg16.preprocess_input(image.copy())
    result = {
        "layers": [
            {"name": layer.name, "weights": [list(weight.shape) for weight in layer.weights]} for layer in model.layers
        ],
        "topLayers": [
            {"name": layer.name, "weights": [list(weight.shape) for weight in layer.weights]}
            for layer in keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=10).layers
        ],
        "output": tensor(model.predict_on_batch(prepared)[:, 0, 0, ::8]),
        "preprocess": {
            "input": tensor(wave((2, 2, 3), 401, 127.5, 127.5)),
            "output": tensor(keras.applications.vgg16.preprocess_input(wave((2, 2, 3), 401, 127.5, 127.5))),
        },
    }
    if VGG16_FILE.exists():
        real = keras.applications.VGG16(
            weights=str(VGG16_FILE), include_top=False, input_shape=(96, 96, 3), pooling="avg"
        )
        image = keras.applications.vgg16.preprocess_input(wave((1, 96, 96, 3), 402, 127.5, 127.5))
        result["published"] = tensor(real.predict_on_batch(image)[0, ::8])
    else:
        result["published"] = json.loads((GOLDEN / "model-vgg16.json").read_text())["published"]
    return result


if __name__ == "__main__":
    summaries()
    write(
        "model-training.json",
        {
            "runs": [
                steps(1, optimizers.RMSprop(0.005), "binary_crossentropy"),
                steps(3, optimizers.RMSprop(0.005), "categorical_crossentropy"),
                steps(1, optimizers.Adam(0.01), "binary_crossentropy"),
                steps(3, optimizers.SGD(0.05, momentum=0.9, nesterov=True), "categorical_crossentropy"),
            ],
            **weighted(),
            "order": weight_order(),
        },
    )
    write("model-vgg16.json", vgg16())
