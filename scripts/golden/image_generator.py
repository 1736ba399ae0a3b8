"""Golden values of ImageDataGenerator and its iterators, and of what loads and prepares photos: test/golden/generator-*.json,
image-loading.json and imagenet-utils.json.

    python scripts/golden/image_generator.py

Needs Keras, TensorFlow, SciPy and Pillow. Pictures are not stored: both sides compute them by `wave`.
Results of transformations are stored in hundredths.
"""

import base64
import os
import pathlib
import tempfile
import warnings

from _golden import camel, wave, write

import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.preprocessing import image as legacy
from PIL import Image

warnings.simplefilter("ignore")


def levels(shape, key):
    """Whole levels, as photos have them."""
    return np.floor(wave(shape, key, 127.5, 128)).astype(np.uint8)


def camels(options):
    return {camel(name): value for name, value in options.items()}


def numbers(array, digits=6):
    return [float(f"{value:.{digits}g}") for value in np.asarray(array, dtype=np.float64).ravel()]


def hundredths(array):
    return [int(round(100 * value)) for value in np.asarray(array, dtype=np.float64).ravel()]


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.uint8).tobytes()).decode()


TURN = {"theta": -70, "tx": 2, "ty": -3.5, "shear": 18, "zx": 1.4, "zy": 0.7}
FAR = {"theta": 25, "tx": 14.3, "ty": -9.6, "zx": 2.6, "zy": 3.1}
HALF = {"tx": 0.5, "ty": -1.5}
COLOURS = [
    {"channel_shift_intensity": 40.0},
    {"channel_shift_intensity": -60.5, "theta": 10},
    {"brightness": 0.3},
    {"brightness": 1.7, "flip_horizontal": True},
    {"brightness": 0.0},
    {"brightness": 1.2, "channel_shift_intensity": 25.0, "theta": -33, "shear": 12, "flip_vertical": True},
]


def transform_case(key, shape, options, transform, wide=False):
    generator = legacy.ImageDataGenerator(**options)
    image = wave(shape, key, 300, 20) if wide else levels(shape, key).astype(np.float32)
    return {
        "key": key,
        "shape": list(shape),
        "wide": wide,
        "options": camels(options),
        "transform": camels(transform),
        "result": hundredths(generator.apply_transform(image, transform)),
    }


def transforms():
    cases = []
    for order in [0, 1]:
        for mode in ["nearest", "reflect", "wrap", "constant"]:
            options = {"fill_mode": mode, "cval": 37.0, "interpolation_order": order}
            for number, transform in enumerate([TURN, FAR, HALF]):
                cases.append(transform_case(10 + number, (9, 12, 1), options, transform))
            cases.append(transform_case(20, (7, 6, 3), options, TURN | {"flip_horizontal": True}))
    for number, transform in enumerate(COLOURS):
        cases.append(transform_case(30 + number, (10, 8, 3), {"fill_mode": "reflect"}, transform))
    for channels in [1, 4]:
        cases.append(transform_case(40, (6, 7, channels), {}, {"brightness": 0.55, "channel_shift_intensity": 9.0}))
    # Levels outside [0, 255] are stretched.
    cases.append(transform_case(50, (8, 8, 3), {}, {"brightness": 0.8}, wide=True))
    cases.append(transform_case(51, (8, 8, 3), {"fill_mode": "constant", "cval": -20.0}, {"brightness": 1.3, "theta": 20}))
    return cases


def splines():
    cases = []
    for order in [2, 3, 4, 5]:
        for mode in ["nearest", "reflect", "wrap", "constant"]:
            options = {"fill_mode": mode, "cval": 37.0, "interpolation_order": order}
            for number, transform in enumerate([TURN, FAR, HALF]):
                cases.append(transform_case(10 + number, (9, 12, 1), options, transform))
            cases.append(transform_case(20, (17, 6, 2), options, TURN | {"flip_horizontal": True}))
    return cases


