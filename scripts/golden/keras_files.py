"""Files that Keras writes, and what the models in them compute: test/golden/keras-files.zip and keras-files.json.

    python scripts/golden/keras_files.py

Needs Keras, TensorFlow and h5py. The files are small models in each of Keras's formats, packed because HDF5 is
mostly air; keras-files.json holds outputs and, where a model is compiled, the losses and weights of further training steps.
"""

import json
import pathlib
import shutil
import tempfile

from _golden import files_of, tensor, wave, write, write_archive

import h5py
import keras
import numpy as np
from keras import layers

FILES = pathlib.Path(tempfile.mkdtemp())
cases = {}


def wave_weights(model):
    for key, variable in enumerate(model.weights):
        shape = tuple(variable.shape)
        if variable.name in ("moving_variance", "gamma", "variance"):
            variable.assign(wave(shape, key, 0.3, 1.0))
        elif variable.name == "count":
            variable.assign(7)
        elif len(shape) <= 1:
            variable.assign(wave(shape, key, 0.1))
        else:
            variable.assign(wave(shape, key, 1 / np.sqrt(np.prod(shape[:-1]))))


def inputs_of(model, count=3):
    return [wave((count, *tensor.shape[1:]), 100 + key) for key, tensor in enumerate(model.inputs)]


def record(name, model, xs=None, **more):
    xs = inputs_of(model) if xs is None else xs
    ys = model(xs if len(xs) > 1 else xs[0], training=False)
    ys = ys if isinstance(ys, (list, tuple)) else [ys]
    cases[name] = {
        "outputs": [tensor(y) for y in ys],
        "layers": [layer.name for layer in model.layers],
        "trainable": [variable.path for variable in model.trainable_variables],
        **more,
    }


def path(name):
    return FILES / name


def labels(count, classes):
    return np.eye(classes, dtype=np.float32)[np.arange(count) % classes]


def go_on(model, steps=2):
    """Losses and weights of further steps, on the same batch."""
    xs, y = inputs_of(model, 4)[0], labels(4, model.output_shape[-1])
    losses = [float(model.train_on_batch(xs, y, return_dict=True)["loss"]) for _ in range(steps)]
    return {"losses": losses, "weights": [tensor(variable) for variable in model.weights],
            "iterations": int(model.optimizer.iterations)}


def train(model, steps=3):
    xs, y = inputs_of(model, 4)[0], labels(4, model.output_shape[-1])
    for _ in range(steps):
        model.train_on_batch(xs, y)


def cnn(name, dropout=0.0):
    return keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            layers.BatchNormalization(momentum=0.9, name="norm"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Dropout(dropout, name="drop"),
            layers.Flatten(name="flat"),
            layers.Dense(3, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-3), name="head"),
        ],
        name=name,
    )


def sequential():
    model = cnn("small_cnn")
    wave_weights(model)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["acc", keras.metrics.TopKCategoricalAccuracy(k=2, name="top2")],
    )
    train(model)
    model.save(path("sequential.keras"))
    model.save(path("sequential.h5"))
    model.save_weights(path("sequential.weights.h5"))
    record("sequential", model)
    cases["sequential"]["after"] = go_on(model)


def scheduled():
    """A schedule and slots that lie apart in Keras's list of variables; the first layer is frozen."""
    model = cnn("scheduled", dropout=0.4)
    wave_weights(model)
    model.get_layer("conv").trainable = False
    rate = keras.optimizers.schedules.CosineDecay(0.02, 10, alpha=0.1)
    model.compile(
        optimizer=keras.optimizers.RMSprop(rate, momentum=0.9, centered=True), loss="categorical_crossentropy"
    )
    # Without its random numbers, which differ here and there.
    model.get_layer("drop").rate = 0.0
    train(model)
    model.get_layer("drop").rate = 0.0
    model.save(path("scheduled.keras"))
    record("scheduled", model)
    cases["scheduled"]["after"] = go_on(model)


