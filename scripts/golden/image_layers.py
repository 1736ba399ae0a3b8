"""Golden values of the layers that change pictures: test/golden/image-layers.json.

    python scripts/golden/image_layers.py

Needs Keras and TensorFlow. Keras's own code runs, but the random numbers that it draws are written down: Graft's layers are
fed with the same.
"""

import json

from _golden import write

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L
from keras.src.backend.tensorflow import random as keras_random
from keras.src.layers.preprocessing.image_preprocessing import aug_mix

rng = np.random.default_rng(11)
drawn = []


def note(values):
    drawn.append(np.asarray(values, dtype=np.float32))
    return drawn[-1]


def unit(shape):
    return np.floor(rng.uniform(size=tuple(shape)) * 2**24).astype(np.float32) / np.float32(2**24)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    return tf.cast(note(unit(shape)), "float32") * (maxval - minval) + minval


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return tf.constant(note(np.round(rng.normal(size=tuple(shape)), 2)))


def randint(shape, minval, maxval, dtype="int32", seed=None):
    return tf.cast(tf.floor(uniform(shape, float(minval), float(maxval))), dtype)


def shuffle(x, axis=0, seed=None):
    return tf.cast(note(rng.permutation(len(x))), x.dtype)


def beta(shape, alpha, beta, dtype=None, seed=None):
    return tf.constant(note(np.round(rng.uniform(size=tuple(shape)), 3)))


def gamma(shape, alpha, dtype=None, seed=None):
    values = np.round(rng.uniform(size=tuple(shape)) + 0.1, 3).astype(np.float32)
    note(values / values.sum())  # Graft draws the weights, which sum to 1.
    return tf.constant(values)


noise = []


def stateless_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    if not noise:  # With the same seed, Keras draws the same noise for both directions.
        noise.append(note(np.round(rng.normal(size=tuple(shape)), 2)))
        return tf.constant(noise[0])
    return tf.constant(noise.pop())


for function in (uniform, normal, randint, shuffle, beta, gamma):
    setattr(keras_random, function.__name__, function)
tf.random.stateless_normal = stateless_normal


def tensor(array):
    array = np.asarray(array, dtype=np.float32)
    numbers = [float(f"{value:.6g}") for value in array.ravel()]
    return {"shape": list(array.shape), "data": [int(number) if number.is_integer() else number for number in numbers]}


def exact(array):
    return {"shape": list(array.shape), "data": [float(str(value)) for value in array.ravel()]}


def case(layer, size=(7, 6, 3), images=2, high=255.0, whole=False, skip=0, chains=None):
    x = np.round(rng.uniform(size=(images, *size)) * high, 0 if whole else (1 if high > 1 else 3)).astype(np.float32)
    drawn.clear()
    if chains is not None:
        names = iter([name for chain in chains for name in chain])
        aug_mix.py_random.choice = lambda options: next(names)
    output = layer(x, training=True)
    draws = [exact(values) for values in drawn[skip:]]
    record = {
        "class_name": layer.__class__.__name__,
        "config": json.loads(json.dumps(keras.saving.serialize_keras_object(layer)["config"])),
        "input": tensor(x),
        "draws": draws,
        "output": tensor(output),
    }
    if not isinstance(layer, L.RandomCrop):  # Keras gives whole pictures back, against its documentation.
        inference = np.asarray(layer(x, training=False))
        record["inference"] = None if np.array_equal(inference, x) else tensor(inference)
    if isinstance(layer, L.RandomShear):  # Keras cannot read the bounds that it writes for one number.
        for name in ("x_factor", "y_factor"):
            low, high = record["config"][name]
            record["config"][name] = high if low == -high else [low, high]
    if chains is not None:
        record["chains"] = [[name for name in chain if name is not None] for chain in chains]
    return record


MODES = [(fill, interpolation) for fill in ("reflect", "wrap", "constant", "nearest") for interpolation in ("nearest", "bilinear")]


def moving(make, **options):
    return [
        (lambda fill=fill, how=how: case(make(fill_mode=fill, interpolation=how, fill_value=7.5), **options))
        for fill, how in MODES
    ]


CHAINS = [
    ["random_shear", "auto_contrast", None],
    ["random_brightness", "equalization", "random_rotation"],
    [None, "random_posterization", "random_sharpness"],
]

