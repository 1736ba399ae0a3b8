"""Writes test/golden/affine.json: matrices, ranges and a transformed picture from Keras's own ImageDataGenerator.

    python scripts/golden/affine.py

Needs Keras, TensorFlow, NumPy and SciPy. The matrices are what Keras hands to SciPy; the ranges are those of many draws.
"""

from _golden import camel, write

import numpy as np
import scipy.ndimage
from keras.src.legacy.preprocessing import image as legacy

TRANSFORMS = [
    {},
    {"theta": 30},
    {"theta": -125.5},
    {"tx": 3},
    {"ty": -7.25},
    {"shear": 12},
    {"zx": 0.8, "zy": 1.3},
    {"zx": 1.2, "zy": 1},
    {"theta": 17, "tx": -4.5, "ty": 9, "shear": -21, "zx": 1.15, "zy": 0.85},
    {"theta": 90, "tx": 1, "ty": 2, "shear": 45, "zx": 2, "zy": 0.5},
]
SIZES = [(150, 150), (224, 160), (7, 12)]
FLIPS = [(False, False), (True, False), (False, True), (True, True)]

# Options whose draws are summarised; a number with a decimal point is a float to Keras, one without is an integer.
OPTIONS = [
    {"rotation_range": 40},
    {"height_shift_range": 0.2},
    {"width_shift_range": 0.2},
    {"width_shift_range": 2.5},
    {"width_shift_range": 3},
    {"width_shift_range": 1},
    {"height_shift_range": [0.1, 0.25]},
    {"height_shift_range": [-5, 2, 9]},
    {"shear_range": 0.2},
    {"zoom_range": 0.2},
    {"zoom_range": [0.5, 0.75]},
    {"channel_shift_range": 30},
    {"brightness_range": [0.4, 1.1]},
    {"horizontal_flip": True},
    {"vertical_flip": True},
]
NAMES = {
    "theta": "theta",
    "tx": "tx",
    "ty": "ty",
    "shear": "shear",
    "zx": "zx",
    "zy": "zy",
    "flip_horizontal": "flipHorizontal",
    "flip_vertical": "flipVertical",
    "channel_shift_intensity": "channelShiftIntensity",
    "brightness": "brightness",
}


def matrix(transform, height, width):
    """The matrix and offset that Keras computes, as rows of [row, column, 1]; the identity where it computes none."""
    seen = []

    def capture(channel, affine, offset, **_):
        seen.append(np.concatenate([np.array(affine), np.array(offset)[:, None]], axis=1))
        return channel

    original = scipy.ndimage.affine_transform
    namespace = getattr(scipy.ndimage, "interpolation", scipy.ndimage)
    scipy.ndimage.affine_transform = namespace.affine_transform = capture
    try:
        legacy.apply_affine_transform(
            np.zeros((height, width, 1)), **transform, row_axis=0, col_axis=1, channel_axis=2
        )
    finally:
        scipy.ndimage.affine_transform = namespace.affine_transform = original
    return seen[0].tolist() if seen else [[1, 0, 0], [0, 1, 0]]


def statistics(options, draws=4000):
    generator = legacy.ImageDataGenerator(data_format="channels_last", **options)
    np.random.seed(0)
    drawn = [generator.get_random_transform((100, 50, 3)) for _ in range(draws)]
    result = {}
    for name, ours in NAMES.items():
        values = [each[name] for each in drawn]
        if values[0] is None:
            continue
        values = np.array(values, dtype=float)
        distinct = np.unique(np.round(values, 9))
        result[ours] = {
            "minimum": values.min(),
            "maximum": values.max(),
            "mean": values.mean(),
            "deviation": values.std(),
            **({"values": distinct.tolist()} if len(distinct) <= 16 else {}),
        }
    return result


def picture(height, width):
    """A smooth picture, so that interpolation is not what is compared: [height, width, 1] in [0, 255]."""
    y, x = np.mgrid[0:height, 0:width]
    return (127.5 + 60 * np.sin(x / 3) + 60 * np.cos(y / 4))[:, :, None]


def main():
    matrices = [
        {"transform": transform, "height": height, "width": width, "matrix": matrix(transform, height, width)}
        for transform in TRANSFORMS
        for height, width in SIZES
    ]
    generator = legacy.ImageDataGenerator(data_format="channels_last")
    pictures = []
    for horizontal, vertical in FLIPS:
        transform = {"theta": 17, "tx": -1.5, "ty": 2, "shear": -21, "zx": 1.15, "zy": 0.85}
        parameters = {**transform, "flip_horizontal": horizontal, "flip_vertical": vertical}
        moved = generator.apply_transform(picture(12, 17), parameters)
        pictures.append(
            {
                "transform": {**transform, "flipHorizontal": horizontal, "flipVertical": vertical},
                "source": np.round(picture(12, 17)[:, :, 0], 4).tolist(),
                "result": np.round(moved[:, :, 0], 4).tolist(),
            }
        )
    golden = {
        "matrices": matrices,
        "draws": [
            {"options": {camel(key): value for key, value in options.items()}, "drawn": statistics(options)}
            for options in OPTIONS
        ],
        "pictures": pictures,
    }
    write("affine.json", golden, ("keras", "numpy", "scipy"))


main()
