"""What the scripts of this folder share: where golden files go, what stands in each of them, and the numbers by formula that
tests compute too. Import it before Keras: it says which backend Keras is to use, and that no GPU takes part but oneDNN does,
without which TensorFlow cannot differentiate some convolutions on a CPU.
"""

import importlib
import json
import os
import pathlib
import sys
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "test" / "golden"
MODULES = {"pillow": "PIL"}


def written(packages):
    """What wrote a file: the command, from the root of the repository, and the version of each package behind the numbers."""
    versions = {package: importlib.import_module(MODULES.get(package, package)).__version__ for package in packages}
    return {"by": f"python scripts/golden/{pathlib.Path(sys.argv[0]).name}", **versions}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def text(content):
    """JSON with a line for each entry, and for each item of an entry that is a list."""
    entries = []
    for key, value in content.items():
        items = isinstance(value, list) and value
        body = "[\n" + ",\n".join(compact(item) for item in value) + "\n]" if items else compact(value)
        entries.append(f"{compact(key)}:{body}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def write(name, content, packages=("keras", "tensorflow", "numpy")):
    """Writes a golden file; `content` is a dictionary."""
    path = GOLDEN / name
    path.write_text(text({"written": written(packages), **content}))
    print(path.name, path.stat().st_size, "bytes")


def write_archive(name, files):
    """Packs files, given as pairs of name and bytes. The JSON file of the same name says what wrote them."""
    path = GOLDEN / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file, data in files:
            # Always the same time, so that the same files make the same archive.
            archive.writestr(zipfile.ZipInfo(file), data, zipfile.ZIP_DEFLATED, 9)
    print(path.name, path.stat().st_size, "bytes")


def files_of(folder):
    """What `write_archive` takes, of all files of a folder."""
    return [(file.name, file.read_bytes()) for file in sorted(folder.iterdir())]


def wave(shape, key, scale=1.0, offset=0.0):
    """Numbers between offset - scale and offset + scale, the same here and in test/support/wave.ts."""
    index = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (offset + scale * np.sin(12.9898 * index + 78.233 * key)).reshape(shape).astype(np.float32)


def tensor(array):
    """An array with seven significant digits."""
    array = np.asarray(array, dtype=np.float64)
    return {"shape": list(array.shape), "data": [float(f"{value:.7g}") for value in array.ravel()]}


def camel(name):
    """Keras's name of an option as Graft has it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
