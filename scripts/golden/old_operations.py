"""Golden values of functions of TensorFlow and of layers as activation functions in models of Keras 2 and 3: test/golden/old-operations.json.

    python scripts/golden/old_operations.py

Needs Keras, tf_keras and TensorFlow. Each case is a functional model of one expression as Keras writes it into files, and its output
on numbers.
"""

import json

from _golden import write

import keras
import numpy as np
import tensorflow as tf
import tf_keras

rng = np.random.default_rng(13)
VECTOR, MATRIX, IMAGE = (6,), (4, 6), (6, 4, 3)
fixed = np.round(rng.normal(size=(6, 2)), 2).astype(np.float32)


def tensor(array):
    array = np.asarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": [float(str(value)) for value in array.ravel()]}


def case(library, name, function, *shapes):
    library.backend.clear_session()
    inputs = [library.Input(shape) for shape in shapes]
    outputs = function(*inputs)
    model = library.Model(inputs, list(outputs) if isinstance(outputs, (list, tuple)) else [outputs])
    for weight in model.weights:
        weight.assign(np.round(rng.normal(size=weight.shape), 2))
    values = [np.round(rng.normal(size=(2, *shape)), 2).astype(np.float32) for shape in shapes]
    results = model(values if len(values) > 1 else values[0])
    results = results if isinstance(results, (list, tuple)) else [results]
    return {
        "name": name,
        "generation": 2 if library is tf_keras else 3,
        "config": json.loads(model.to_json()),
        "weights": [tensor(weight.numpy()) for weight in model.weights],
        "inputs": [tensor(value) for value in values],
        "outputs": [tensor(tf.cast(one, "float32").numpy()) for one in results],
    }


def with_layer(layers):
    return [
        ("leaky relu", lambda x: layers.Dense(3, activation=layers.LeakyReLU(0.1))(x), VECTOR),
        ("relu with bounds", lambda x: layers.Dense(3, activation=layers.ReLU(0.5, 0.1, 0.2))(x), VECTOR),
        ("elu of a convolution", lambda x: layers.Conv2D(2, 3, activation=layers.ELU(0.5))(x), IMAGE),
        ("softmax over rows", lambda x: layers.Dense(3, activation=layers.Softmax(axis=1))(x), MATRIX),
        ("layer in Activation", lambda x: layers.Activation(layers.LeakyReLU(0.3))(x), VECTOR),
    ]


FUNCTIONS = [
    ("squared difference", lambda x, y: tf.math.squared_difference(x, y), VECTOR, VECTOR),
    ("matmul", lambda x, y: tf.matmul(x, y), (4, 6), (6, 3)),
    ("matmul turned", lambda x, y: tf.matmul(x, y, transpose_b=True), MATRIX, MATRIX),
    ("matmul turned first", lambda x, y: tf.matmul(x, y, transpose_a=True), MATRIX, MATRIX),
    ("matmul turned both", lambda x, y: tf.matmul(x, y, transpose_a=True, transpose_b=True), (4, 6), (3, 4)),
    ("tensordot", lambda x: tf.tensordot(x, tf.constant(fixed), axes=1), MATRIX),
    ("one hot", lambda x: tf.one_hot(tf.cast(tf.abs(x), "int32"), 3), VECTOR),
    ("one hot before", lambda x: tf.one_hot(tf.cast(tf.abs(x), "int32"), 3, axis=1), VECTOR),
    ("split", lambda x: tf.split(x, [1, 2, 3], axis=-1), MATRIX),
    ("split with a rest", lambda x: tf.split(x, [1, 2, -1], axis=2), MATRIX),
    ("gray", lambda x: tf.image.rgb_to_grayscale(x), IMAGE),
    ("logsumexp", lambda x: tf.math.reduce_logsumexp(x, axis=1, keepdims=True), MATRIX),
    ("expm1", lambda x: tf.math.expm1(x), VECTOR),
    ("depth to space", lambda x: tf.nn.depth_to_space(x, 2), (3, 2, 8)),
    ("space to depth", lambda x: tf.nn.space_to_depth(x, 2), (4, 6, 2)),
    ("cumsum", lambda x: tf.cumsum(x, axis=1), MATRIX),
    ("top k", lambda x: tf.nn.top_k(x, 2), VECTOR),
    ("sort", lambda x: tf.sort(x, axis=1), MATRIX),
]

cases = [case(tf_keras, *entry) for entry in FUNCTIONS + with_layer(tf_keras.layers)]
cases += [case(keras, *entry) for entry in with_layer(keras.layers)]
write("old-operations.json", {"cases": cases})
