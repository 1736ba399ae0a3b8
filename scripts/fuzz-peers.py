"""What the libraries of their formats say of damaged files that Graft took.

    GRAFT_FUZZ_KEEP=kept npx vitest run test/fuzz
    python scripts/fuzz-peers.py kept [PATTERN]

Needs h5py, numpy, onnx, pillow, safetensors. Lists, by reader (those whose name fits the pattern) and by what the library says, files that Graft
took and the library refuses. A library reads in a process of its own, which is ended where it takes more than ten seconds.
"""

import collections
import io
import json
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

patience = 10


def onnx_file(path):
    import onnx

    # Shapes are the business of who runs it; what the file says of itself is that of the checker.
    onnx.checker.check_model(onnx.load(path, load_external_data=False))


def onnx_runs(path):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def hdf5(path):
    import h5py

    def look(_, entity):
        dict(entity.attrs)
        if isinstance(entity, h5py.Dataset):
            entity[()]

    with h5py.File(path) as file:
        dict(file.attrs)
        file.visititems(look)


def keras(path):
    zipped(path)
    with zipfile.ZipFile(path) as archive:
        json.loads(archive.read("config.json"))


def zipped(path):
    with zipfile.ZipFile(path) as archive:
        wrong = archive.testzip()
        if wrong is not None:
            raise ValueError("a checksum does not fit")


def tarred(path):
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                archive.extractfile(member).read()


def arrays(names):
    def read(path):
        import numpy

        with numpy.load(path, allow_pickle=False) as archive:
            for name in names:
                archive[name]

    return read


def safetensors(path):
    from safetensors.numpy import load

    load(Path(path).read_bytes())


def json_file(path):
    # Bytes, not text: what is no UTF-8 is refused.
    json.loads(Path(path).read_bytes())


def json_lines(path):
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        if line != "":
            json.loads(line)


def csv_file(path):
    import csv

    list(csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8"), newline=""), strict=True))


def picture(path):
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        image.load()


peers = [
    (r"^ONNX", "the checker of onnx", onnx_file),
    (r"^ONNX", "onnxruntime", onnx_runs),
    (r"^HDF5|\.h5|weights into", "h5py", hdf5),
    (r"^Keras, the (archive|configuration)", "zipfile and json", keras),
    (r"^Keras, a model's JSON", "json", json_file),
    (r"^TensorFlow\.js, tfjs|json$|json, |json of|json beside|files beside|weights of classes", "json", json_file),
    (r"^npz$", "numpy", arrays(["x", "y"])),
    (r"^npy$", "numpy", arrays(["x"])),
    (r"^ZIP$", "zipfile", zipped),
    (r"^tar", "tarfile", tarred),
    (r"^(safetensors|a checkpoint's file)$", "safetensors", safetensors),
    (r"jsonl$", "json", json_lines),
    (r"^CSV$", "csv", csv_file),
    (r"^(jpg|png|webp|gif|tif|avif|bmp|ppm)", "Pillow", picture),
]


def serve(number):
    """Reads the files that are named on stdin, and says of each what came of it."""
    read = peers[number][2]
    for line in sys.stdin:
        try:
            read(line.rstrip("\n"))
            answer = None
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


class Library:
    """A library in a process of its own."""

    def __init__(self, number):
        self.number = number
        self.process = None

    def read(self, path):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, __file__, "--serve", str(self.number)],
                **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True},
            )
        timer = threading.Timer(patience, self.process.kill)
        timer.start()
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        timer.cancel()
        return json.loads(line) if line else "ends, or does not come back"

    def end(self):
        if self.process is not None:
            self.process.kill()


def kind_of(message):
    """What messages of one kind have in common."""
    return re.sub(r"\d+|'[^']*'|\"[^\"]*\"|b'.*|\(.*", "#", message.split("\n")[0])[:110]


def main(folder, pattern="."):
    for kept in sorted(path for path in Path(folder).iterdir() if re.search(pattern, path.name)):
        files = sorted(kept.iterdir(), key=lambda path: int(path.name.split("-")[0]))
        for number, (names, library, _) in enumerate(peers):
            if not re.search(names, kept.name):
                continue
            reader = Library(number)
            refused = collections.defaultdict(list)
            for file in files:
                message = reader.read(file)
                if message is not None:
                    refused[kind_of(message)].append((file.name.split("-")[0], message))
            reader.end()
            total = sum(map(len, refused.values()))
            print(f"{kept.name}: {len(files)} taken by Graft, {total} of them refused by {library}")
            for kind, found in sorted(refused.items(), key=lambda pair: -len(pair[1])):
                numbers = ", ".join(name for name, _ in found[:6])
                print(f"    {len(found):4} {kind}   [{numbers}]")


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
