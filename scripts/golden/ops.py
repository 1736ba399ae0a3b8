"""Golden values of Keras's operations in functional models: test/golden/ops.json.

    python scripts/golden/ops.py

Needs Keras and TensorFlow. Each case is a model of one expression as Keras writes it into files, its output on numbers, and the
product and norm of its gradient by each input. A case that is added goes to the end, so that what the others hold stays.
"""

import json

from _golden import write

import keras
import numpy as np
import tensorflow as tf
from keras import ops

rng = np.random.default_rng(11)


def tensor(array):
    array = np.asarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": [float(str(value)) for value in array.ravel()]}


def pattern(size, rate):
    return np.cos(rate * np.arange(size)).astype(np.float32)


def case(name, function, *shapes, positive=False, fraction=False):
    keras.utils.clear_session()
    inputs = [keras.Input(shape) for shape in shapes]
    outputs = function(*inputs)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    model = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0])
    values = [np.round(rng.normal(size=(2, *shape)) * 1.5, 2).astype(np.float32) for shape in shapes]
    if positive:
        values = [np.abs(value) + np.float32(0.25) for value in values]
    if fraction:
        values = [np.round(np.clip(value / 4, -0.9, 0.9), 2) for value in values]
    variables = [tf.Variable(value) for value in values]
    with tf.GradientTape() as tape:
        given = [tf.identity(variable) for variable in variables]
        results = model(given if len(given) > 1 else given[0])
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        floats = [tf.cast(result, "float32") for result in results]
        total = sum(tf.reduce_sum(tf.reshape(one, [-1]) * pattern(tf.size(one).numpy(), 0.7)) for one in floats)
    gradients = tape.gradient(total, variables)
    flat = [None if one is None else np.asarray(tf.convert_to_tensor(one)).ravel() for one in gradients]
    return {
        "name": name,
        "config": json.loads(model.to_json()),
        "inputs": [tensor(value) for value in values],
        "outputs": [tensor(one.numpy()) for one in floats],
        "gradients": [
            None if one is None else [float(one @ pattern(len(one), 1.3)), float(np.linalg.norm(one))] for one in flat
        ],
    }


IMAGE = (4, 5, 3)
VECTOR = (6,)
ROW = np.array([1.5, -2.0, 0.5], "float32")
KERNEL = np.round(np.random.default_rng(3).normal(size=(3, 2, 3, 4)), 2).astype("float32")
DEPTHWISE = np.round(np.random.default_rng(4).normal(size=(3, 3, 3, 2)), 2).astype("float32")
POINTWISE = np.round(np.random.default_rng(5).normal(size=(1, 1, 6, 4)), 2).astype("float32")


def whole(x):
    return ops.cast(ops.round(x * 3), "int32")