def functional():
    left, right = layers.Input((6, 6, 3), name="left"), layers.Input((6, 6, 3), name="right")
    shared = layers.Conv2D(3, 3, strides=2, padding="same", activation="elu", name="shared")
    tower = keras.Sequential([layers.Input((3, 3, 3)), layers.DepthwiseConv2D(2, name="depth"),
                              layers.BatchNormalization(name="tower_norm")], name="tower")
    a, b = tower(shared(left)), tower(shared(right))
    both = layers.Concatenate(name="both")([a, b])
    pooled = layers.GlobalAveragePooling2D(name="pooled")(both)
    one = layers.Dense(2, activation="softmax", name="one")(pooled)
    tokens = layers.Reshape((4, 3), name="tokens")(layers.Add(name="sum")([a, b]))
    seen = layers.MultiHeadAttention(2, 3, name="attention")(tokens, tokens)
    two = layers.Dense(1, activation="sigmoid", name="two")(layers.Flatten(name="flat")(layers.LeakyReLU(negative_slope=0.2, name="leaky")(seen)))
    model = keras.Model([left, right], [one, two], name="two_towers")
    wave_weights(model)
    model.save(path("functional.keras"))
    model.save(path("functional.h5"))
    model.save_weights(path("functional.weights.h5"))
    record("functional", model)


def nested():
    x = layers.Input((8, 8, 3), name="image")
    y = layers.Conv2D(4, 3, name="c1")(x)
    y = layers.BatchNormalization(name="n1")(y)
    y = layers.ReLU(max_value=6.0, name="r1")(y)
    y = layers.SeparableConv2D(4, 3, name="c2")(y)
    base = keras.Model(x, y, name="base")
    base.trainable = False
    image = layers.Input((8, 8, 3), name="photo")
    y = layers.Rescaling(1 / 2, offset=0.25, name="scale")(image)
    y = layers.Normalization(axis=-1, name="standard")(y)
    y = base(y, training=False)
    y = layers.GlobalMaxPooling2D(name="pool")(y)
    y = layers.Dense(3, activation="softmax", name="head")(y)
    model = keras.Model(image, y, name="transfer")
    wave_weights(model)
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss="categorical_crossentropy",
                  metrics=["accuracy"])
    train(model)
    model.save(path("nested.keras"))
    model.save(path("nested.h5"))
    record("nested", model)
    cases["nested"]["after"] = go_on(model)
    # A model as the last layer: Keras numbers its call otherwise there.
    outer = keras.Sequential([layers.Input((8, 8, 3)), keras.Model(base.input, base.output, name="inner"), layers.Flatten(name="flat")], name="outer")
    last = keras.Model(inp := layers.Input((8, 8, 3), name="in"), keras.Model(base.input, base.output, name="end")(inp), name="ends_in_model")
    last.save(path("ends-in-model.keras"))
    record("ends-in-model", last)
    outer.save(path("nested-sequential.keras"))
    record("nested-sequential", outer)


def inference_call():
    """An inner model that is trained, but called in inference mode. Keras 3.15 forgets the mode in fit, so no steps."""
    x = layers.Input((4, 4, 2), name="x")
    y = layers.Dropout(0.5, name="drop")(layers.BatchNormalization(name="norm")(layers.Conv2D(3, 2, name="conv")(x)))
    base = keras.Model(x, y, name="base")
    image = layers.Input((4, 4, 2), name="image")
    pooled = layers.GlobalAveragePooling2D(name="pool")(base(image, training=False))
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="head")(pooled), name="inference_call")
    wave_weights(model)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="categorical_crossentropy")
    train(model)
    model.save(path("inference-call.keras"))
    record("inference-call", model)