STANDARDIZE = [
    {"rescale": 1 / 255},
    {"samplewise_center": True},
    {"samplewise_std_normalization": True},
    {"featurewise_center": True},
    {"featurewise_std_normalization": True},
    {"featurewise_std_normalization": True, "rescale": 0.01},
    {"samplewise_std_normalization": True, "featurewise_std_normalization": True, "rescale": 0.02},
    {"zca_whitening": True, "rescale": 1 / 255, "zca_epsilon": 0.1},
    {"zca_whitening": True, "featurewise_std_normalization": True, "samplewise_center": True, "zca_epsilon": 1e-6},
]


def standardizations():
    cases = []
    for number, options in enumerate(STANDARDIZE):
        # More photos than values, and fewer.
        for count, shape in [(70, (4, 4, 3)), (9, (5, 4, 3))]:
            if options.get("samplewise_center") and options.get("zca_whitening") and count < 48:
                continue
            generator = legacy.ImageDataGenerator(**options)
            # Reduced by a factor, the sine has more than two dimensions.
            x = levels((count, *shape), 60 + number).astype(np.float32) ** 2 / 255
            generator.fit(x)
            case = {
                "key": 60 + number,
                "shape": [count, *shape],
                "options": camels(options),
                "result": numbers(generator.standardize(np.copy(x[1]))),
            }
            if generator.mean is not None:
                case["mean"] = numbers(generator.mean)
            if generator.std is not None:
                case["std"] = numbers(generator.std)
            cases.append(case)
    batch = levels((3, 4, 4, 3), 90).astype(np.float32)
    generator = legacy.ImageDataGenerator(samplewise_std_normalization=True)
    cases.append(
        {
            "key": 90,
            "shape": [3, 4, 4, 3],
            "options": {"samplewiseStdNormalization": True},
            "batch": True,
            "result": numbers(generator.standardize(np.copy(batch))),
        }
    )
    return cases


FILES = {
    "cats": ["10.png", "2.png", "b.png", "B.png", "a/z.png", "a-b/1.png", "note.txt", "x.gif"],
    "dogs": ["1.png", "3.PNG", "11.png", "é.png", "Z.bmp"],
    "empty": ["note.txt"],
    "Zebra": ["1.png"],
}


def write_files(root):
    number = 0
    for folder, files in FILES.items():
        for name in files:
            path = root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("txt"):
                path.write_text("no photo")
            else:
                Image.fromarray(np.full((3, 4, 3), number, np.uint8)).save(path)
            number += 1


def listing(iterator):
    return {
        "filenames": [name.replace(os.sep, "/") for name in iterator.filenames],
        "classIndices": getattr(iterator, "class_indices", {}),
        "classes": [int(number) for number in iterator.classes],
    }


def folders():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        write_files(root)
        cases = []
        for split, subset in [(0.0, None), (0.4, "training"), (0.4, "validation"), (0.25, "validation")]:
            generator = legacy.ImageDataGenerator(validation_split=split)
            iterator = generator.flow_from_directory(name, subset=subset, shuffle=False, target_size=(3, 4))
            cases.append({"validationSplit": split, "subset": subset, **listing(iterator)})
        generator = legacy.ImageDataGenerator()
        iterator = generator.flow_from_directory(name, classes=["dogs", "cats"], shuffle=False)
        named = {"classes": ["dogs", "cats"], **listing(iterator)}
        datasets = []
        for split, subset in [(None, None), (0.3, "training"), (0.3, "validation")]:
            data = keras.utils.image_dataset_from_directory(
                name, validation_split=split, subset=subset, shuffle=False, image_size=(3, 4), batch_size=4
            )
            labels = [int(label) for _, batch in data for label in batch]
            paths = [str(pathlib.Path(path).relative_to(root)) for path in data.file_paths]
            datasets.append({"validationSplit": split, "subset": subset, "paths": paths, "labels": labels})
        classes = data.class_names
    return {"files": FILES, "cases": cases, "named": named, "datasets": datasets, "datasetClasses": classes}


