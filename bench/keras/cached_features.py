"""A frozen network and a new classifier on its features in Keras, each photo passed through the network once.

    python bench/keras/cached_features.py --network vgg16|mobilenetv2 --base-dir DIR --out FILE.keras [--weights FILE.h5]

Does what `graft train` does with a frozen network: features of the photos in train and validation, a classifier trained on
them, one model of both written to FILE.keras, and its accuracy on the photos in test where there are any. Without --weights
they are random, which takes the same time and makes accuracies meaningless. Prints one JSON object: `event` (`done`),
`epochs`, `val_accuracy`, `test_accuracy`, and `seconds` of the parts. Needs: pip install tensorflow-cpu==2.21 keras==3.15.1
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import applications, layers  # noqa: E402

networks = {
    "vgg16": (applications.VGG16, applications.vgg16.preprocess_input, 150),
    "mobilenetv2": (applications.MobileNetV2, applications.mobilenet_v2.preprocess_input, 224),
}

parser = argparse.ArgumentParser()
parser.add_argument("--network", choices=networks, required=True)
parser.add_argument("--base-dir", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--weights")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

keras.utils.set_random_seed(args.seed)
architecture, preprocess_input, size = networks[args.network]
seconds = {}


def timed(part, call):
    start = time.perf_counter()
    result = call()
    seconds[part] = round(time.perf_counter() - start, 2)
    return result


def network():
    base = architecture(weights=args.weights, include_top=False, input_shape=(size, size, 3), pooling="avg")
    base.trainable = False
    inputs = keras.Input((size, size, 3))
    return keras.Model(inputs, base(preprocess_input(inputs), training=False))


def features(name):
    # In the order of the files: the classifier's epochs are shuffled by fit. tf.data decodes ahead, on all cores.
    photos = keras.utils.image_dataset_from_directory(
        os.path.join(args.base_dir, name), label_mode="binary", image_size=(size, size), batch_size=20, shuffle=False, verbose=False
    )
    values, labels = [], []
    for x, y in photos:
        values.append(extractor.predict_on_batch(x))
        labels.append(y)
    return np.concatenate(values), np.concatenate(labels)


extractor = timed("network", network)
x, y = timed("train", lambda: features("train"))
validation = timed("validation", lambda: features("validation"))

head = keras.Sequential([layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")])
head.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
history = timed(
    "classifier", lambda: head.fit(x, y, batch_size=32, epochs=args.epochs, validation_data=validation, verbose=0)
).history

timed("save", lambda: keras.Sequential([extractor, head]).save(args.out))

done = {"event": "done", "epochs": args.epochs, "val_accuracy": history["val_accuracy"][-1]}
if os.path.isdir(os.path.join(args.base_dir, "test")):
    test = timed("test", lambda: features("test"))
    done["test_accuracy"] = head.evaluate(*test, verbose=0)[1]
print(json.dumps({**done, "seconds": seconds}), flush=True)
