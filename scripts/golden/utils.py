"""Values of keras.utils: photos as arrays and back, labels, sizes of parts. Writes test/golden/utils.json."""

import base64
import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from _golden import write

import keras


def png(pixels, mode):
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, "png")
    return file.getvalue()


rng = np.random.default_rng(11)
photos = {
    "rgb": png(rng.integers(0, 256, (7, 10, 3), dtype="uint8"), "RGB"),
    "grey": png(rng.integers(0, 256, (6, 5), dtype="uint8"), "L"),
    "rgba": png(rng.integers(1, 256, (6, 8, 4), dtype="uint8"), "RGBA"),
}
loads = []
with tempfile.TemporaryDirectory() as folder:
    for photo, options in [
        ("rgb", {}),
        ("rgb", {"color_mode": "grayscale"}),
        ("rgb", {"color_mode": "rgba", "target_size": [4, 6]}),
        ("grey", {}),
        ("grey", {"color_mode": "grayscale", "target_size": [9, 4], "interpolation": "bilinear"}),
        ("rgba", {"color_mode": "rgba"}),
        ("rgba", {"color_mode": "rgba", "target_size": [3, 5], "interpolation": "lanczos"}),
        *(
            ("rgb", {"target_size": [4, 6], "interpolation": way, "keep_aspect_ratio": keep})
            for way in ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
            for keep in [False, True]
        ),
    ]:
        path = Path(folder) / f"{photo}.png"
        path.write_bytes(photos[photo])
        image = keras.utils.load_img(str(path), **{k: tuple(v) if k == "target_size" else v for k, v in options.items()})
        array = keras.utils.img_to_array(image)
        loads.append(
            {
                "photo": photo,
                "options": options,
                "size": list(image.size),
                "mode": image.mode,
                "dims": list(array.shape),
                "data": array.ravel().tolist(),
            }
        )

images = []
for name, x, scale in [
    ("wide", rng.normal(0, 3, (3, 4, 3)), True),
    ("levels", rng.uniform(0, 255.99, (3, 4, 3)), False),
    ("grey", rng.uniform(-1, 1, (2, 5, 1)), True),
    ("large", rng.uniform(0, 60000, (2, 5, 1)), False),
    ("opacity", rng.uniform(0, 1, (2, 2, 4)), True),
    ("constant", np.full((2, 2, 3), 7.0), True),
]:
    x = x.astype("float32")
    image = keras.utils.array_to_img(x, scale=scale)
    images.append(
        {
            "name": name,
            "dims": list(x.shape),
            "x": x.ravel().tolist(),
            "scale": scale,
            "mode": image.mode,
            "levels": np.asarray(image).ravel().tolist(),
        }
    )

categorical = []
for x, classes in [([0, 2, 1], None), ([[3], [0]], 5), ([[0, 1], [2, 1]], 3), ([1, 1], 2)]:
    y = keras.utils.to_categorical(x, num_classes=classes)
    categorical.append({"x": x, "classes": classes, "dims": list(y.shape), "data": y.ravel().tolist()})

normalized = []
matrix = rng.normal(0, 2, (3, 4)).round(3)
matrix[1] = 0
for axis, order in [(-1, 2), (1, 1), (-1, 3), (-1, float("inf"))]:
    y = keras.utils.normalize(matrix, axis=axis, order=order)
    normalized.append({"axis": axis, "order": "inf" if order == float("inf") else order, "data": y.ravel().tolist()})

splits = []
for total, left, right in [(10, 0.8, None), (5, 0.5, None), (7, 0.5, None), (10, None, 3), (10, 4, 5), (10, 0.25, 0.35), (9, 0.5, 0.5)]:
    data = np.arange(total, dtype="float32")
    try:
        parts = keras.utils.split_dataset(data, left_size=left, right_size=right)
        result = [[float(value) for value in part] for part in parts]
    except ValueError:
        result = None
    splits.append({"total": total, "left": left, "right": right, "parts": result})

write(
    "utils.json",
    {
        "photos": {name: base64.b64encode(data).decode() for name, data in photos.items()},
        "loads": loads,
        "images": images,
        "categorical": categorical,
        "matrix": matrix.ravel().tolist(),
        "normalized": normalized,
        "splits": splits,
    },
    ("keras", "numpy", "pillow"),
)