CASES = [
    ("add", lambda x, y: x + y, IMAGE, IMAGE),
    ("add number", lambda x: x + 1, IMAGE),
    ("add row", lambda x: ops.add(x, ROW), IMAGE),
    ("add broadcast", lambda x, y: x + ops.expand_dims(y, 1), IMAGE, (5, 3)),
    ("subtract", lambda x, y: x - y, VECTOR, VECTOR),
    ("subtract from number", lambda x: 1 - x, IMAGE),
    ("multiply", lambda x: x * 2.5, IMAGE),
    ("divide", lambda x: x / ROW, IMAGE),
    ("ops.divide", lambda x, y: ops.divide(x, y + 10), VECTOR, VECTOR),
    ("negative", lambda x: -x, IMAGE),
    ("power", lambda x: x**2, IMAGE),
    ("mod", lambda x: ops.mod(x, 0.7), VECTOR),
    ("floor divide", lambda x: x // 0.7, VECTOR),
    ("maximum", lambda x, y: ops.maximum(x, y), VECTOR, VECTOR),
    ("minimum", lambda x: ops.minimum(x, 0.5), IMAGE),
    ("absolute", ops.absolute, IMAGE),
    ("abs", abs, IMAGE),
    ("square", ops.square, IMAGE),
    ("expm1", ops.expm1, VECTOR),
    ("exp", ops.exp, IMAGE),
    ("tanh", ops.tanh, IMAGE),
    ("sin", ops.sin, VECTOR),
    ("cos", ops.cos, VECTOR),
    ("tan", lambda x: ops.tan(x / 4), VECTOR),
    ("erf", ops.erf, VECTOR),
    ("sign", ops.sign, VECTOR),
    ("floor", ops.floor, VECTOR),
    ("ceil", ops.ceil, VECTOR),
    ("round", ops.round, VECTOR),
    ("round decimals", lambda x: ops.round(x, 1), VECTOR),
    ("clip", lambda x: ops.clip(x, -0.5, 0.75), IMAGE),
    ("where", lambda x, y: ops.where(x > 0, x, y), IMAGE, IMAGE),
    ("where number", lambda x: ops.where(x >= 0.5, x, 0.0), VECTOR),
    ("comparisons", lambda x, y: [x > y, x >= y, x < y, x <= y, ops.equal(x, y), ops.not_equal(x, y)], VECTOR, VECTOR),
    (
        "logical",
        lambda x, y: [
            ops.logical_and(x > 0, y > 0),
            ops.logical_or(x > 0, y > 0),
            ops.logical_xor(x > 0, y > 0),
            ops.logical_not(x > 0),
        ],
        VECTOR,
        VECTOR,
    ),
    ("isfinite", lambda x: [ops.isnan(x), ops.isinf(x), ops.isfinite(x)], VECTOR),
    ("sum", lambda x: ops.sum(x, axis=[1, 2]), IMAGE),
    ("sum keepdims", lambda x: ops.sum(x, axis=-1, keepdims=True), IMAGE),
    ("mean", lambda x: ops.mean(x, axis=[1, 2]), IMAGE),
    ("mean channels", lambda x: ops.mean(x, axis=-1), IMAGE),
    ("max", lambda x: ops.max(x, axis=[1, 2]), IMAGE),
    ("min", lambda x: ops.min(x, axis=1, keepdims=True), IMAGE),
    ("prod", lambda x: ops.prod(x, axis=-1), VECTOR),
    ("var", lambda x: ops.var(x, axis=[1, 2]), IMAGE),
    ("std", lambda x: ops.std(x, axis=-1, keepdims=True), IMAGE),
    ("logsumexp", lambda x: ops.logsumexp(x, axis=-1), IMAGE),
    ("any all", lambda x: [ops.any(x > 1, axis=-1), ops.all(x > -1, axis=[1, 2])], IMAGE),
    ("argmax", lambda x: [ops.argmax(x, axis=-1), ops.argmin(x, axis=1, keepdims=True)], IMAGE),
    ("count nonzero", lambda x: ops.count_nonzero(x > 0, axis=-1), VECTOR),
    ("norm", lambda x: ops.norm(x, axis=-1), IMAGE),
    ("norm 1", lambda x: ops.norm(x, ord=1, axis=-1, keepdims=True), VECTOR),
    ("reshape", lambda x: ops.reshape(x, (-1, 5, 12)), IMAGE),
    ("transpose", lambda x: ops.transpose(x, (0, 2, 1, 3)), IMAGE),
    ("swapaxes", lambda x: ops.swapaxes(x, 1, -1), IMAGE),
    ("moveaxis", lambda x: ops.moveaxis(x, -1, 1), IMAGE),
    ("expand dims", lambda x: ops.expand_dims(x, 1), IMAGE),
    ("expand to image", lambda x: ops.expand_dims(x, -1), (4, 5)),
    ("squeeze", lambda x: ops.squeeze(x, axis=-1), (4, 5, 1)),
    ("concatenate", lambda x, y: ops.concatenate([x, y], axis=-1), IMAGE, IMAGE),
    ("concatenate rows", lambda x, y: ops.concatenate([x, y], axis=1), IMAGE, IMAGE),
    ("stack", lambda x, y: ops.stack([x, y], axis=-1), VECTOR, VECTOR),
    ("split", lambda x: ops.split(x, 3, axis=-1), IMAGE),
    ("split at", lambda x: ops.split(x, [1, 3], axis=1), IMAGE),
    ("unstack", lambda x: ops.unstack(x, axis=-1), IMAGE),
    ("tile", lambda x: ops.tile(x, [1, 2, 1, 3]), IMAGE),
    ("repeat", lambda x: ops.repeat(x, 2, axis=1), IMAGE),
    ("pad", lambda x: ops.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]), IMAGE),
    ("pad value", lambda x: ops.pad(x, [[0, 0], [1, 2]], constant_values=3.0), VECTOR),
    ("pad reflect", lambda x: ops.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], mode="reflect"), IMAGE),
    ("flip", lambda x: ops.flip(x, axis=-1), IMAGE),
    ("roll", lambda x: ops.roll(x, 2, axis=1), IMAGE),
    ("get item", lambda x: x[:, 1:, ::2, -1], IMAGE),
    ("get item reversed", lambda x: x[..., ::-1], IMAGE),
    ("get item new axis", lambda x: x[:, None, 2], VECTOR),
    ("get item one", lambda x: x[:, 0], IMAGE),
    ("take", lambda x: ops.take(x, [2, 0, 0], axis=-1), IMAGE),
    ("take along axis", lambda x: ops.take_along_axis(x, ops.argmax(x, axis=-1, keepdims=True), axis=-1), VECTOR),
    ("top k", lambda x: ops.top_k(x, 2), VECTOR),
    ("one hot", lambda x: ops.one_hot(ops.argmax(x, axis=-1), 6), VECTOR),
    ("cast", lambda x: ops.cast(whole(x), "float32") * x, VECTOR),
    ("integers", lambda x: [whole(x) + 1, whole(x) * 0.5, whole(x) / 2, whole(x) // 2], VECTOR),
    ("stop gradient", lambda x: x * ops.stop_gradient(x), IMAGE),
    ("ones like", lambda x: [ops.ones_like(x), ops.zeros_like(x)], IMAGE),
    ("matmul", lambda x, y: x @ y, (4, 5), (5, 3)),
    ("matmul images", lambda x, y: ops.matmul(x, ops.transpose(y, (0, 1, 3, 2))), IMAGE, IMAGE),
    ("dot", lambda x: ops.dot(x, KERNEL[0, 0]), IMAGE),
    ("einsum", lambda x, y: ops.einsum("nhwc,nhwd->ncd", x, y), IMAGE, (4, 5, 2)),
    ("einsum matrices", lambda x, y: ops.einsum("nic,njc->nij", x, y), (4, 3), (5, 3)),
    ("relu", ops.relu, IMAGE),
    ("relu6", ops.relu6, IMAGE),
    ("sigmoid", ops.sigmoid, IMAGE),
    ("silu", ops.silu, VECTOR),
    ("softplus", ops.softplus, VECTOR),
    ("softsign", ops.softsign, VECTOR),
    ("selu", ops.selu, VECTOR),
    ("elu", lambda x: ops.elu(x, 0.5), VECTOR),
    ("leaky relu", lambda x: ops.leaky_relu(x, 0.1), IMAGE),
    ("gelu", ops.gelu, VECTOR),
    ("gelu exact", lambda x: ops.gelu(x, approximate=False), VECTOR),
    ("hard sigmoid", ops.hard_sigmoid, VECTOR),
    ("hard silu", ops.hard_silu, VECTOR),
    ("log sigmoid", ops.log_sigmoid, VECTOR),
    ("softmax", ops.softmax, IMAGE),
    ("softmax rows", lambda x: ops.softmax(x, axis=1), IMAGE),
    ("log softmax", ops.log_softmax, VECTOR),
    ("normalize", lambda x: ops.normalize(x, axis=-1), IMAGE),
    ("conv", lambda x: ops.conv(x, KERNEL, strides=1, padding="same"), IMAGE),
    ("conv strides", lambda x: ops.conv(x, KERNEL, strides=2, padding="valid"), IMAGE),
    ("depthwise conv", lambda x: ops.depthwise_conv(x, DEPTHWISE, padding="same"), IMAGE),
    ("separable conv", lambda x: ops.separable_conv(x, DEPTHWISE, POINTWISE, padding="valid"), IMAGE),
    ("max pool", lambda x: ops.max_pool(x, 2, strides=1, padding="same"), IMAGE),
    ("average pool", lambda x: ops.average_pool(x, 2), IMAGE),
    ("image resize", lambda x: ops.image.resize(x, (8, 7)), IMAGE),
    ("image resize nearest", lambda x: ops.image.resize(x, (2, 3), interpolation="nearest"), IMAGE),
    ("image grayscale", ops.image.rgb_to_grayscale, IMAGE),
    ("cosine similarity", lambda x, y: ops.sum(ops.normalize(x) * ops.normalize(y), axis=-1), VECTOR, VECTOR),
    ("activations relu", lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=1.0, threshold=0.2), VECTOR),
]
POSITIVE = [
    ("sqrt", ops.sqrt, IMAGE),
    ("rsqrt", ops.rsqrt, VECTOR),
    ("reciprocal", ops.reciprocal, VECTOR),
    ("log", ops.log, IMAGE),
    ("log1p", ops.log1p, VECTOR),
    ("log2", ops.log2, VECTOR),
    ("log10", ops.log10, VECTOR),
]

