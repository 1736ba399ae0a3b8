"""Golden values of layers and activations: test/golden/nn-layers-*.json, nn-activations.json and nn-normalization-adapt.json.

    python scripts/golden/nn_layers.py

Needs Keras and TensorFlow. All numbers come from one generator in turn: a case that is added goes to the end of `LATER`, so
that what the others hold stays.
"""

import json

from _golden import write

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

rng = np.random.default_rng(7)


def tensor(array):
    array = np.asarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "data": [float(str(value)) for value in array.ravel()]}


def draw(shape, scale=1.0, offset=0.0):
    return np.round(rng.normal(size=shape) * scale + offset, 2).astype(np.float32)


def pattern(size, rate):
    return np.cos(rate * np.arange(size)).astype(np.float32)


def derivatives(call, inputs, weights, training):
    """Of the sum of the outputs times cos 0.7 i: for each tensor the product with cos 1.3 i, and the norm."""
    variables = [tf.Variable(value) for value in inputs]
    with tf.GradientTape() as tape:
        output = call(*variables, training=True) if training else call(*variables)
        scalar = tf.reduce_sum(tf.reshape(output, [-1]) * pattern(tf.size(output).numpy(), 0.7))
    gradients = tape.gradient(scalar, [*variables, *[weight.value for weight in weights]])
    tensors = [*variables, *[weight.value for weight in weights]]
    gradients = [tf.zeros_like(value) if gradient is None else gradient for gradient, value in zip(gradients, tensors)]
    flat = [np.asarray(tf.convert_to_tensor(gradient)).ravel() for gradient in gradients]
    return [[float(gradient @ pattern(len(gradient), 1.3)), float(np.linalg.norm(gradient))] for gradient in flat]


def case(layer, *shapes, training=False, positive=False, told=None, masks=None):
    inputs = [draw((2, *shape)) for shape in shapes]
    if isinstance(layer, L.Embedding):
        inputs = [np.floor(np.abs(value) * 2 % layer.input_dim) for value in inputs]
    told = told or {}
    masks = {name: rng.integers(0, 2, (2, *shape)).astype(np.float32) for name, shape in (masks or {}).items()}

    def call(*values, **options):
        values = values or inputs
        options = {**options, **told, **{name: tf.cast(mask, "bool") for name, mask in masks.items()}}
        if isinstance(layer, L.MultiHeadAttention):
            return layer(*values, **options)
        return layer(list(values) if isinstance(layer, MERGING) else values[0], **options)

    call()
    for weight in layer.weights:
        if weight.name == "count":
            continue
        positive = weight.name in ("moving_variance", "gamma", "variance")
        weight.assign(draw(weight.shape, 0.2, 1.0) if positive else draw(weight.shape, 0.5))
    if isinstance(layer, L.Normalization):
        layer.finalize_state()
    before = [{"name": weight.name, **tensor(weight.numpy())} for weight in layer.weights]
    trainable = [weight.name for weight in layer.trainable_weights]
    area = isinstance(layer, L.Resizing) and layer.interpolation == "area"
    # TensorFlow cannot differentiate one operator.
    gradients = [] if area else derivatives(call, inputs, layer.trainable_weights, training)
    for weight, value in zip(layer.weights, before):  # The call in training moved statistics.
        weight.assign(np.float32(value["data"]).reshape(weight.shape))
    output = call(training=True) if training else call()
    record = {
        "gradients": [[float(f"{number:.7g}") for number in pair] for pair in gradients],
        "class_name": layer.__class__.__name__,
        "config": json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"])),
        "training": training,
        "inputs": [tensor(value) for value in inputs],
        "weights": before,
        "trainable": trainable,
        "output": tensor(output),
    }
    if told or masks:
        record["told"] = told
        record["masks"] = {name: tensor(mask) for name, mask in masks.items()}
    if training:
        record["after"] = [{"name": weight.name, **tensor(weight.numpy())} for weight in layer.weights]
    return record


