"""Golden values of layers and activations: test/golden/nn-layers.json, nn-activations.json.

Run with Keras 3.15.1 on TensorFlow 2.21:  python scripts/golden/nn_layers.py
"""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
from keras import layers as L

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "test" / "golden"
rng = np.random.default_rng(7)


def tensor(array):
    array = np.asarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": [float(str(value)) for value in array.ravel()]}


def draw(shape, scale=1.0, offset=0.0):
    return np.round(rng.normal(size=shape) * scale + offset, 2).astype(np.float32)


def case(layer, *shapes, training=False, positive=False):
    inputs = [draw((2, *shape)) for shape in shapes]
    argument = inputs if isinstance(layer, MERGING) else inputs[0]
    layer(argument)
    for weight in layer.weights:
        positive = weight.name in ("moving_variance", "gamma", "variance")
        weight.assign(draw(weight.shape, 0.2, 1.0) if positive else draw(weight.shape, 0.5))
    before = [{"name": weight.name, **tensor(weight.numpy())} for weight in layer.weights]
    trainable = [weight.name for weight in layer.trainable_weights]
    output = layer(argument, training=True) if training else layer(argument)
    record = {
        "class_name": layer.__class__.__name__,
        "config": json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"])),
        "training": training,
        "inputs": [tensor(value) for value in inputs],
        "weights": before,
        "trainable": trainable,
        "output": tensor(output),
    }
    if training:
        record["after"] = [{"name": weight.name, **tensor(weight.numpy())} for weight in layer.weights]
    return record


MERGING = (L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate)

