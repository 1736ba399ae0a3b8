"""Golden values of Keras's applications that come in widths: which file of weights each call asks for:
test/golden/application-files.json.

    python scripts/golden/application_files.py

Needs Keras and TensorFlow, and no network: nothing is downloaded.
"""

from _golden import write

import keras
from keras.src.backend import StatelessScope
from keras.src.utils import file_utils

FILE = "application-files.json"



def calls():
    """Names with options that files depend on. Weights for 224 stand in for sizes that there are none for."""
    for alpha, side in [*[(alpha, None) for alpha in [0.25, 0.5, 0.75, 1.0]], *[(0.5, side) for side in [64, 128, 160, 192]]]:
        yield "MobileNet", {"alpha": alpha, "side": side}
    widths = [(alpha, None) for alpha in [0.35, 0.5, 0.75, 1.0, 1.3, 1.4]]
    for alpha, side in [*widths, *[(0.35, side) for side in [64, 96, 128, 160, 192]]]:
        yield "MobileNetV2", {"alpha": alpha, "side": side}
    for name in ["MobileNetV3Small", "MobileNetV3Large"]:
        yield name, {"alpha": 0.75}
        yield name, {"alpha": 1.0}
        yield name, {"minimalistic": True}


asked = []


def record(fname=None, origin=None, file_hash=None, md5_hash=None, **_):
    asked.append({"file": fname, "url": origin, "hash": file_hash or md5_hash})
    return fname


file_utils.get_file = record
keras.Model.load_weights = lambda self, path: None


def made(name, options, top):
    """The model of a call, whose weights have no values."""
    options = dict(options)
    side = options.pop("side", None)
    shape = {} if side is None else {"input_shape": (side, side, 3)}
    keras.utils.clear_session()
    asked.clear()
    with StatelessScope(initialize_variables=False):
        return getattr(keras.applications, name)(weights="imagenet", include_top=top, **shape, **options)


def main():
    rows = []
    for name, options in calls():
        print(name, options, flush=True)
        # The classifier takes no other size.
        for top in [False] if options.get("side") == 64 else [True, False]:
            model = made(name, options, top)
            rows.append({"name": name, **options, "top": top, "model": model.name, **asked[0]})
    # Published weights come with a layer more.
    scale = made("EfficientNetB0", {}, False).get_layer("rescaling_1").get_config()["scale"]
    write(FILE, {"rows": rows, "scale": scale})


if __name__ == "__main__":
    main()