MERGING = (L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate, L.Dot, CustomScaleLayer)

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
    lambda: case(L.Conv2DTranspose(3, 3), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, padding="same"), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, 2, strides=2, activation="relu"), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, strides=2, padding="same", use_bias=False), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, 4, strides=2, padding="same"), (3, 4, 2)),
    lambda: case(L.Conv2DTranspose(3, (2, 3), strides=3, padding="same"), (3, 4, 2)),
    lambda: case(L.Conv2DTranspose(3, 2, strides=3), (3, 4, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1), (3, 4, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, strides=2, padding="valid", output_padding=1), (3, 4, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=0), (3, 4, 2)),
    lambda: case(L.LayerNormalization(), (3, 2, 4)),
    lambda: case(L.LayerNormalization(epsilon=1e-6, scale=False), (5,)),
    lambda: case(L.LayerNormalization(axis=[1, 2, 3], center=False), (3, 2, 4)),
    lambda: case(L.LayerNormalization(axis=1), (3, 2, 4)),
    lambda: case(L.LayerNormalization(), (3, 4)),
    lambda: case(L.GroupNormalization(groups=2), (3, 2, 4)),
    lambda: case(L.GroupNormalization(groups=-1, scale=False), (3, 2, 4)),
    lambda: case(L.GroupNormalization(groups=3, axis=1, center=False), (3, 2, 4)),
    lambda: case(L.GroupNormalization(groups=2), (6,)),
    lambda: case(L.UnitNormalization(), (3, 2, 4)),
    lambda: case(L.UnitNormalization(axis=[1, 2]), (3, 2, 4)),
    lambda: case(L.RepeatVector(3), (4,)),
    lambda: case(L.Resizing(4, 5), (3, 7, 2)),
    lambda: case(L.Resizing(4, 5, interpolation="nearest"), (3, 7, 2)),
    lambda: case(L.Resizing(6, 5, interpolation="bicubic"), (4, 7, 2)),
    lambda: case(L.Resizing(6, 5, interpolation="lanczos3"), (4, 7, 2)),
    lambda: case(L.Resizing(3, 4, antialias=True), (8, 9, 2)),
    lambda: case(L.Resizing(3, 4, interpolation="bicubic", antialias=True), (8, 9, 2)),
    lambda: case(L.Resizing(4, 4, crop_to_aspect_ratio=True), (5, 8, 2)),
    lambda: case(L.Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=0.5), (4, 8, 2)),
    lambda: case(L.CenterCrop(3, 4), (6, 7, 2)),
    lambda: case(L.CenterCrop(4, 4), (3, 6, 2)),
    lambda: case(L.UpSampling2D(2, interpolation="bilinear"), (3, 4, 2)),
    lambda: case(L.UpSampling2D((2, 3), interpolation="bicubic"), (3, 4, 2)),
    lambda: case(L.Normalization(mean=[0.5, 1.0], variance=[2.0, 0.5]), (3, 2, 2)),
    lambda: case(L.Normalization(mean=0.5, variance=2.0, axis=None), (3, 2)),
    lambda: case(L.Normalization(invert=True), (3, 2, 2)),
    lambda: case(L.Normalization(), (4,)),
    lambda: case(L.MultiHeadAttention(2, 3), (4, 5), (4, 5)),
    lambda: case(L.MultiHeadAttention(2, 3, value_dim=4, output_shape=6, use_bias=False), (4, 5), (3, 2), (3, 6)),
    lambda: case(LayerScale(0.1, 4), (3, 2, 4)),
    lambda: case(StochasticDepth(0.1), (3, 2, 4)),
]


SIZES = dict(num_heads=2, key_dim=3)

