"""Milliseconds of a training step in Keras: VGG16, MobileNetV2 and ResNet50 with random weights, batch 20, RMSprop.

    python bench/keras/steps.py

Prints one JSON object a line: `step` and `time`. Needs: pip install tensorflow-cpu==2.21 keras==3.15.1
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from clock import milliseconds  # noqa: E402
from keras import applications, layers, models, optimizers  # noqa: E402


def compiled(base, learns, head):
    for layer in base.layers:
        layer.trainable = layer.name.startswith(learns)
    model = models.Sequential([base, *head])
    model.compile(loss="binary_crossentropy", optimizer=optimizers.RMSprop(learning_rate=1e-5), metrics=["acc"])
    return model


def vgg16(learns):
    base = applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    head = [layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    return compiled(base, learns, head)


def pooled(network, size, learns):
    base = network(weights=None, include_top=False, input_shape=(size, size, 3))
    return compiled(base, learns, [layers.GlobalAveragePooling2D(), layers.Dense(1, activation="sigmoid")])


steps = {
    "vgg16_block5": (150, lambda: vgg16("block5")),
    "vgg16_all": (150, lambda: vgg16("")),
    "mobilenetv2_all": (160, lambda: pooled(applications.MobileNetV2, 160, "")),
    "resnet50_conv5": (224, lambda: pooled(applications.ResNet50, 224, "conv5")),
}

keras.utils.set_random_seed(1)
for name, (size, make) in steps.items():
    model = make()
    x = np.random.default_rng(1).random((20, size, size, 3), dtype=np.float32)
    y = np.arange(20, dtype=np.float32) % 2
    print(json.dumps({"step": name, "time": milliseconds(lambda: model.train_on_batch(x, y))}), flush=True)
    del model
    keras.backend.clear_session()
