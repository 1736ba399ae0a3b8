"""Files of older Keras, whose functions and names are others than those of Keras 3, with what they predict:
test/golden/generations.zip and generations.json.

    python scripts/golden/generations.py

Needs TensorFlow, Keras 3 and tf_keras, which is Keras 2. What no version that runs today writes is written by hand, in the
structure that the versions of then wrote: layers of Keras 1, names of TensorFlow 1.13.
"""

import json
import pathlib
import tempfile

from _golden import files_of, tensor, wave, write, write_archive

import h5py
import numpy as np
import tf_keras as keras2

FILES = pathlib.Path(tempfile.mkdtemp())
X = wave((2, 8, 8, 3), 50, 2.0)


def fill(model):
    for key, variable in enumerate(model.weights):
        shape, name = tuple(variable.shape), getattr(variable, "path", variable.name)
        name = name.split("/")[-1].split(":")[0]
        if shape:
            variable.assign(wave(shape, key, 0.4, 1.0 if name in ("gamma", "moving_variance") else 0.0))
    return model


def edit(path, change):
    """Rewrites the configuration in an .h5 file."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(change(config))


def functions():
    """Functions and layers that Keras 3 has otherwise, or not at all."""
    layers = keras2.layers
    x = layers.Input((8, 8, 3), name="x")
    branches = [
        layers.Conv2D(2, 3, activation="hard_sigmoid", name="conv")(x),
        layers.Activation("hard_sigmoid", name="hard")(x),
        layers.Activation("gelu", name="gelu")(x),
        layers.Activation("swish", name="swish")(x),
        layers.ThresholdedReLU(0.7, name="threshold")(x),
        layers.LeakyReLU(name="leaky")(x),
        layers.ELU(0.5, name="elu")(x),
        layers.ReLU(1.5, 0.1, 0.3, name="bounded")(x),
        layers.BatchNormalization(name="norm_v1")(x),
        layers.BatchNormalization(name="norm_sync")(x),
        layers.DepthwiseConv2D(3, name="deep")(x),
        layers.UpSampling2D(2, name="up")(x),
    ]
    return fill(keras2.Model(x, [layers.Flatten()(branch) for branch in branches], name="functions"))


def old_names(config):
    """The classes of TensorFlow 1.13 to 2.1."""
    for layer in config["config"]["layers"]:
        name = layer["config"]["name"]
        layer["class_name"] = {"norm_v1": "BatchNormalizationV1", "norm_sync": "SyncBatchNormalization"}.get(
            name, layer["class_name"]
        )
        if name == "swish":
            layer["config"]["activation"] = "swish_v1"
    return config


def keras2_functions():
    model = functions()
    model.save(FILES / "functions.h5")
    edit(FILES / "functions.h5", old_names)
    model.save(FILES / "functions-v3.keras")
    return [tensor(y) for y in model(X, training=False)]


def keras1():
    """A network in the way of Keras 1.2, whose options have other names: two paths that a Merge joins."""
    layers = keras2.layers
    x = layers.Input((8, 8, 3), name="x")
    y = layers.ZeroPadding2D(((1, 0), (2, 1)), name="pad")(x)
    y = layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="hard_sigmoid", name="conv")(y)
    y = layers.BatchNormalization(epsilon=1e-5, name="norm")(y)
    left = layers.Conv2D(4, 2, dilation_rate=(2, 2), name="holes")(y)
    right = layers.SeparableConv2D(4, 3, name="separable")(y)
    y = layers.Concatenate(name="merge")([layers.GlobalAveragePooling2D(name="a")(left),
                                          layers.GlobalMaxPooling2D(name="b")(right)])
    y = layers.Dense(3, activation="softmax", name="head")(layers.Dropout(0.5, name="drop")(y))
    model = fill(keras2.Model(x, y, name="old"))

    base = {"trainable": True}
    conv = {"init": "glorot_uniform", "border_mode": "valid", "subsample": [1, 1], "dim_ordering": "tf",
            "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 1e-4}, "b_regularizer": None,
            "activity_regularizer": None, "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}, "b_constraint": None,
            "bias": True, "activation": "linear", **base}

    def layer(kind, name, config, *inputs):
        nodes = [[[source, 0, 0] for source in inputs]] if inputs else []
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    config = {"class_name": "Model", "config": {"name": "old", "layers": [
        layer("InputLayer", "x", {"batch_input_shape": [None, 8, 8, 3], "input_dtype": "float32", "sparse": False}),
        layer("ZeroPadding2D", "pad", {"padding": [1, 0, 2, 1], "dim_ordering": "tf", **base}, "x"),
        layer("Convolution2D", "conv", {**conv, "nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": [2, 1],
                                        "border_mode": "same", "activation": "hard_sigmoid"}, "pad"),
        layer("BatchNormalization", "norm", {"epsilon": 1e-5, "mode": 0, "axis": -1, "momentum": 0.99,
                                             "gamma_regularizer": None, "beta_regularizer": None, **base}, "conv"),
        layer("AtrousConvolution2D", "holes", {**conv, "nb_filter": 4, "nb_row": 2, "nb_col": 2,
                                               "atrous_rate": [2, 2]}, "norm"),
        layer("SeparableConvolution2D", "separable",
              {"nb_filter": 4, "nb_row": 3, "nb_col": 3, "init": "glorot_uniform", "depth_multiplier": 1,
               "depthwise_regularizer": None, "pointwise_regularizer": None, "depthwise_constraint": None,
               "pointwise_constraint": None, "b_regularizer": None, "b_constraint": None, "activity_regularizer": None,
               "border_mode": "valid", "subsample": [1, 1], "dim_ordering": "tf", "bias": True, "activation": "linear",
               **base}, "norm"),
        layer("GlobalAveragePooling2D", "a", {"dim_ordering": "tf", **base}, "holes"),
        layer("GlobalMaxPooling2D", "b", {"dim_ordering": "tf", **base}, "separable"),
        layer("Merge", "merge", {"mode": "concat", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1,
                                 "output_shape": None, "output_shape_type": "raw", "output_mask": None,
                                 "output_mask_type": "raw", "arguments": {}}, "a", "b"),
        layer("Dropout", "drop", {"p": 0.5, **base}, "merge"),
        layer("Dense", "head", {"output_dim": 3, "init": "glorot_uniform", "activation": "softmax", "W_regularizer": None,
                                "b_regularizer": None, "activity_regularizer": None, "W_constraint": None,
                                "b_constraint": None, "bias": True, "input_dim": 8, **base}, "drop"),
    ], "input_layers": [["x", 0, 0]], "output_layers": [["head", 0, 0]]}}
    for backend in ("tensorflow", "theano"):
        write_keras1(FILES / f"keras1-{backend}.h5", model, config, backend)
    return tensor(model(X, training=False))


def write_keras1(path, model, config, backend):
    """Theano flips kernels, hence what it trained is flipped in the file."""
    names = {"kernel": "W", "bias": "b", "moving_mean": "running_mean", "moving_variance": "running_std"}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "1.2.2"
        file.attrs["backend"] = backend
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            own = group.create_group(layer.name)
            kept = []
            for variable in layer.weights:
                short = variable.name.split("/")[-1].split(":")[0]
                name = f"{layer.name}_{names.get(short, short)}"
                value = variable.numpy()
                if backend == "theano" and layer.name in ("conv", "holes"):
                    value = value[::-1, ::-1] if value.ndim == 4 else value
                own[name] = value
                kept.append(name.encode())
            own.attrs["weight_names"] = kept


def batch(step):
    return wave((4, 8, 8, 3), 100 + step), np.eye(3, dtype=np.float32)[(np.arange(4) + step) % 3]


def classifier(keras):
    layers = keras.layers
    return fill(keras.Sequential([
        layers.Input((8, 8, 3), name="x"),
        layers.Conv2D(2, 3, strides=2, activation="relu", name="conv"),
        layers.BatchNormalization(name="norm"),
        layers.GlobalAveragePooling2D(name="pool"),
        layers.Dense(3, activation="softmax", dtype="float32", name="head"),
    ]))


def training(keras, name, optimizer, save):
    """Three steps, the file, and the losses of two steps more."""
    model = classifier(keras)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["acc"])
    for step in range(3):
        model.train_on_batch(*batch(step))
    save(model, FILES / name)
    losses = [float(model.train_on_batch(*batch(step), return_dict=True)["loss"]) for step in range(3, 5)]
    return {"losses": losses, "weights": [tensor(variable) for variable in model.weights]}


def whole(model, path):
    model.save(path)


NATIVE = {"SGD": ["momentum"], "RMSprop": ["rms"], "Adagrad": ["accumulator"], "Adam": ["m", "v"], "Adamax": ["m", "v"],
          "Adadelta": ["accum_grad", "accum_var"]}


def native(model, path):
    """As Keras 2.0 to 2.2 by itself wrote it: the variables of the optimizer one slot after the other, named by their places."""
    model.save(path)
    optimizer = model.optimizer
    kind = type(optimizer).__name__
    variables = [optimizer.get_slot(weight, slot) for slot in NATIVE[kind] for weight in model.trainable_weights]
    values = [variable.numpy() for variable in variables]
    if kind == "Adam":
        # Placeholders of vhat.
        values += [np.zeros(1, np.float32) for _ in model.trainable_weights]
    names = [f"training/{kind}/Variable{f'_{index}' if index else ''}:0" for index in range(len(values))]
    if kind not in ("RMSprop", "Adagrad", "Adadelta"):
        names, values = [f"{kind}/iterations:0", *names], [np.int64(optimizer.iterations.numpy()), *values]
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.2.4"
        compiled = json.loads(file.attrs["training_config"])
        config = compiled["optimizer_config"]["config"]
        compiled["optimizer_config"]["config"] = {
            "lr": config["learning_rate"], **{key: value for key, value in config.items() if key not in (
                "learning_rate", "name", "initial_accumulator_value")},
        }
        compiled["metrics"], compiled["sample_weight_mode"] = ["acc"], None
        file.attrs["training_config"] = json.dumps(compiled)
        del file["optimizer_weights"]
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, value in zip(names, values):
            group[name] = value


def trainings():
    import keras as keras3

    new, legacy = keras2.optimizers, keras2.optimizers.legacy
    cases = {
        "native-sgd.h5": (legacy.SGD(0.05, momentum=0.9), native),
        "native-rmsprop.h5": (legacy.RMSprop(0.01, epsilon=1e-12), native),
        "native-adam.h5": (legacy.Adam(0.01), native),
        "native-adamax.h5": (legacy.Adamax(0.01), native),
        "native-adagrad.h5": (legacy.Adagrad(0.05), native),
        "native-adadelta.h5": (legacy.Adadelta(1.0), native),
        "archive-adam.keras": (new.Adam(0.01), whole),
        "archive-rmsprop.keras": (new.RMSprop(0.01, momentum=0.5, centered=True), whole),
        "archive-sgd.keras": (new.SGD(0.05, momentum=0.9), whole),
        "archive-adafactor.keras": (new.Adafactor(0.01), whole),
    }
    results = {name: training(keras2, name, *case) for name, case in cases.items()}
    # The optimizers are those of mixed precision; the layers compute in float32, so that numbers can be compared.
    scaled = {
        "scaled-new.h5": (keras2, keras2.mixed_precision.LossScaleOptimizer(new.Adam(0.01))),
        "scaled-legacy.h5": (keras2, keras2.mixed_precision.LossScaleOptimizer(legacy.Adam(0.01))),
        "scaled-fixed.h5": (keras2, keras2.mixed_precision.LossScaleOptimizer(legacy.SGD(0.05, momentum=0.9), dynamic=False,
                                                                               initial_scale=128)),
        "scaled-3.h5": (keras3, keras3.optimizers.LossScaleOptimizer(keras3.optimizers.Adam(0.01))),
        "scaled-3.keras": (keras3, keras3.optimizers.LossScaleOptimizer(keras3.optimizers.Adam(0.01))),
        "scaled-new.keras": (keras2, keras2.mixed_precision.LossScaleOptimizer(new.Adam(0.01))),
    }
    for name, (keras, optimizer) in scaled.items():
        results[name] = training(keras, name, optimizer, whole)
    return results


def mixed():
    """A mixed policy by the names that versions gave it."""
    model = classifier(keras2)
    model.save(FILES / "mixed.h5")
    policies = ["mixed_float16", {"class_name": "Policy", "config": {"name": "mixed_float16"}},
                {"class_name": "PolicyV1", "config": {"name": "mixed_bfloat16", "loss_scale": {}}},
                {"module": "keras.mixed_precision", "class_name": "Policy", "config": {"name": "mixed_float16"},
                 "registered_name": None}]

    def change(config):
        for layer, policy in zip(config["config"]["layers"][1:], policies):
            layer["config"]["dtype"] = policy
        return config

    edit(FILES / "mixed.h5", change)
    return tensor(model(X, training=False))


def operations():
    """TensorFlow's functions on tensors of a functional model, as Keras 2 keeps them."""
    import tensorflow as tf

    layers, apps = keras2.layers, keras2.applications
    x, z = layers.Input((8, 8, 3), name="x"), layers.Input((6,), name="z")
    small, tall = tf.constant([1.0, 2.0, 3.0]), np.float32([[[0.5], [1.5]]] * 4)
    outputs = [
        x[..., ::-1], x[:, 1:5, :, 0:2], x[:, tf.newaxis, 0], z[:, 2:], tf.cast(tf.cast(x * 4.0, "int32"), "float32"),
        tf.clip_by_value(x, -0.5, 0.5), tf.nn.relu6(x * 9.0), tf.reduce_mean(x, axis=[1, 2]),
        tf.reduce_mean(x, axis=-1, keepdims=True), tf.reduce_sum(x, [1, 2]), tf.reduce_max(x, axis=1), tf.reduce_min(z, axis=-1),
        x * small, x - small, small / (x + 5.0), 1.0 - x, 2.0 / (x + 5.0), -x, x**2, tf.abs(x), (x + 5.0) // 2.0, x % 2.0,
        x * x, tf.add_n([x, x, x]), tf.maximum(x, 0.1), tf.minimum(1.0, x),
        tf.image.resize(x, [5, 6]), tf.image.resize(x, (16, 16), method="nearest"), tf.reshape(x, [-1, 192]), tf.reshape(x, (-1, 16, 4, 3)),
        tf.concat([x, x * 2.0], axis=-1), tf.stack([x, x], axis=1), tf.transpose(x, [0, 3, 1, 2]), tf.expand_dims(x, 1),
        tf.squeeze(tf.expand_dims(z, 1), axis=1), tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]),
        tf.pad(x, [[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT"), tf.nn.relu(x), tf.nn.softmax(x), tf.nn.softmax(x, axis=1),
        tf.sigmoid(x), tf.tanh(x), tf.nn.silu(x), tf.nn.leaky_relu(x), tf.nn.leaky_relu(x, alpha=0.1), tf.nn.elu(x), tf.nn.gelu(x),
        tf.nn.gelu(x, approximate=True), tf.nn.softplus(x), tf.nn.selu(x), keras2.activations.hard_sigmoid(x),
        tf.nn.bias_add(x, [1.0, 2.0, 3.0]), tf.math.l2_normalize(z, axis=1), tf.norm(z, axis=-1), tf.exp(x), tf.math.log(x + 5.0),
        tf.sqrt(x + 5.0), tf.square(x), tf.math.rsqrt(x + 5.0), tf.cast(tf.argmax(z, axis=-1), "float32"), tf.where(x > 0.0, x, x * 0.1),
        tf.identity(x), tf.stop_gradient(x), tf.tile(z, [1, 2]), tf.split(x, 3, axis=-1)[1], tf.unstack(x, axis=-1)[2],
        tf.reverse(x, axis=[-1]), tf.gather(x, [2, 0], axis=-1), tf.nn.avg_pool2d(x, 2, 2, "SAME"), tf.nn.max_pool2d(x, 3, 2, "VALID"),
        tf.image.flip_left_right(x), keras2.backend.batch_flatten(x), keras2.backend.resize_images(x, 2, 2, "channels_last"),
        apps.vgg16.preprocess_input(x), apps.densenet.preprocess_input(x), apps.mobilenet_v2.preprocess_input(x), x[:, :, 1:3, :] + tall[0],
    ]
    model = keras2.Model([x, z], outputs, name="operations")
    model.save(FILES / "operations.h5")
    outputs = [tensor(y) for y in model([X, wave((2, 6), 51)], training=False)]
    # Keras 2 cannot write "..." into archives.
    kept = [x[:, 1:5, :, 0:2], x[:, 0], x * small, small - x, tf.concat([x, x], -1), apps.densenet.preprocess_input(x)]
    model = keras2.Model(x, kept)
    model.save(FILES / "operations-v3.keras")
    return {"h5": outputs, "archive": [tensor(y) for y in model(X, training=False)]}


def preprocessing():
    """The same functions inside a model of Keras 3."""
    import keras as keras3

    layers, apps = keras3.layers, keras3.applications
    x = layers.Input((8, 8, 3), name="x")
    outputs = [apps.vgg16.preprocess_input(x), apps.densenet.preprocess_input(x), apps.mobilenet_v2.preprocess_input(x)]
    model = keras3.Model(x, outputs, name="preprocessing")
    model.save(FILES / "preprocessing.keras")
    model.save(FILES / "preprocessing.h5")
    return [tensor(y) for y in model(X, training=False)]


content = {"functions": keras2_functions(), "keras1": keras1(), "mixed": mixed(), "operations": operations(),
           "preprocessing": preprocessing(), "trainings": trainings()}
write("generations.json", content, ("keras", "tf_keras", "tensorflow", "numpy"))
write_archive("generations.zip", files_of(FILES))
