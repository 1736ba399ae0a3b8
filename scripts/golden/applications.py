"""Golden values of Keras's applications: test/golden/applications.json.

    python scripts/golden/applications.py [--structure] [--files] [--outputs] [--training] [name …]

Needs Keras and TensorFlow. With names only these are computed, with options only these parts; the others are kept. Weights are far
too large to be stored: both sides make them by a small hash of their number and the place in them
(test/support/hashed-weights.ts). Of layers there is a hash of their names, classes and shapes of weights, in order. Nothing is
downloaded: the parts say which files Keras would ask for.
"""

import hashlib
import json
import sys

from _golden import GOLDEN, camel, tensor, wave, write

import keras
import numpy as np
from keras.src.backend import StatelessScope
from keras.src.utils import file_utils

FILE = "applications.json"

# Of each architecture: a small side of the picture; where the classifier's outputs are compared, their side; and where steps of
# training are compared, their side and the first layer that learns, or the one before it. "outputs": False where computing takes
# long: layers, shapes and parameters are compared then. "pixels": True where photos are in [0, 255] rather than [-1, 1]. "of" and
# "options": what makes it, where that is not the function of its name without options.
ARCHITECTURES = {
    "VGG16": {"side": 32, "top": 32, "trains": "block5_conv1", "train_side": 64},
    "VGG19": {"side": 32},
    "ResNet50": {"side": 64, "top": 32, "trains": "conv5_block1_1_conv", "train_side": 96},
    "ResNet101": {"side": 64},
    "ResNet152": {"side": 64},
    "ResNet50V2": {"side": 64, "trains": "conv5_block1_preact_bn", "train_side": 96},
    "ResNet101V2": {"side": 64},
    "ResNet152V2": {"side": 64},
    "DenseNet121": {"side": 64, "top": 32, "trains": "conv5_block1_0_bn", "train_side": 96},
    "DenseNet169": {"side": 64},
    "DenseNet201": {"side": 64},
    "Xception": {"side": 71, "top": 71, "trains": "block13_sepconv1_act", "train_side": 96},
    "InceptionV3": {"side": 75, "top": 75, "trains": "after mixed7", "train_side": 139},
    "InceptionResNetV2": {"side": 75, "top": 75, "trains": "after block17_20_ac", "train_side": 139},
    "NASNetMobile": {"side": 64, "top": 32, "trains": "after normal_concat_8", "train_side": 96},
    "NASNetLarge": {"side": 64, "outputs": False},
    "MobileNet": {"side": 64, "top": 32, "trains": "conv_pad_12", "train_side": 96},
    **{f"MobileNet {alpha}": {"of": "MobileNet", "options": {"alpha": alpha}, "side": 64} for alpha in [0.25, 0.5, 0.75]},
    "MobileNet, two a channel": {"of": "MobileNet", "options": {"alpha": 0.25, "depth_multiplier": 2}, "side": 64, "files": False},
    "MobileNetV2": {"side": 64, "top": 32, "trains": "block_13_expand", "train_side": 96},
    **{
        f"MobileNetV2 {alpha}": {"of": "MobileNetV2", "options": {"alpha": alpha}, "side": 64, "outputs": alpha < 1}
        for alpha in [0.35, 0.5, 0.75, 1.3, 1.4]
    },
    "MobileNetV3Small": {"side": 64, "top": 32, "trains": "expanded_conv_8_expand", "train_side": 96, "pixels": True},
    "MobileNetV3Large": {"side": 64, "pixels": True},
    **{
        f"MobileNetV3{size} {word}": {"of": f"MobileNetV3{size}", "options": options, "side": 64, **given}
        for size in ["Small", "Large"]
        for word, options, given in [
            ("0.75", {"alpha": 0.75}, {"outputs": False}),
            ("minimalistic", {"minimalistic": True}, {"pixels": True}),
            ("1.5", {"alpha": 1.5, "include_preprocessing": False}, {"outputs": False, "files": False}),
        ]
    },
    "EfficientNetB0": {"side": 64, "top": 32, "trains": "block6a_expand_conv", "train_side": 96, "pixels": True},
    **{f"EfficientNetB{number}": {"side": 64, "outputs": number == 1, "pixels": True} for number in range(1, 8)},
    "EfficientNetV2B0": {"side": 64, "top": 32, "trains": "block6a_expand_conv", "train_side": 96, "pixels": True},
    **{f"EfficientNetV2B{number}": {"side": 64, "outputs": number == 3, "pixels": True} for number in range(1, 4)},
    **{f"EfficientNetV2{size}": {"side": 64, "outputs": size == "S", "pixels": True} for size in "SML"},
    "ConvNeXtTiny": {
        **{"side": 64, "top": 32, "pixels": True},
        **{"trains": "convnext_tiny_downsampling_block_2", "train_side": 96},
    },
    **{f"ConvNeXt{size}": {"side": 64, "outputs": False} for size in ["Small", "Base", "Large", "XLarge"]},
}