CASES = [
    lambda: case(L.Conv2D(4, 3), (6, 5, 3)),
    lambda: case(L.Conv2D(4, 3, padding="same", activation="relu"), (6, 5, 3)),
    lambda: case(L.Conv2D(4, 3, strides=2, padding="same"), (6, 5, 3)),
    lambda: case(L.Conv2D(4, 3, strides=2, padding="same", use_bias=False), (7, 6, 2)),
    lambda: case(L.Conv2D(2, (2, 4), strides=(3, 2), padding="same"), (8, 7, 2)),
    lambda: case(L.Conv2D(4, 3, dilation_rate=2, padding="same"), (6, 6, 2)),
    lambda: case(L.Conv2D(4, (3, 2), dilation_rate=(1, 2)), (6, 6, 2)),
    lambda: case(L.Conv2D(4, 3, groups=2, activation="elu"), (5, 5, 4)),
    lambda: case(L.Conv2D(2, 1, strides=2, padding="valid", activation="softmax"), (5, 5, 3)),
    lambda: case(L.DepthwiseConv2D(3), (6, 5, 3)),
    lambda: case(L.DepthwiseConv2D(3, padding="same", strides=2, depth_multiplier=2), (6, 5, 2)),
    lambda: case(L.DepthwiseConv2D((3, 2), dilation_rate=2, padding="same", use_bias=False), (6, 6, 2)),
    lambda: case(L.SeparableConv2D(4, 3), (6, 5, 3)),
    lambda: case(L.SeparableConv2D(3, 3, strides=2, padding="same", depth_multiplier=2, activation="relu"), (6, 5, 2)),
    lambda: case(L.Dense(4), (5,)),
    lambda: case(L.Dense(1, activation="sigmoid"), (5,)),
    lambda: case(L.Dense(3, use_bias=False, activation="softmax"), (4,)),
    lambda: case(L.Dense(4), (3, 5)),
    lambda: case(L.Dense(4, activation="tanh"), (3, 2, 5)),
    lambda: case(L.Dense(2), (2, 3, 2, 3)),
    lambda: case(L.Flatten(), (3, 2, 4)),
    lambda: case(L.Flatten(), (3, 2)),
    lambda: case(L.MaxPooling2D(), (6, 5, 2)),
    lambda: case(L.MaxPooling2D(3, strides=2, padding="same"), (6, 5, 2)),
    lambda: case(L.MaxPooling2D((2, 3), strides=1), (5, 5, 2)),
    lambda: case(L.AveragePooling2D(2), (6, 5, 2)),
    lambda: case(L.AveragePooling2D(3, strides=2, padding="same"), (6, 5, 2)),
    lambda: case(L.AveragePooling2D((3, 2), strides=(1, 2), padding="same"), (5, 5, 2)),
    lambda: case(L.GlobalAveragePooling2D(), (4, 5, 3)),
    lambda: case(L.GlobalAveragePooling2D(keepdims=True), (4, 5, 3)),
    lambda: case(L.GlobalMaxPooling2D(), (4, 5, 3)),
    lambda: case(L.GlobalMaxPooling2D(keepdims=True), (4, 5, 3)),
    lambda: case(L.BatchNormalization(), (4, 3, 3)),
    lambda: case(L.BatchNormalization(), (4, 3, 3), training=True),
    lambda: case(L.BatchNormalization(trainable=False), (4, 3, 3), training=True),
    lambda: case(L.BatchNormalization(scale=False, epsilon=1e-5, momentum=0.9), (4, 3, 3)),
    lambda: case(L.BatchNormalization(center=False, momentum=0.5), (5,), training=True),
    lambda: case(L.BatchNormalization(scale=False, center=False), (5,)),
    lambda: case(L.BatchNormalization(axis=1), (3, 4, 2)),
    lambda: case(L.BatchNormalization(axis=2), (3, 4, 2), training=True),
    lambda: case(L.BatchNormalization(), (3, 4)),
    lambda: case(L.BatchNormalization(), (3, 4), training=True),
    lambda: case(L.Activation("gelu"), (4, 3)),
    lambda: case(L.ReLU(), (6,)),
    lambda: case(L.ReLU(max_value=1.0), (6,)),
    lambda: case(L.ReLU(negative_slope=0.1, threshold=0.5), (12,)),
    lambda: case(L.ReLU(max_value=1.2, negative_slope=0.1, threshold=0.3), (12,)),
    lambda: case(L.ReLU(max_value=1.2, negative_slope=0.2), (12,)),
    lambda: case(L.LeakyReLU(), (6,)),
    lambda: case(L.LeakyReLU(negative_slope=0.1), (3, 2, 2)),
    lambda: case(L.PReLU(), (3, 2, 4)),
    lambda: case(L.PReLU(shared_axes=[1, 2]), (3, 2, 4)),
    lambda: case(L.PReLU(), (6,)),
    lambda: case(L.ELU(), (6,)),
    lambda: case(L.ELU(alpha=0.5), (6,)),
    lambda: case(L.Softmax(), (2, 3, 4)),
    lambda: case(L.Softmax(axis=1), (2, 3, 4)),
    lambda: case(L.Softmax(axis=[1, 2]), (2, 3, 4)),
    lambda: case(L.Dropout(0.4), (5,)),
    lambda: case(L.SpatialDropout2D(0.4), (2, 2, 3)),
    lambda: case(L.GaussianNoise(0.4), (5,)),
    lambda: case(L.GaussianDropout(0.4), (5,)),
    lambda: case(L.Add(), (3, 2, 4), (3, 2, 4), (3, 2, 4)),
    lambda: case(L.Add(), (3, 2, 4), (4,)),
    lambda: case(L.Subtract(), (3, 2, 4), (3, 2, 4)),
    lambda: case(L.Multiply(), (3, 2, 4), (1, 1, 4)),
    lambda: case(L.Multiply(), (3, 2, 4), (2, 4)),
    lambda: case(L.Average(), (5,), (5,), (5,)),
    lambda: case(L.Maximum(), (5,), (5,)),
    lambda: case(L.Minimum(), (5,), (5,)),
    lambda: case(L.Concatenate(), (3, 2, 4), (3, 2, 2)),
    lambda: case(L.Concatenate(axis=1), (3, 2, 4), (2, 2, 4)),
    lambda: case(L.Concatenate(axis=-2), (3, 2), (2, 2)),
    lambda: case(L.ZeroPadding2D(), (3, 2, 2)),
    lambda: case(L.ZeroPadding2D(((0, 1), (2, 1))), (3, 2, 2)),
    lambda: case(L.ZeroPadding2D((2, 1)), (3, 2, 2)),
    lambda: case(L.Cropping2D(1), (4, 5, 2)),
    lambda: case(L.Cropping2D(((1, 0), (0, 2))), (4, 5, 2)),
    lambda: case(L.UpSampling2D(), (2, 3, 2)),
    lambda: case(L.UpSampling2D((3, 1)), (2, 3, 2)),
    lambda: case(L.Rescaling(1 / 127.5, offset=-1.0), (2, 3, 3)),
    lambda: case(L.Rescaling([0.5, 2.0, 1.0], offset=[-1.0, 0.0, 1.0]), (2, 3, 3)),
    lambda: case(L.Reshape((4, 6)), (3, 2, 4)),
    lambda: case(L.Reshape((2, -1, 3)), (12,)),
    lambda: case(L.Reshape((2, 6, -1)), (3, 4, 4)),
    lambda: case(L.Permute((2, 3, 1)), (3, 2, 4)),
    lambda: case(L.Permute((2, 1)), (3, 2)),
]


def write(name, value):
    path = FOLDER / name
    path.write_text(json.dumps(value, separators=(",", ":")).replace('},{"class', '},\n{"class') + "\n")
    print(path.name, path.stat().st_size)


def activations():
    x = np.concatenate([draw((28,), 2), [0.0, 0.5, -0.5, 6.0, -6.0, 30.0, -30.0, 0.25]]).astype(np.float32).reshape(3, 12)
    names = [
        "relu leaky_relu relu6 softmax elu selu softplus softsign soft_shrink sparse_plus silu swish squareplus gelu celu",
        "glu tanh tanh_shrink sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink",
        "linear mish log_softmax log_sigmoid",
    ]
    functions = [
        {"name": name, "output": tensor(keras.activations.get(name)(x))} for name in " ".join(names).split()
    ]
    write("nn-activations.json", {"input": tensor(x), "functions": functions})


if __name__ == "__main__":
    activations()
    write("nn-layers.json", [make() for make in CASES])
