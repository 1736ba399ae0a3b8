"""Writes test/golden/resample.json: a small picture, resized by Pillow with every filter.

    python scripts/golden/resample.py

Needs Pillow and NumPy. The picture is drawn by a formula, so the file depends on Pillow alone.
"""

import base64

from _golden import write

import numpy as np
from PIL import Image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
WIDTH, HEIGHT = 19, 13
# Width and height: smaller, larger, mixed, by whole factors, one pixel, unchanged.
SIZES = [(8, 8), (26, 16), (7, 23), (25, 4), (19, 6), (38, 13), (1, 1), (19, 13), (5, 3)]
# Sizes at which rounding decides what the nearest pixel is: only lengths are tested, on rows of an index ramp.
NEAREST_LENGTHS = [(240, 150), (150, 240), (179, 150), (499, 224), (375, 224), (224, 225), (7, 150), (150, 149), (1000, 3)]


def picture():
    """Waves, hard edges and extreme values: [HEIGHT, WIDTH, 3] uint8."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    red = (x * 7 + y * 11) % 256
    green = ((x * x + 3 * y * y) * 5) % 256
    blue = np.where((x // 5 + y // 4) % 2 == 0, 255, 0)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def nearest_positions(length, new_length):
    """Which column Pillow takes for each new column, through an image whose columns hold their own index."""
    ramp = np.arange(length, dtype=np.int32)[None, :]
    image = Image.fromarray(ramp)
    return np.asarray(image.resize((new_length, 1), Image.Resampling.NEAREST))[0].tolist()


def main():
    source = picture()
    image = Image.fromarray(source)
    cases = []
    for name, resampling in FILTERS.items():
        for width, height in SIZES:
            # Rows first, in every version of Pillow: since 13 it begins with the columns when the height shrinks much more
            # than the width (python-pillow/Pillow#9549), and rounds and clips otherwise in between.
            rows = image.resize((width, HEIGHT), resampling)
            resized = np.asarray(rows.resize((width, height), resampling))
            cases.append({"filter": name, "width": width, "height": height, "data": encode(resized)})
    nearest = [
        {"length": length, "newLength": new_length, "positions": nearest_positions(length, new_length)}
        for length, new_length in NEAREST_LENGTHS
    ]
    golden = {
        "source": {"width": WIDTH, "height": HEIGHT, "data": encode(source)},
        "cases": cases,
        "nearest": nearest,
    }
    write("resample.json", golden, ("pillow", "numpy"))


main()