def hashed(shape, key):
    """Numbers from -1 to 1, the same here and in test/support/hashed-weights.ts."""
    h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(0x9E3779B1)
    h += np.uint32(key * 0x85EBCA6B & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x7FEB352D)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return (h / 2**31 - 1).reshape(shape)


def hashed_weight(name, shape, key):
    """Kernels keep the variance of what they are multiplied with; scales and variances lie around 1."""
    value = hashed(shape, key)
    if name == "count":
        return np.zeros(shape)
    # Factors of ConvNeXt's channels: variable, variable_1, …
    if name == "gamma" or name.startswith("variable"):
        return 1 + 0.2 * value
    if name in ("moving_variance", "variance"):
        return 1 + 0.5 * value
    if len(shape) < 2:
        return 0.1 * value
    # The kernel of a depthwise convolution sees one channel.
    inputs = np.prod(shape[:2]) if len(shape) == 4 and shape[3] == 1 else np.prod(shape[:-1])
    return np.sqrt(3 / inputs) * value


def fill(model):
    for key, variable in enumerate(model.weights):
        variable.assign(hashed_weight(variable.name, tuple(variable.shape), key).astype(variable.dtype))
    for layer in model.layers:
        # What it computes with is made of its weights once.
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def called(name, **options):
    given = ARCHITECTURES[name]
    keras.utils.clear_session()
    return getattr(keras.applications, given.get("of", name))(**given.get("options", {}), **options)


def made(name, **options):
    return called(name, weights=None, **options)


def sketched(name, **options):
    """The same without values of weights, which take most of the time."""
    with StatelessScope(initialize_variables=False):
        return made(name, **options)


def layers_hash(model):
    """A hash of what the layers are, a line for each."""
    lines = [
        f"{layer.name} {type(layer).__name__} "
        + json.dumps([list(weight.shape) for weight in layer.weights], separators=(",", ":"))
        for layer in model.layers
    ]
    return {"layers": len(lines), "hash": hashlib.sha256("\n".join(lines).encode()).hexdigest(), "first": lines[:12]}


def described(model):
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return {**layers_hash(model), "parameters": model.count_params(), "trainable": trainable}


