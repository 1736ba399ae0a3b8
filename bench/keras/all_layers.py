"""Milliseconds of a training step of all layers in Keras: MobileNetV2 at 224 with random weights, AdamW.

    python bench/keras/all_layers.py --classes N [--batch-size 32]

Prints one JSON object: `step` and `time`. Needs: pip install tensorflow-cpu==2.21 keras==3.15.1
"""

import argparse
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from clock import milliseconds  # noqa: E402
from keras import applications, layers, models, optimizers  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--classes", type=int, required=True)
parser.add_argument("--batch-size", type=int, default=32)
args = parser.parse_args()

keras.utils.set_random_seed(1)
base = applications.MobileNetV2(weights=None, include_top=False, input_shape=(224, 224, 3))
model = models.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(args.classes, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizers.AdamW(learning_rate=1e-3), metrics=["accuracy"])
x = np.random.default_rng(1).random((args.batch_size, 224, 224, 3), dtype=np.float32)
y = np.arange(args.batch_size, dtype=np.float32) % args.classes
print(json.dumps({"step": "mobilenetv2_all_224", "time": milliseconds(lambda: model.train_on_batch(x, y))}))