LATER = [
    lambda: case(L.LayerNormalization(rms_scaling=True), (3, 2, 4)),
    lambda: case(L.LayerNormalization(axis=[1, 3], rms_scaling=True, scale=False), (3, 2, 4)),
    lambda: case(L.RMSNormalization(), (3, 2, 4)),
    lambda: case(L.RMSNormalization(axis=[2, 3], epsilon=1e-3), (3, 2, 4)),
    lambda: case(L.RMSNormalization(), (5,)),
    lambda: case(L.BatchNormalization(renorm=True), (4, 3, 3), training=True),
    lambda: case(L.BatchNormalization(renorm=True), (4, 3, 3)),
    lambda: case(
        L.BatchNormalization(
            renorm=True,
            renorm_clipping={"rmax": 1.1, "rmin": 0.8, "dmax": 0.2},
            renorm_momentum=0.6,
            momentum=0.7,
            scale=False,
        ),
        (4, 3, 3),
        training=True,
    ),
    lambda: case(L.BatchNormalization(renorm=True, center=False, renorm_clipping={"dmax": 0.1}), (5,), training=True),
    lambda: case(L.BatchNormalization(), (4, 3, 3), training=True, masks={"mask": (4, 3)}),
    lambda: case(L.BatchNormalization(momentum=0.5), (6, 3), training=True, masks={"mask": (6,)}),
    lambda: case(L.Softmax(), (3, 4), masks={"mask": (3, 4)}),
    lambda: case(L.Softmax(axis=[1, 2]), (2, 3, 4), masks={"mask": (2, 3, 4)}),
    lambda: case(L.MultiHeadAttention(**SIZES, use_gate=True), (4, 5), (3, 5)),
    lambda: case(L.MultiHeadAttention(**SIZES, use_gate=True, value_dim=2, use_bias=False), (4, 5), (3, 5)),
    lambda: case(L.MultiHeadAttention(**SIZES, output_shape=(2, 3)), (4, 5), (3, 5)),
    lambda: case(L.MultiHeadAttention(**SIZES), (2, 3, 4), (3, 2, 4)),
    lambda: case(L.MultiHeadAttention(**SIZES, attention_axes=1), (2, 3, 4), (4, 3, 4)),
    lambda: case(L.MultiHeadAttention(**SIZES, attention_axes=(2,), value_dim=2), (2, 3, 4), (2, 5, 4)),
    lambda: case(L.MultiHeadAttention(**SIZES, attention_axes=-2), (2, 3, 4), (2, 5, 4)),
    lambda: case(L.MultiHeadAttention(**SIZES), (4, 5), (6, 5), told={"use_causal_mask": True}),
    lambda: case(L.MultiHeadAttention(**SIZES), (4, 5), (3, 5), masks={"attention_mask": (4, 3)}),
    lambda: case(
        L.MultiHeadAttention(**SIZES), (4, 5), (4, 5), told={"use_causal_mask": True}, masks={"attention_mask": (4, 4)}
    ),
    lambda: case(L.MultiHeadAttention(**SIZES, dropout=0.3), (4, 5), (3, 5), masks={"attention_mask": (4, 3)}),
    lambda: case(L.MultiHeadAttention(**SIZES), (4, 5), (3, 5), masks={"attention_mask": (2, 4, 3)}),
    lambda: case(L.MultiHeadAttention(**SIZES, sliding_window=2), (4, 5), (5, 5)),
    lambda: case(L.MultiHeadAttention(**SIZES), (2, 3, 4), (3, 2, 4), masks={"attention_mask": (2, 3, 3, 2)}),
    lambda: case(L.MultiHeadAttention(**SIZES, attention_axes=2), (2, 3, 4), (2, 2, 4), masks={"attention_mask": (3, 2)}),
    lambda: case(L.Activation("sparsemax"), (2, 3, 4)),
    lambda: case(L.Conv2DTranspose(3, 3, dilation_rate=2), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, (2, 3), padding="same", dilation_rate=(1, 2)), (4, 3, 2)),
    lambda: case(L.Conv2DTranspose(3, 3, strides=(2, 1), padding="same", output_padding=(1, 0)), (4, 3, 2)),
    lambda: case(L.SeparableConv2D(3, 3, dilation_rate=2, padding="same", use_bias=False), (6, 6, 2)),
    lambda: case(L.DepthwiseConv2D((2, 3), strides=(2, 2), padding="same", activation="tanh"), (6, 5, 2)),
    lambda: case(
        L.Conv2D(2, 2, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="max_norm", bias_constraint="non_neg"),
        (3, 3, 2),
    ),
    lambda: case(L.Dense(3, kernel_initializer="he_normal", bias_initializer="ones", activity_regularizer="l2"), (4,)),
    lambda: case(L.UpSampling2D(2, interpolation="lanczos3"), (4, 3, 2)),
    lambda: case(L.UpSampling2D((2, 3), interpolation="lanczos5"), (4, 3, 2)),
    lambda: case(L.Resizing(5, 4, interpolation="lanczos5"), (4, 7, 2)),
    lambda: case(L.Resizing(5, 4, interpolation="lanczos3", antialias=True), (9, 7, 2)),
    lambda: case(L.Resizing(5, 4, interpolation="area"), (4, 7, 2)),
    lambda: case(L.Resizing(3, 2, interpolation="area"), (8, 9, 2)),
    lambda: case(L.Resizing(5, 4, pad_to_aspect_ratio=True), (8, 5, 2)),
    lambda: case(L.Resizing(5, 4, interpolation="nearest", crop_to_aspect_ratio=True), (8, 5, 2)),
    lambda: case(L.Dot(1), (4,), (4,)),
    lambda: case(L.Dot(-1, normalize=True), (4,), (4,)),
    lambda: case(L.Dot((1, 2)), (3, 2), (4, 3)),
    lambda: case(L.Dot((2, 1), normalize=True), (3, 2), (2, 4)),
    lambda: case(L.Dot((1, 1)), (3, 2, 4), (3,)),
    lambda: case(L.Dot(2), (3, 2, 4), (5, 2)),
    lambda: case(L.Dot((1, 3)), (3,), (2, 4, 3)),
    lambda: case(L.AlphaDropout(0.3), (5,)),
    lambda: case(L.AdaptiveAveragePooling2D(2), (5, 7, 3)),
    lambda: case(L.AdaptiveAveragePooling2D((3, 4)), (5, 7, 3)),
    lambda: case(L.AdaptiveAveragePooling2D((5, 3)), (3, 7, 2)),
    lambda: case(L.AdaptiveMaxPooling2D(2), (5, 7, 3)),
    lambda: case(L.AdaptiveMaxPooling2D((3, 4)), (5, 7, 3)),
    lambda: case(L.PReLU(alpha_initializer="ones", alpha_regularizer="l2", alpha_constraint="non_neg", shared_axes=[1]), (3, 2, 2)),
    lambda: case(L.Concatenate(axis=3), (2, 2, 3), (2, 2, 1)),
    lambda: case(L.Normalization(axis=(1, 3)), (3, 2, 2)),
    lambda: case(L.Rescaling(2.0, offset=[1.0, 2.0]), (3, 2)),
    lambda: case(L.Flatten(), (1,)),
    lambda: case(L.CenterCrop(3, 3), (3, 3, 1)),
    lambda: case(L.Embedding(4, 3), (5,)),
    lambda: case(L.Embedding(4, 2, embeddings_initializer="he_normal", embeddings_regularizer="l2"), (2, 3)),
    lambda: case(L.Embedding(5, 2, activity_regularizer="l1"), ()),
]


