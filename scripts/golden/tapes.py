"""What TensorFlow's tapes see in steps with several of them: test/golden/tapes.json."""

from _golden import tensor, wave, write

import keras
import tensorflow as tf

STEPS = 3


def dense(shape, units, key, **options):
    """A layer whose kernel is known; the test makes the same."""
    layer = keras.layers.Dense(units, **options)
    layer.build((None, shape))
    layer.set_weights([wave((shape, units), key, 0.5), wave((units,), key + 1, 0.1)])
    return layer


def adversarial():
    """Two networks against each other: the second loss is computed with what the first step made of the weights."""
    generator, discriminator = dense(2, 4, 1, activation="tanh"), dense(4, 1, 3)
    real, noise = wave((3, 4), 5), wave((3, 2), 6)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    first, second = keras.optimizers.Adam(0.05), keras.optimizers.Adam(0.03)
    figures = []
    for _ in range(STEPS):
        both = tf.concat([generator(noise), real], 0)
        labels = tf.concat([tf.ones((3, 1)), tf.zeros((3, 1))], 0)
        with tf.GradientTape() as tape:
            d_loss = loss(labels, discriminator(both))
        first.apply_gradients(zip(tape.gradient(d_loss, discriminator.trainable_weights), discriminator.trainable_weights))
        with tf.GradientTape() as tape:
            g_loss = loss(tf.zeros((3, 1)), discriminator(generator(noise)))
        second.apply_gradients(zip(tape.gradient(g_loss, generator.trainable_weights), generator.trainable_weights))
        figures.append([float(d_loss), float(g_loss)])
    return figures, [*discriminator.get_weights(), *generator.get_weights()]


def older():
    """What the same weights gave before the tape was there is a target like any other."""
    layer = dense(4, 2, 1)
    x = wave((3, 4), 5)
    optimizer = keras.optimizers.SGD(0.1)
    figures = []
    for _ in range(STEPS):
        target = tf.square(layer(x))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(x * 1.5) - target))
        optimizer.apply_gradients(zip(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights))
        figures.append([float(loss)])
    return figures, layer.get_weights()


def penalty():
    """The gradient by something older than the tape, in a loss: Wasserstein with penalty."""
    conv = keras.layers.Conv2D(2, 2, activation="tanh")
    conv.build((None, 3, 3, 2))
    conv.set_weights([wave((2, 2, 2, 2), 1, 0.5), wave((2,), 2, 0.1)])
    one, other = tf.constant(wave((2, 3, 3, 2), 5)), tf.constant(wave((2, 3, 3, 2), 6))
    optimizer = keras.optimizers.SGD(0.001)
    figures = []
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            between = one + 0.3 * (other - one)
            with tf.GradientTape() as inner:
                inner.watch(between)
                score = tf.reduce_sum(conv(between), [1, 2, 3])
            gradient = inner.gradient(score, between)
            norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), [1, 2, 3]))
            loss = tf.reduce_mean(score) + 0.1 * tf.reduce_mean((norm - 1.0) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, conv.trainable_weights), conv.trainable_weights))
        figures.append([float(loss)])
    return figures, conv.get_weights()


def persistent():
    """Both gradients are of the weights as they were, though one step is taken between them."""
    layer = dense(4, 2, 1)
    x = wave((3, 4), 5)
    optimizer = keras.optimizers.SGD(0.1)
    figures = []
    for _ in range(STEPS):
        with tf.GradientTape(persistent=True) as tape:
            first = tf.reduce_mean(tf.square(layer(x)))
            second = tf.reduce_mean(tf.abs(layer(x) - 1.0))
        optimizer.apply_gradients(zip(tape.gradient(first, layer.trainable_weights), layer.trainable_weights))
        optimizer.apply_gradients(zip(tape.gradient(second, layer.trainable_weights), layer.trainable_weights))
        figures.append([float(first), float(second)])
    return figures, layer.get_weights()


write("tapes.json", {
    name: {"figures": figures, "weights": [tensor(weight) for weight in weights]}
    for name, (figures, weights) in ((step.__name__, step()) for step in (adversarial, older, penalty, persistent))
})
