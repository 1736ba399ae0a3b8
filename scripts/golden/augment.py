"""Golden values of augmentation: test/golden/augment-transforms.json.

    python scripts/golden/augment.py

Needs Keras, TensorFlow and SciPy. Pictures are not stored: both sides compute them by `wave`.
"""

from _golden import camel, wave, write

import numpy as np
from keras.src.legacy.preprocessing import image as legacy

SIZES = [(9, 13, 1), (14, 10, 1), (8, 8, 3)]
# Turned, shifted, sheared and zoomed on their own and together, far enough to need pixels beyond the edges more than once.
TRANSFORMS = [
    {"theta": 25},
    {"tx": 4.3, "ty": -6.6},
    {"zx": 2.63, "zy": 3.07},
    {"theta": -70, "tx": 2, "ty": -3.5, "shear": 18, "zx": 1.4, "zy": 0.7},
    {"theta": 12, "tx": -1.25, "shear": -9, "zx": 0.8, "zy": 1.1, "flip_horizontal": True, "flip_vertical": True},
]
COLOURS = [
    {"channel_shift_intensity": 40.0},
    {"channel_shift_intensity": -25.5, "theta": 10},
    {"brightness": 0.6},
    {"brightness": 1.7, "flip_horizontal": True},
]


def case(key, shape, mode, transform):
    generator = legacy.ImageDataGenerator(fill_mode=mode, cval=37.0)
    image = wave(shape, key, 127.5, 127.5)
    moved = generator.apply_transform(image, transform)
    return {
        "key": key,
        "shape": list(shape),
        "fillMode": mode,
        "transform": {camel(name): value for name, value in transform.items()},
        "result": [float(f"{value:.2f}") for value in np.asarray(moved, dtype=np.float64).ravel()],
    }


def main():
    cases = [
        case(500 + number, shape, mode, transform)
        for number, (shape, transform) in enumerate((shape, transform) for shape in SIZES for transform in TRANSFORMS)
        for mode in ["nearest", "reflect", "wrap", "constant"]
    ]
    colours = [case(600 + number, (8, 8, 3), "nearest", transform) for number, transform in enumerate(COLOURS)]
    write("augment-transforms.json", {"cases": cases, "colours": colours}, ("keras", "numpy", "scipy", "pillow"))


main()