def adapted():
    data = [draw((5, 3, 2, 2), 2, 1), draw((4, 3, 2, 2), 1, -1)]
    records = []
    for axis in [-1, [1, 3], None]:
        layer = L.Normalization(axis=axis)
        layer.adapt(np.concatenate(data))
        records.append({"axis": axis, "mean": tensor(layer.adapt_mean), "variance": tensor(layer.adapt_variance)})
    return {"data": [tensor(batch) for batch in data], "layers": records}


def subject(record):
    """The folder of Keras's source that a layer is in, or the network that it belongs to."""
    layer = getattr(L, record["class_name"], None)
    return layer.__module__.split(".")[3] if layer else "convnext"


def by_subject(records):
    groups = {}
    for record in records:
        groups.setdefault(subject(record), []).append(record)
    return groups


def activations():
    x = np.concatenate([draw((28,), 2), [0.0, 0.5, -0.5, 6.0, -6.0, 30.0, -30.0, 0.25]]).astype(np.float32).reshape(3, 12)
    names = [
        "relu leaky_relu relu6 softmax elu selu softplus softsign soft_shrink sparse_plus silu swish squareplus gelu celu",
        "glu tanh tanh_shrink sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink",
        "linear mish log_softmax log_sigmoid sparsemax",
    ]
    functions = [
        {"name": name, "output": tensor(keras.activations.get(name)(x))} for name in " ".join(names).split()
    ]
    write("nn-activations.json", {"input": tensor(x), "functions": functions})


def of_inception_resnet():
    """By itself: its numbers do not depend on the cases before."""
    global rng
    rng = np.random.default_rng(8)
    write("nn-layers-inception-resnet.json", {"cases": [case(CustomScaleLayer(0.17), (3, 2, 4), (3, 2, 4))]})


if __name__ == "__main__":
    activations()
    records = [make() for make in CASES]
    write("nn-normalization-adapt.json", adapted())
    records += [make() for make in LATER]
    for folder, cases in by_subject(records).items():
        write(f"nn-layers-{folder}.json", {"cases": cases})
    of_inception_resnet()
