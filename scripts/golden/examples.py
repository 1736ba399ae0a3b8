"""What Keras makes of the scripts whose counterparts lie in `examples/`: the same photos, drawn by formula (test/support/tiny-photos.ts
draws them too), the same first weights, which are written along, and nothing left to chance.
"""

import pathlib
import tempfile

from _golden import np, write, write_archive

import keras
import tensorflow as tf
from keras import layers
from PIL import Image

SIZE = 32
CLASSES = ["checks", "stripes", "waves"]
COUNTS = {"train": 8, "validation": 4}


def pixels(kind, number):
    """`[32, 32, 3]` uint8: photo `number` of a class, which test/support/tiny-photos.ts draws alike."""
    y, x, c = np.meshgrid(np.arange(SIZE), np.arange(SIZE), np.arange(3), indexing="ij")
    checks = np.where((x // (3 + number % 3) + y // (3 + number % 3)) % 2 == 0, 200, 40)
    stripes = np.where((x // (2 + number % 4)) % 2 == 0, 200, 40)
    waves = (x * 6 + y * (number % 5 + 1)) % 220
    return ([checks, stripes, waves][kind] + (x * 13 + y * 7 + number * 29 + c * 53) % 31).astype("uint8")


def draw(folder):
    for part, count in COUNTS.items():
        for kind, name in enumerate(CLASSES):
            place = folder / part / name
            place.mkdir(parents=True)
            for index in range(count):
                number = index if part == "train" else index + 100
                Image.fromarray(pixels(kind, number)).save(place / f"{index}.png")


def figures(history):
    return {key: [float(value) for value in values] for key, values in history.history.items() if key != "learning_rate"}


def convolutions():
    return keras.Sequential(
        [
            layers.Input((SIZE, SIZE, 3)),
            layers.Conv2D(8, 3, strides=2, activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(12, 3, activation="relu", name="last"),
        ],
        name="base",
    )


def classifier():
    base = convolutions()
    inputs = keras.Input((SIZE, SIZE, 3))
    x = inputs
    for layer in base.layers:
        x = layer(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x), name="classifier")


def arrays(folder, part):
    x, y = [], []
    for kind, name in enumerate(CLASSES):
        for index in range(COUNTS[part]):
            image = keras.utils.load_img(folder / part / name / f"{index}.png", target_size=(SIZE, SIZE))
            x.append(keras.utils.img_to_array(image))
            y.append(kind)
    return np.stack(x), np.array(y)


def transfer_learning(folder, base_path):
    """https://keras.io/guides/transfer_learning/"""
    data = {
        part: keras.utils.image_dataset_from_directory(
            two_classes(folder, part), label_mode="binary", image_size=(SIZE, SIZE), batch_size=8, shuffle=False
        )
        for part in COUNTS
    }
    base = keras.models.load_model(base_path)
    base.trainable = False
    inputs = keras.Input(shape=(SIZE, SIZE, 3))
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(1, kernel_initializer="zeros")(x)
    model = keras.Model(inputs, outputs)

    def compile_model(learning_rate):
        # A metric that has counted already would count on: Keras clears those that are built, which is at the first batch.
        loss, metric = keras.losses.BinaryCrossentropy(from_logits=True), keras.metrics.BinaryAccuracy()
        model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss, metrics=[metric])

    compile_model(0.5)
    first = model.fit(data["train"], epochs=6, validation_data=data["validation"], verbose=0)
    base.trainable = True
    compile_model(3e-3)
    second = model.fit(data["train"], epochs=2, validation_data=data["validation"], verbose=0)
    return {"first": figures(first), "second": figures(second)}


def two_classes(folder, part):
    """A folder with the first two classes alone."""
    place = folder / f"two-{part}"
    if not place.exists():
        for kind, name in enumerate(CLASSES[:2]):
            (place / name).mkdir(parents=True)
            for index in range(COUNTS[part]):
                number = index if part == "train" else index + 100
                Image.fromarray(pixels(kind, number)).save(place / name / f"{index}.png")
    return place


def grad_cam(folder, model_path):
    """https://keras.io/examples/vision/grad_cam/"""
    model = keras.models.load_model(model_path)
    image = keras.utils.load_img(folder / "train" / "checks" / "2.png", target_size=(SIZE, SIZE))
    array = np.expand_dims(keras.utils.img_to_array(image), axis=0)
    grad_model = keras.models.Model(model.inputs, [model.get_layer("last").output, model.output])
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(array)
        pred_index = tf.argmax(preds[0])
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
    heatmap = last_conv_layer_output[0] @ pooled_grads[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    assert float(tf.reduce_max(heatmap)) > 0
    heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)
    return {"label": CLASSES[int(pred_index)], "shape": list(heatmap.shape), "heatmap": heatmap.numpy().ravel().tolist()}


def chapter_8(folder, base_path):
    """Deep Learning with Python, 2nd edition, 8.3: features of a pretrained network, then a classifier on them."""
    base = keras.models.load_model(base_path)

    def features_and_labels(part):
        dataset = keras.utils.image_dataset_from_directory(
            two_classes(folder, part), image_size=(SIZE, SIZE), batch_size=8, shuffle=False
        )
        all_features, all_labels = [], []
        for images, labels in dataset:
            preprocessed = keras.applications.vgg16.preprocess_input(images)
            all_features.append(base.predict(preprocessed, verbose=0))
            all_labels.append(labels)
        return np.concatenate(all_features), np.concatenate(all_labels)

    train_features, train_labels = features_and_labels("train")
    val_features, val_labels = features_and_labels("validation")
    inputs = keras.Input(shape=train_features.shape[1:])
    x = layers.Flatten()(inputs)
    x = layers.Dense(16, activation="relu", kernel_initializer=keras.initializers.Constant(0.001))(x)
    outputs = layers.Dense(1, activation="sigmoid", kernel_initializer=keras.initializers.Constant(0.001))(x)
    model = keras.Model(inputs, outputs)
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(3e-4), metrics=["accuracy"])
    with tempfile.TemporaryDirectory() as out:
        path = f"{out}/feature_extraction.keras"
        callbacks = [keras.callbacks.ModelCheckpoint(filepath=path, save_best_only=True, monitor="val_loss")]
        history = model.fit(
            train_features, train_labels, epochs=4, validation_data=(val_features, val_labels), callbacks=callbacks,
            shuffle=False, verbose=0,
        )
        test_loss, test_acc = keras.models.load_model(path).evaluate(val_features, val_labels, verbose=0)
    return {
        "features": [float(train_features.mean()), float(train_features.std())],
        "history": figures(history),
        "best": {"loss": float(test_loss), "accuracy": float(test_acc)},
    }


def k_fold(folder, model_path, k=4):
    """Cross-validation, as books and forums do it: a model a fold."""
    x, y = arrays(folder, "train")
    x = x / 255
    y = keras.utils.to_categorical(y, 3)
    scores = []
    for fold in range(k):
        held_out = np.arange(len(x)) % k == fold
        model = keras.models.load_model(model_path)
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
        model.fit(x[~held_out], y[~held_out], epochs=5, batch_size=6, shuffle=False, verbose=0)
        loss, accuracy = model.evaluate(x[held_out], y[held_out], verbose=0)
        scores.append({"loss": float(loss), "accuracy": float(accuracy)})
    return {"scores": scores}


class EmbeddingModel(keras.Model):
    """https://keras.io/examples/vision/metric_learning/"""

    def train_step(self, data):
        if isinstance(data, tuple):
            data = data[0]
        anchors, positives = data[0], data[1]
        with tf.GradientTape() as tape:
            anchor_embeddings = self(anchors, training=True)
            positive_embeddings = self(positives, training=True)
            similarities = keras.ops.einsum("ae,pe->ap", anchor_embeddings, positive_embeddings)
            temperature = 0.2
            similarities = similarities / temperature
            sparse_labels = keras.ops.arange(3)
            loss = self.compute_loss(y=sparse_labels, y_pred=similarities)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(sparse_labels, similarities)
        return {m.name: m.result() for m in self.metrics}


def metric_learning(folder, model_path):
    x, y = arrays(folder, "train")
    x = x / 255

    class AnchorPositivePairs(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            pairs = np.empty((2, 3, SIZE, SIZE, 3), dtype="float32")
            for kind in range(3):
                of_class = np.where(y == kind)[0]
                pairs[0, kind] = x[of_class[(2 * index) % len(of_class)]]
                pairs[1, kind] = x[of_class[(2 * index + 1) % len(of_class)]]
            return (pairs,)

    embedder = keras.models.load_model(model_path)
    model = EmbeddingModel(embedder.inputs, embedder.outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(AnchorPositivePairs(), epochs=3, shuffle=False, verbose=0)
    embeddings = model.predict(x, verbose=0)
    gram = np.einsum("ae,be->ab", embeddings, embeddings)
    neighbours = np.argsort(gram)[:, -2]
    return {"history": figures(history), "nearest": neighbours.tolist()}


def kaggle_table(folder, model_path):
    """A competition's table of files and labels; weights of classes, callbacks, a table of predictions."""
    import pandas

    rows = [(f"{name}/{index}.png", name) for index in range(COUNTS["train"]) for name in CLASSES if name != "waves" or index < 4]
    table = pandas.DataFrame(rows, columns=["file", "label"])
    train, valid = table[: len(table) * 3 // 4], table[len(table) * 3 // 4 :]
    how = {"directory": str(folder / "train"), "x_col": "file", "y_col": "label", "target_size": (SIZE, SIZE), "batch_size": 5}
    datagen = keras.src.legacy.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
    train_flow = datagen.flow_from_dataframe(train, class_mode="categorical", shuffle=False, **how)
    valid_flow = datagen.flow_from_dataframe(
        valid, class_mode="categorical", shuffle=False, classes=list(train_flow.class_indices), **how
    )
    counts = [int((train["label"] == name).sum()) for name in train_flow.class_indices]
    class_weight = {index: len(train) / (len(counts) * count) for index, count in enumerate(counts)}
    model = keras.models.load_model(model_path)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="categorical_crossentropy", metrics=["accuracy"])
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1),
    ]
    history = model.fit(
        train_flow, validation_data=valid_flow, epochs=8, class_weight=class_weight, callbacks=callbacks, shuffle=False,
        verbose=0,
    )
    tests = pandas.DataFrame({"file": [f"{name}/{index}.png" for name in CLASSES for index in range(4)]})
    test_flow = datagen.flow_from_dataframe(
        tests, directory=str(folder / "validation"), x_col="file", class_mode=None, target_size=(SIZE, SIZE), batch_size=5,
        shuffle=False,
    )
    predictions = model.predict(test_flow, verbose=0)
    labels = list(train_flow.class_indices)
    return {
        "history": figures(history),
        "submission": [[file, labels[int(np.argmax(row))]] for file, row in zip(test_flow.filenames, predictions)],
    }


def main():
    keras.utils.set_random_seed(3)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        draw(folder)
        untrained = classifier()
        untrained.save(folder / "untrained.keras")
        trained = classifier()
        trained.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy")
        trained.fit(*arrays(folder, "train"), epochs=40, verbose=0)
        trained.save(folder / "trained.keras")
        base = convolutions()
        for layer in base.layers:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
        base.save(folder / "base.keras")
        inputs = keras.Input((SIZE, SIZE, 3))
        x = convolutions()(inputs)
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(units=8, activation=None)(x)
        keras.Model(inputs, layers.UnitNormalization()(x)).save(folder / "embedder.keras")
        content = {
            "transfer-learning": transfer_learning(folder, folder / "base.keras"),
            "grad-cam": grad_cam(folder, folder / "trained.keras"),
            "book-chapter-8": chapter_8(folder, folder / "base.keras"),
            "k-fold": k_fold(folder, folder / "untrained.keras"),
            "metric-learning": metric_learning(folder, folder / "embedder.keras"),
            "kaggle-table": kaggle_table(folder, folder / "untrained.keras"),
        }
        write("examples.json", content, ("keras", "tensorflow", "numpy", "pillow"))
        files = ["base.keras", "untrained.keras", "trained.keras", "embedder.keras"]
        write_archive("examples.zip", [(file, (folder / file).read_bytes()) for file in files])


main()