CASES = [
    lambda: case(L.RandomFlip()),
    lambda: case(L.RandomFlip("horizontal", seed=3), images=5),
    lambda: case(L.RandomFlip("vertical"), images=5),
    *moving(lambda **options: L.RandomRotation(0.4, **options)),
    *moving(lambda **options: L.RandomTranslation(0.9, (-0.5, 1.0), **options)),
    *moving(lambda **options: L.RandomZoom((-0.3, 1.0), **options)),
    lambda: case(L.RandomZoom(0.5, 0.3)),
    *moving(lambda **options: L.RandomShear(0.7, (0.1, 0.9), **options)),
    lambda: case(L.RandomPerspective(), images=4),
    lambda: case(L.RandomPerspective((1.0, 1.0), scale=0.6, fill_value=9.0), images=4),
    lambda: case(L.RandomPerspective((0.9, 1.0), interpolation="nearest"), images=4),
    lambda: case(L.RandomCrop(4, 3, seed=5)),
    lambda: case(L.RandomCrop(4, 6, seed=5)),
    lambda: case(L.RandomCrop(8, 5, seed=5)),
    lambda: case(L.RandomContrast(0.6)),
    lambda: case(L.RandomContrast((0.2, 0.9), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.RandomBrightness(0.5)),
    lambda: case(L.RandomBrightness((-0.2, 0.4), value_range=(0.0, 1.0), seed=2), high=1.0),
    lambda: case(L.RandomColorDegeneration(0.8)),
    lambda: case(L.RandomColorDegeneration((0.2, 0.7)), size=(3, 4, 1)),
    lambda: case(L.RandomColorJitter()),
    lambda: case(L.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.4, saturation_factor=(0.3, 0.8), hue_factor=0.3)),
    lambda: case(L.RandomErasing()),
    lambda: case(L.RandomErasing((1.0, 1.0), scale=(0.2, 0.6), fill_value=12.0)),
    lambda: case(L.RandomErasing((1.0, 1.0), scale=0.9, fill_value=[10.0, 20.0, 30.0])),
    *[
        (lambda fill=fill, how=how: case(L.RandomElasticTransform((1.0, 1.0), 1.0, how, fill, 7.5), size=(22, 20, 1), images=2))
        for fill, how in MODES
    ],
    lambda: case(L.RandomElasticTransform((0.4, 0.7), (0.8, 1.0)), size=(45, 41, 1), images=2),
    lambda: case(L.RandomElasticTransform(0.0)),
    lambda: case(L.RandomGaussianBlur()),
    lambda: case(L.RandomGaussianBlur((1.0, 1.0), kernel_size=5, sigma=(0.4, 0.9))),
    lambda: case(L.RandomGaussianBlur((1.0, 1.0), kernel_size=(3, 5), sigma=(0.4, 0.9))),
    lambda: case(L.RandomGrayscale(), images=5),
    lambda: case(L.RandomHue(0.9)),
    lambda: case(L.RandomHue((0.2, 0.5), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.RandomInvert(), images=5),
    lambda: case(L.RandomInvert((0.3, 0.9), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.RandomPosterization(7), images=5),
    lambda: case(L.RandomPosterization((3, 3), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.RandomSaturation(0.9), images=5),
    lambda: case(L.RandomSaturation((0.6, 1.0), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.RandomSharpness(1.0), images=4),
    lambda: case(L.RandomSharpness((0.2, 0.4))),
    lambda: case(L.AutoContrast(), high=200.0),
    lambda: case(L.AutoContrast(value_range=(0.0, 1.0)), high=0.7),
    lambda: case(L.AutoContrast(), size=(1, 1, 3)),
    lambda: case(L.Solarization(0.3, 0.6)),
    lambda: case(L.Solarization((0.1, 0.4), (0.2, 0.9), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.Equalization(), whole=True),
    lambda: case(L.Equalization(value_range=(0.0, 1.0), bins=16), high=1.0),
    lambda: case(L.Equalization(), size=(1, 1, 2), images=1),
    lambda: case(L.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(3, 2)), size=(10, 9, 2), images=2),
    lambda: case(L.ContrastLimitedAdaptiveHistogramEqualization(clip_limit=0.0, tile_grid_size=(2, 2)), whole=True),
    lambda: case(L.ContrastLimitedAdaptiveHistogramEqualization(value_range=(0.0, 1.0), tile_grid_size=(2, 3)), high=1.0),
    lambda: case(L.MixUp(), images=4),
    lambda: case(L.CutMix(), images=4, skip=1),
    lambda: case(L.RandAugment()),
    lambda: case(L.RandAugment(num_ops=3, factor=(0.2, 0.9), value_range=(0.0, 1.0)), high=1.0),
    lambda: case(L.AugMix(), chains=CHAINS),
]

if __name__ == "__main__":
    write("image-layers.json", {"cases": [make() for make in CASES]})