def operations():
    """Arithmetic on tensors, and inputs by name."""
    x, y = layers.Input((4, 4, 2), name="x"), layers.Input((4, 4, 2), name="y")
    mixed = 1.0 - (x * 2.0 + 0.5) / 4.0 + y * x - y
    model = keras.Model({"y": y, "x": x}, layers.Conv2D(2, 2, name="conv")(mixed), name="operations")
    wave_weights(model)
    model.save(path("operations.keras"))
    xs = [wave((3, 4, 4, 2), 100), wave((3, 4, 4, 2), 101)]
    record("operations", model, xs={"x": xs[0], "y": xs[1]})


def keras2():
    """The same files as Keras 2 wrote them: configuration without modules, lists as calls, names that end in `:0`."""
    def old(value):
        if isinstance(value, list):
            return [old(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "DTypePolicy":
            return "float32"
        made = {key: old(item) for key, item in value.items() if key not in ("module", "registered_name", "optional", "quantization_config", "build_input_shape")}
        if "batch_shape" in made:
            made["batch_input_shape"] = made.pop("batch_shape")
        if made.get("class_name") == "BatchNormalization":
            made["config"] = {k: v for k, v in made["config"].items() if not k.startswith("renorm") and k != "synchronized"}
            made["config"]["axis"] = [3]
        if made.get("class_name") == "LeakyReLU":
            made["config"]["alpha"] = made["config"].pop("negative_slope")
        if "inbound_nodes" in made:
            made["inbound_nodes"] = [old_node(node) for node in made["inbound_nodes"]]
        return made

    inner_models = {"tower", "base"}

    def old_reference(tensor, kwargs):
        name, node, index = tensor["config"]["keras_history"]
        return [name, node + 1 if name in inner_models else node, index, kwargs]

    def old_node(node):
        tensors = []
        for argument in node["args"]:
            tensors += argument if isinstance(argument, list) else [argument]
        kwargs = {key: value for key, value in node["kwargs"].items() if value is not None}
        first, *others = tensors
        if len(node["args"]) > 1:  # attention: query by position, value by name
            value = others[0]["config"]["keras_history"]
            return [old_reference(first, {"value": value})]
        return [old_reference(item, kwargs) for item in tensors]

    for name in ("sequential", "functional", "nested"):
        target = path(f"keras2-{name}.h5")
        shutil.copy(path(f"{name}.h5"), target)
        with h5py.File(target, "r+") as file:
            config = old(json.loads(file.attrs["model_config"]))
            if name == "sequential":  # the input's shape stands in the first layer
                shape = config["config"]["layers"].pop(0)["config"]["batch_input_shape"]
                config["config"]["layers"][0]["config"]["batch_input_shape"] = shape
            file.attrs["model_config"] = json.dumps(config).encode()
            file.attrs["keras_version"] = b"2.4.0"
            weights = file["model_weights"]
            weights.attrs["keras_version"] = b"2.4.0"
            for layer in weights.values():
                names = [str(item) for item in layer.attrs["weight_names"]]
                for item in names:
                    layer[f"{item}:0"] = layer[item]
                    del layer[item]
                layer.attrs["weight_names"] = [f"{item}:0".encode() for item in names]
            if "training_config" in file.attrs:
                file.attrs["training_config"] = json.dumps({
                    "loss": "categorical_crossentropy",
                    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "acc", "dtype": "float32", "fn": "categorical_accuracy"}}]],
                    "weighted_metrics": None, "loss_weights": None,
                    "optimizer_config": {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.01, "decay": 0.0, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": False}},
                }).encode()
            if "optimizer_weights" in file:
                del file["optimizer_weights"]
    # Weights only, in Keras 2's layout.
    with h5py.File(path("sequential.h5")) as source, h5py.File(path("keras2-weights.h5"), "w") as target:
        for item in source["model_weights"].values():
            source.copy(item, target)
        for key, value in source["model_weights"].attrs.items():
            target.attrs[key] = value


sequential()
scheduled()
functional()
nested()
operations()
inference_call()
keras2()
write("keras-files.json", {"cases": cases}, ("keras", "tensorflow", "numpy", "h5py"))
write_archive("keras-files.zip", files_of(FILES))