def flows():
    x = np.arange(11, dtype=np.float32).reshape(11, 1, 1, 1)
    y = np.array([0, 1] * 5 + [0])
    cases = []
    for split, subset in [(0.0, None), (0.3, "training"), (0.3, "validation")]:
        generator = legacy.ImageDataGenerator(validation_split=split)
        iterator = generator.flow(x, y, batch_size=4, shuffle=False, subset=subset, sample_weight=x.ravel())
        batches = [next(iterator) for _ in range(4)]
        given = [[numbers(part) for part in (images, labels)] for images, labels, *_ in batches]
        cases.append({"validationSplit": split, "subset": subset, "batches": given})
    return cases


class Column:
    """As much of a pandas Series as Keras's DataFrameIterator asks for; pandas itself is not needed to run this."""

    def __init__(self, values):
        self.list = list(values)

    def __iter__(self):
        return iter(self.list)

    def apply(self, function, args=()):
        return Column(function(value, *args) for value in self.list)

    map = apply
    dtype = property(lambda self: np.asarray(self.list).dtype)
    values = property(lambda self: np.asarray(self.list))

    def nunique(self):
        return len(set(self.list))

    def tolist(self):
        return self.list

    def __invert__(self):
        return Column(not value for value in self.list)

    def sum(self):
        return sum(self.list)


class Table:
    """As much of a pandas DataFrame as Keras's DataFrameIterator asks for."""

    def __init__(self, rows):
        self.rows = [dict(row) for row in rows]

    def copy(self):
        return Table(self.rows)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, key):
        if isinstance(key, Column):
            return Table(row for row, keep in zip(self.rows, key) if keep)
        if isinstance(key, list):
            return Column([row[name] for name in key] for row in self.rows)
        return Column(row[key] for row in self.rows)

    def __setitem__(self, key, column):
        for row, value in zip(self.rows, column):
            row[key] = value

    def dropna(self, subset):
        return Table(row for row in self.rows if all(row[name] is not None for name in subset))

    @property
    def iloc(self):
        class Rows:
            def __getitem__(_, key):
                return Table(self.rows[key[0]])

        return Rows()


def dataframes():
    rows = [
        {"filename": f"{number}.png", "class": "cba"[number % 3], "weight": number / 2, "age": number * 1.5, "size": number}
        for number in range(7)
    ] + [{"filename": "missing.png", "class": "d", "weight": 1.0, "age": 1.0, "size": 1}]
    lists = [dict(row, **{"class": list("abc"[: 1 + number % 3])}) for number, row in enumerate(rows)]
    cases = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(7):
            Image.fromarray(np.full((3, 4, 3), number, np.uint8)).save(pathlib.Path(name) / f"{number}.png")
        for table, options in [
            (rows, {}),
            (rows, {"class_mode": "sparse", "weight_col": "weight"}),
            (rows, {"classes": ["c", "a"]}),
            (rows, {"class_mode": "raw", "y_col": "age"}),
            (rows, {"class_mode": "raw", "y_col": ["age", "size"]}),
            (lists, {}),
            (rows, {"subset": "validation"}),
            (rows, {"subset": "training", "class_mode": "sparse"}),
        ]:
            generator = legacy.ImageDataGenerator(validation_split=0.3)
            iterator = generator.flow_from_dataframe(
                Table(table), directory=name, shuffle=False, batch_size=5, target_size=(2, 2), **options
            )
            x, labels, *weights = next(iterator)
            cases.append(
                {
                    "rows": "lists" if table is lists else "rows",
                    "options": camels(options),
                    "filenames": list(iterator.filenames),
                    "classIndices": getattr(iterator, "class_indices", {}),
                    "levels": [int(image[0, 0, 0]) for image in x],
                    "labels": {"dims": list(np.shape(labels)), "data": numbers(labels)},
                    "weights": numbers(weights[0]) if weights else None,
                }
            )
    return {"rows": rows, "lists": lists, "cases": cases}


