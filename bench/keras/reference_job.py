"""The guide's reference job in Keras, for measuring Graft against it.

    python bench/keras/reference_job.py --base-dir DIR --weights FILE.h5 [--epochs 2] [--seed 1]

Prints one JSON object a line: `timing` (milliseconds of one training step and of one validation step, best and
median of 10, on one batch that lies in memory) and `history` (what fit returned, and the seconds of each epoch).
Needs: pip install tensorflow-cpu==2.21 keras==3.15.1 pillow scipy
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
from clock import milliseconds  # noqa: E402
from keras import layers, models, optimizers  # noqa: E402
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--base-dir", required=True)
parser.add_argument("--weights", required=True)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--steps-per-epoch", type=int, default=100)
parser.add_argument("--validation-steps", type=int, default=50)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

keras.utils.set_random_seed(args.seed)

train_datagen = ImageDataGenerator(
    rescale=1.0 / 255,
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    fill_mode="nearest",
)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)
train_generator = train_datagen.flow_from_directory(
    os.path.join(args.base_dir, "train"), target_size=(150, 150), batch_size=20, class_mode="binary"
)
validation_generator = test_datagen.flow_from_directory(
    os.path.join(args.base_dir, "validation"), target_size=(150, 150), batch_size=20, class_mode="binary"
)


def build():
    base = keras.applications.VGG16(weights=args.weights, include_top=False, input_shape=(150, 150, 3))
    base.trainable = True
    trainable = False
    for layer in base.layers:
        if layer.name == "block5_conv1":
            trainable = True
        layer.trainable = trainable
    model = models.Sequential(
        [base, layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(loss="binary_crossentropy", optimizer=optimizers.RMSprop(learning_rate=1e-5), metrics=["acc"])
    return model


x, y = next(train_generator)
timed = build()
print(
    json.dumps(
        {
            "event": "timing",
            "train_on_batch": milliseconds(lambda: timed.train_on_batch(x, y)),
            "test_on_batch": milliseconds(lambda: timed.test_on_batch(x, y)),
            "augmentation": milliseconds(lambda: next(train_generator)),
        }
    ),
    flush=True,
)
del timed


class Stopwatch(keras.callbacks.Callback):
    seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        print(json.dumps({"event": "epoch", "epoch": epoch + 1, "seconds": self.seconds[-1], **logs}), flush=True)


if args.epochs == 0:
    raise SystemExit
keras.utils.set_random_seed(args.seed)
history = build().fit(
    train_generator,
    steps_per_epoch=args.steps_per_epoch,
    epochs=args.epochs,
    validation_data=validation_generator,
    validation_steps=args.validation_steps,
    callbacks=[Stopwatch()],
    verbose=0,
)
print(json.dumps({"event": "history", "history": history.history, "seconds": Stopwatch.seconds}))