LATER = [
    ("sort", lambda x: [ops.sort(x), ops.sort(x, axis=1)], (4, 3)),
    ("argsort", lambda x: [ops.argsort(x), ops.argsort(x, axis=1)], (4, 3)),
    ("median", lambda x: [ops.median(x, axis=-1), ops.median(x, axis=1, keepdims=True)], (4, 3)),
    ("cumsum", lambda x: [ops.cumsum(x, axis=1), ops.cumsum(x, axis=-1)], IMAGE),
    ("cumprod", lambda x: ops.cumprod(x, axis=-1), VECTOR),
    ("cumsum integers", lambda x: ops.cumsum(whole(x), axis=1), VECTOR),
    ("diff", lambda x: [ops.diff(x), ops.diff(x, n=2, axis=1)], (4, 3)),
    ("in top k", lambda x, y: ops.in_top_k(ops.argmax(x, axis=-1), y, k=2), VECTOR, VECTOR),
    ("multi hot", lambda x: ops.multi_hot(ops.argsort(x)[:, :2], 6), VECTOR),
    ("moments", lambda x: ops.moments(x, axes=[1, 2]), IMAGE),
    ("moments keepdims", lambda x: ops.moments(x, axes=[-1], keepdims=True), IMAGE),
    # TensorFlow cannot differentiate it.
    ("slice update", lambda x, y: ops.slice_update(ops.stop_gradient(x), (0, 1, 2, 0), ops.stop_gradient(y)), IMAGE, (2, 1, 3)),
    ("tril triu", lambda x: [ops.tril(x), ops.triu(x, k=1), ops.tril(x, k=-1)], (4, 3)),
    ("diagonal", lambda x: [ops.diagonal(x, axis1=1, axis2=2), ops.trace(x, offset=1, axis1=1, axis2=2)], (4, 4)),
    ("binary crossentropy", lambda x, y: ops.binary_crossentropy(ops.sigmoid(x), ops.sigmoid(y)), VECTOR, VECTOR),
    ("binary crossentropy logits", lambda x, y: ops.binary_crossentropy(ops.sigmoid(x), y, from_logits=True), VECTOR, VECTOR),
    ("categorical crossentropy", lambda x, y: ops.categorical_crossentropy(ops.softmax(x), ops.square(y) + 0.1), VECTOR, VECTOR),
    (
        "categorical crossentropy logits",
        lambda x, y: ops.categorical_crossentropy(ops.softmax(x), y, from_logits=True),
        VECTOR,
        VECTOR,
    ),
    (
        "sparse categorical crossentropy",
        lambda x, y: ops.sparse_categorical_crossentropy(ops.argmax(x, axis=-1), ops.square(y) / 9 + 0.02),
        VECTOR,
        VECTOR,
    ),
    (
        "sparse categorical crossentropy logits",
        lambda x, y: ops.sparse_categorical_crossentropy(ops.argmax(x, axis=-1), y, from_logits=True),
        VECTOR,
        VECTOR,
    ),
    ("psnr", lambda x, y: ops.psnr(x, y, 4.0), IMAGE, IMAGE),
    ("depth to space", lambda x: ops.depth_to_space(x, 2), (3, 2, 8)),
    ("space to depth", lambda x: ops.space_to_depth(x, 2), (6, 4, 2)),
    ("extract patches", lambda x: ops.image.extract_patches(x, 2), (6, 4, 3)),
    ("extract patches cut", lambda x: ops.image.extract_patches(x, (2, 3)), IMAGE),
    ("extract patches strides", lambda x: ops.image.extract_patches(x, 3, strides=(1, 2)), (6, 5, 2)),
    ("extract patches same", lambda x: ops.image.extract_patches(x, 3, strides=2, padding="same"), (6, 5, 2)),
    ("extract patches dilated", lambda x: ops.image.extract_patches(x, 2, strides=1, dilation_rate=2), (6, 5, 2)),
    ("pad images", lambda x: ops.image.pad_images(x, top_padding=1, left_padding=2, target_height=8, target_width=9), IMAGE),
    ("rgb to hsv", lambda x: ops.image.rgb_to_hsv(ops.stop_gradient(ops.sigmoid(x))), (4, 5, 3)),
    ("hsv to rgb", lambda x: ops.image.hsv_to_rgb(ops.sigmoid(x)), (4, 5, 3)),
    ("gaussian blur", lambda x: ops.image.gaussian_blur(x, (3, 3), (0.8, 1.5)), (4, 5, 3)),
    ("rgb to hsv with its gradient", lambda x: ops.image.rgb_to_hsv(ops.sigmoid(x)), (4, 5, 3)),
    ("quantile", lambda x: ops.quantile(x, 0.3, axis=-1), (7,)),
    ("quantile of rows", lambda x: ops.quantile(x, 0.75, axis=1), (5, 3)),
]