def loading():
    """Photos in all colour modes and with proportions kept, and TensorFlow's resizing, to levels.

    They are wide, for Pillow 13 resizes the columns of tall ones first, which earlier versions do not.
    """
    sources = {"rgb": levels((13, 21, 3), 70), "rgba": levels((9, 16, 4), 71)}
    cases = []
    with tempfile.TemporaryDirectory() as name:
        for source, pixels in sources.items():
            path = pathlib.Path(name) / f"{source}.png"
            Image.fromarray(pixels).save(path)
            for mode in ["rgb", "rgba", "grayscale"]:
                # Colours under transparent pixels are laid on white here, and shown by Keras.
                if source == "rgba" and mode != "rgba":
                    continue
                for keep in [False, True]:
                    for filter_name in ["nearest", "bilinear", "lanczos"]:
                        image = keras.utils.load_img(
                            path, color_mode=mode, target_size=(6, 7), interpolation=filter_name, keep_aspect_ratio=keep
                        )
                        cases.append(
                            {
                                "source": source,
                                "options": {"colorMode": mode, "interpolation": filter_name, "keepAspectRatio": keep},
                                "result": encoded(keras.utils.img_to_array(image)),
                            }
                        )
    resized = []
    for method in ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]:
        for size in [(6, 7), (19, 30), (13, 10)]:
            result = tf.image.resize(sources["rgb"][:, :, :1], size, method=method)
            resized.append({"method": method, "size": list(size), "result": numbers(result, 5)})
    aspects = []
    with tempfile.TemporaryDirectory() as name:
        (pathlib.Path(name) / "a").mkdir()
        Image.fromarray(sources["rgb"]).save(pathlib.Path(name) / "a" / "1.png")
        for option in ["crop_to_aspect_ratio", "pad_to_aspect_ratio"]:
            data = keras.utils.image_dataset_from_directory(name, image_size=(8, 8), shuffle=False, **{option: True})
            image = next(iter(data))[0][0].numpy()[:, :, 0]
            aspects.append({"option": camel(option), "result": numbers(image, 5)})
    encodings = {source: {"shape": list(pixels.shape), "data": encoded(pixels)} for source, pixels in sources.items()}
    return {"sources": encodings, "cases": cases, "resized": resized, "aspects": aspects}


def preprocessing():
    x = levels((2, 3, 4, 3), 80).astype(np.float32)
    index = {str(number): [f"n{number:04}", f"class_{number}"] for number in range(1000)}
    scores = wave((2, 1000), 81, 0.5, 0.5)
    decode = keras.src.applications.imagenet_utils
    decode.CLASS_INDEX = index
    top = decode.decode_predictions(scores, top=3)
    modules = {
        camel(name): [numbers(module.preprocess_input(np.copy(pixels))) for pixels in (x[0, :2, :2], x[1, :2, :2] / 255)]
        for name, module in vars(keras.applications).items()
        if hasattr(module, "preprocess_input")
    }
    return {
        "modes": {mode: numbers(decode.preprocess_input(np.copy(x), mode=mode)) for mode in ["tf", "caffe", "torch"]},
        "modules": modules,
        "top": [[[identifier, name, float(score)] for identifier, name, score in row] for row in top],
    }


def main():
    moved = ("keras", "numpy", "scipy", "pillow")
    write("generator-transforms.json", {"cases": transforms()}, moved)
    write("generator-splines.json", {"cases": splines()}, moved)
    write("generator-standardize.json", {"cases": standardizations()}, ("keras", "numpy", "scipy"))
    loaded = ("keras", "tensorflow", "numpy", "pillow")
    write("generator-flows.json", {"folders": folders(), "arrays": flows(), "tables": dataframes()}, loaded)
    write("image-loading.json", loading(), loaded)
    write("imagenet-utils.json", preprocessing())


if __name__ == "__main__":
    main()