def sampled(values):
    """At most 64 of each row."""
    return tensor(values[:, :: max(1, values.shape[1] // 64)])


def photos(name, batch, side, key):
    spread = (127.5, 127.5) if ARCHITECTURES[name].get("pixels") else (1, 0)
    return wave((batch, side, side, 3), key, *spread)


def outputs_of(model, x):
    """Without a compiled function, which takes longer to make than one batch to compute."""
    return np.array(model(x, training=False))


def trained(name, first, side):
    """Three steps of the stage that begins with a layer, and of a head."""
    base = made(name, include_top=False, pooling="avg", input_shape=(side, side, 3))
    fill(base)
    names = [layer.name for layer in base.layers]
    start = names.index(first.removeprefix("after ")) + first.startswith("after ")
    for index, layer in enumerate(base.layers):
        layer.trainable = index >= start
        # Both draw other random numbers.
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    model = keras.Sequential([base, keras.layers.Dense(3, activation="softmax", name="head")])
    kernel, bias = model.layers[-1].weights
    kernel.assign(hashed_weight("kernel", tuple(kernel.shape), 10_000))
    bias.assign(hashed_weight("bias", tuple(bias.shape), 10_001))
    model.compile(keras.optimizers.SGD(0.0001, momentum=0.9), "categorical_crossentropy", run_eagerly=True)
    before = [np.array(weight) for weight in model.trainable_weights]
    losses = []
    for step in range(3):
        y = np.eye(3, dtype="float32")[[step, 0, 1, 2]]
        losses.append(float(model.train_on_batch(photos(name, 4, side, 500 + step), y)))
    changes = [float(np.linalg.norm(np.array(now) - then)) for now, then in zip(model.trainable_weights, before)]
    return {
        "first": names[start],
        "losses": [float(f"{loss:.7g}") for loss in losses],
        "changes": [float(f"{change:.5g}") for change in changes],
        "after": tensor(outputs_of(model, photos(name, 4, side, 510))),
    }


class Asked(Exception):
    """Which file Keras wants to download, and from where."""


def asked(name, include_top):
    def get_file(fname, origin, cache_subdir=None, file_hash=None):
        raise Asked({"file": fname, "url": origin, "hash": file_hash})

    file_utils.get_file = get_file
    try:
        with StatelessScope(initialize_variables=False):
            called(name, include_top=include_top)
    except Asked as found:
        return found.args[0]
    raise SystemExit(f"{name} downloads nothing")


def structure(name, side, top):
    base = sketched(name, include_top=False, pooling="avg", input_shape=(side, side, 3))
    whole = sketched(name, classes=10, input_shape=(top, top, 3))
    given = ARCHITECTURES[name]
    options = {camel(option): value for option, value in given.get("options", {}).items()}
    asked_for = {"of": given["of"], "options": options} if "of" in given else {}
    pixels = {"pixels": True} if given.get("pixels") else {}
    return {**asked_for, **pixels, "side": side, **described(base), "top": {"side": top, **described(whole)}}


def outputs(name, side, top, classifies):
    model = made(name, include_top=False, pooling="avg", input_shape=(side, side, 3))
    fill(model)
    result = {"output": sampled(outputs_of(model, photos(name, 2, side, 400)))}
    if classifies:
        whole = made(name, classes=10, input_shape=(top, top, 3))
        fill(whole)
        result["classes"] = tensor(outputs_of(whole, photos(name, 2, top, 401)))
    return result


def parts(name, wanted):
    """The parts of an entry that are wanted."""
    given = ARCHITECTURES[name]
    side = given["side"]
    top = given.get("top", side)
    if "structure" in wanted:
        yield structure(name, side, top)
    if "files" in wanted and given.get("files", True):
        yield {"files": {"top": asked(name, True), "noTop": asked(name, False)}}
    if "outputs" in wanted and given.get("outputs", True):
        yield outputs(name, side, top, "top" in given)
    if "training" in wanted and "trains" in given:
        yield {"training": {"side": given["train_side"], **trained(name, given["trains"], given["train_side"])}}


def main():
    path = GOLDEN / FILE
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept.pop("written", None)
    chosen = [word[2:] for word in sys.argv[1:] if word.startswith("--")]
    names = [word for word in sys.argv[1:] if not word.startswith("--")] or ARCHITECTURES
    for name in names:
        print(name, flush=True)
        for part in parts(name, chosen or ["structure", "files", "outputs", "training"]):
            kept[name] = {**kept.get(name, {}), **part}
            write(FILE, {key: kept[key] for key in ARCHITECTURES if key in kept})


if __name__ == "__main__":
    main()