cases = [case(*entry) for entry in CASES] + [case(*entry, positive=True) for entry in POSITIVE]
cases += [case(*entry) for entry in LATER]


def of_arrays(name, function, *shapes):
    """A function of arrays of known shapes, with the product of its gradient as in `case`."""
    values = [np.round(rng.normal(size=shape) * 1.5, 2).astype(np.float32) for shape in shapes]
    variables = [tf.Variable(value) for value in values]
    with tf.GradientTape() as tape:
        results = function(*[tf.identity(variable) for variable in variables])
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        total = sum(tf.reduce_sum(tf.reshape(one, [-1]) * pattern(tf.size(one).numpy(), 0.7)) for one in results)
    gradients = tape.gradient(total, variables)
    return {
        "name": name,
        "inputs": [tensor(value) for value in values],
        "outputs": [tensor(one.numpy()) for one in results],
        "gradients": [tensor(tf.convert_to_tensor(one).numpy()) for one in gradients],
    }


arrays = [
    of_arrays("scatter", lambda x: ops.scatter(np.array([[3], [0], [3]]), x, (5, 2)), (3, 2)),
    of_arrays("scatter elements", lambda x: ops.scatter(np.array([[0, 1], [2, 0], [0, 1]]), x, (3, 2)), (3,)),
    of_arrays("scatterUpdate", lambda x, y: ops.scatter_update(x, np.array([[2], [0]]), y), (3, 4), (2, 4)),
    of_arrays("scatterUpdate elements", lambda x, y: ops.scatter_update(x, np.array([[1, 2], [0, 3]]), y), (3, 4), (2,)),
    of_arrays(
        "scatterUpdate add", lambda x, y: ops.scatter_update(x, np.array([[1], [1]]), y, reduction="add"), (3, 4), (2, 4)
    ),
    of_arrays("segmentSum", lambda x: ops.segment_sum(x, np.array([0, 2, 0, 1]), 4), (4, 3)),
    of_arrays("meshgrid", lambda x, y: ops.meshgrid(x, y), (4,), (3,)),
    of_arrays("meshgrid ij", lambda x, y: ops.meshgrid(x, y, indexing="ij"), (4,), (3,)),
    of_arrays("quantile", lambda x: ops.quantile(x, 0.3), (5, 3)),
    of_arrays("quantile axis", lambda x: ops.quantile(x, 0.75, axis=0), (5, 3)),
]
write("ops.json", {"cases": cases, "arrays": arrays})
