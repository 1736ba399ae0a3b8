"""Golden values of losses, optimizers, regularizers, constraints and metrics: test/golden/nn-*.json.

    python scripts/golden/nn_training.py

Needs Keras and TensorFlow. All numbers come from one generator in turn: what is added is computed last, so that what is
there stays.
"""

import json
import math

from _golden import write
from nn_layers import draw, keras, np, rng, tensor

LOSSES = keras.losses


def probabilities(*shape):
    values = rng.uniform(0.05, 1, size=shape)
    return np.round(values / values.sum(axis=-1, keepdims=True), 3).astype(np.float32)


def one_hot(n, classes):
    return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, size=n)]


def bits(*shape):
    return rng.integers(0, 2, size=shape).astype(np.float32)


def loss_cases():
    uniform = lambda *shape: np.round(rng.uniform(0.02, 0.98, size=shape), 3).astype(np.float32)
    classes = lambda n, c: rng.integers(0, c, size=n).astype(np.float32)
    both = [0.0, 1.0, 0.5, 1e-9]
    yield LOSSES.BinaryCrossentropy(), bits(4), uniform(4, 1)
    yield LOSSES.BinaryCrossentropy(), bits(4, 3), uniform(4, 3)
    yield LOSSES.BinaryCrossentropy(), np.float32([[0], [0], [1], [1]]), np.float32([both]).T
    yield LOSSES.BinaryCrossentropy(from_logits=True), bits(4), draw((4, 1), 5)
    yield LOSSES.BinaryCrossentropy(label_smoothing=0.2), bits(4), uniform(4, 1)
    yield LOSSES.BinaryCrossentropy(reduction="sum"), bits(4, 2), uniform(4, 2)
    yield LOSSES.BinaryCrossentropy(), bits(2, 2, 3, 2), uniform(2, 2, 3, 2)
    yield LOSSES.CategoricalCrossentropy(), one_hot(4, 3), probabilities(4, 3)
    yield LOSSES.CategoricalCrossentropy(), one_hot(4, 3), uniform(4, 3)
    yield LOSSES.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), one_hot(4, 3), draw((4, 3), 3)
    yield LOSSES.CategoricalCrossentropy(label_smoothing=0.1), one_hot(4, 3), probabilities(4, 3)
    yield LOSSES.CategoricalCrossentropy(), one_hot((2, 2, 3), 4), probabilities(2, 2, 3, 4)
    yield LOSSES.SparseCategoricalCrossentropy(), classes(4, 3), probabilities(4, 3)
    yield LOSSES.SparseCategoricalCrossentropy(), classes((4, 1), 3), uniform(4, 3)
    yield LOSSES.SparseCategoricalCrossentropy(from_logits=True), classes(4, 3), draw((4, 3), 3)
    yield LOSSES.SparseCategoricalCrossentropy(ignore_class=1), np.float32([0, 1, 2, 1]), probabilities(4, 3)
    yield LOSSES.SparseCategoricalCrossentropy(), classes((2, 2, 3), 4), probabilities(2, 2, 3, 4)
    for name in [
        "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError LogCosh Huber",
        "Poisson KLDivergence Hinge SquaredHinge CosineSimilarity Dice Tversky BinaryFocalCrossentropy",
    ]:
        for one in name.split():
            truth = bits(4, 3) if one in ("Hinge", "SquaredHinge", "Dice", "Tversky") else uniform(4, 3)
            truth = bits(4, 3) if one == "BinaryFocalCrossentropy" else truth
            prediction = probabilities(4, 3) if one == "KLDivergence" else uniform(4, 3)
            yield getattr(LOSSES, one)(), truth, prediction
    yield LOSSES.MeanSquaredError(), draw(4), draw((4, 1))
    yield LOSSES.MeanAbsoluteError(), draw((2, 2, 3, 2)), draw((2, 2, 3, 2))
    yield LOSSES.Huber(delta=0.3), draw((4, 3)), draw((4, 3))
    yield LOSSES.Hinge(), np.float32([[-1, 1], [1, 1], [0.5, -1], [1, -1]]), draw((4, 2))
    yield LOSSES.CategoricalHinge(), one_hot(4, 3), uniform(4, 3)
    yield LOSSES.CosineSimilarity(axis=1), draw((3, 2, 4)), draw((3, 2, 4))
    yield LOSSES.BinaryFocalCrossentropy(apply_class_balancing=True, gamma=1.5, alpha=0.3), bits(4, 3), uniform(4, 3)
    yield LOSSES.BinaryFocalCrossentropy(from_logits=True, label_smoothing=0.1), bits(4, 3), draw((4, 3))
    yield LOSSES.CategoricalFocalCrossentropy(), one_hot(4, 3), probabilities(4, 3)
    yield LOSSES.CategoricalFocalCrossentropy(
        alpha=[0.2, 0.3, 0.5], gamma=1.0, from_logits=True, label_smoothing=0.1
    ), one_hot(4, 3), draw((4, 3))
    yield LOSSES.Dice(axis=(1, 2, 3)), bits(2, 2, 3, 1), uniform(2, 2, 3, 1)
    yield LOSSES.Tversky(alpha=0.3, beta=0.7, axis=(1,)), bits(4, 3), uniform(4, 3)
    yield LOSSES.CategoricalGeneralizedCrossEntropy(q=0.7), classes(4, 3), probabilities(4, 3)


def later_loss_cases():
    uniform = lambda *shape: np.round(rng.uniform(0.02, 0.98, size=shape), 3).astype(np.float32)
    unit = lambda *shape: (lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True))(draw(shape))
    labels = np.float32([0, 1, 0, 2, 1, 0])
    yield LOSSES.Circle(), labels, unit(6, 4)
    yield LOSSES.Circle(gamma=5.0, margin=0.2, remove_diagonal=False), labels[:, None], unit(6, 4)
    yield LOSSES.Circle(gamma=8.0, reduction="sum"), labels, unit(6, 4)
    yield LOSSES.Circle(gamma=8.0, reduction="mean_with_sample_weight"), labels, unit(6, 4)
    yield LOSSES.CTC(), np.float32([[1, 2, 2], [3, 0, 0], [1, 3, 0], [0, 0, 0]]), draw((4, 6, 4))
    yield LOSSES.CTC(reduction="sum"), np.float32([[1, 2, 1, 3], [2, 2, 0, 0]]), draw((2, 7, 5))
    yield LOSSES.MeanSquaredError(reduction="mean_with_sample_weight"), draw((4, 3)), draw((4, 3))
    yield LOSSES.MeanAbsoluteError(reduction="mean_with_sample_weight"), draw(4), draw((4, 1))
    yield LOSSES.SparseCategoricalCrossentropy(
        ignore_class=1, reduction="mean_with_sample_weight"
    ), np.float32([0, 1, 2, 1]), probabilities(4, 3)
    yield LOSSES.SparseCategoricalCrossentropy(ignore_class=1, reduction="sum"), np.float32([0, 1, 2]), probabilities(3, 3)


def reductions():
    """What a training step and an evaluation of each reduction give, with and without weights of samples."""
    x = np.float32([[1, 2], [3, 4], [0.5, 1], [1, 1]])
    y = np.float32([[1, 0], [2, 1], [0, 1], [1, 2]])
    records = []
    for reduction in ["none", "sum", "mean", "sum_over_batch_size", "mean_with_sample_weight"]:
        for weights in [None, np.float32([1, 2, 3, 0.5])]:
            for penalty in [None] if reduction == "none" else [None, "l2"]:  # Keras cannot add one to "none".
                layer = keras.layers.Dense(2, kernel_initializer="ones", kernel_regularizer=penalty)
                model = keras.Sequential([keras.Input((2,)), layer])
                loss = keras.losses.MeanSquaredError(reduction=reduction)
                model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss)
                trained = model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
                records.append(
                    {
                        "reduction": reduction,
                        "weights": None if weights is None else tensor(weights),
                        "penalty": penalty,
                        "loss": float(trained["loss"]),
                        "kernel": tensor(model.get_weights()[0]),
                        "tested": float(model.test_on_batch(x, y, return_dict=True)["loss"]),
                    }
                )
    write("nn-loss-reductions.json", {"x": tensor(x), "y": tensor(y), "cases": records})


def losses(cases):
    records = []
    for loss, truth, prediction in cases:
        config = json.loads(json.dumps(loss.get_config()))
        options = {"Huber": ["delta"], "CosineSimilarity": ["axis"]}
        for option in options.get(loss.__class__.__name__, []):  # Keras leaves them out of the configuration.
            if hasattr(loss, "_fn_kwargs") and option in loss._fn_kwargs and option not in config:
                config[option] = loss._fn_kwargs[option]
        variable = keras.Variable(prediction)
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss(truth, variable.value)
        gradient = tape.gradient(value, variable.value)
        weights = np.round(rng.uniform(0.1, 2, size=len(truth)), 2).astype(np.float32)
        elements = loss.call(truth, prediction)
        spread = weights.reshape((-1,) + (1,) * max(0, len(elements.shape) - 1))
        records.append(
            {
                "class_name": loss.__class__.__name__,
                "config": config,
                "truth": tensor(truth),
                "prediction": tensor(prediction),
                "loss": tensor(value),
                "gradient": tensor(gradient),
                "sample_weight": tensor(weights),
                "weighted": tensor(loss(truth, prediction, sample_weight=spread)),
            }
        )
    return records


def optimizer_cases():
    O = keras.optimizers
    yield O.SGD()
    yield O.SGD(0.1, momentum=0.9)
    yield O.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
    yield O.RMSprop()
    yield O.RMSprop(0.05, rho=0.8, momentum=0.5, centered=True)
    yield O.Adam()
    yield O.Adam(0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-3, amsgrad=True)
    yield O.AdamW()
    yield O.AdamW(0.02, weight_decay=0.1)
    yield O.Adagrad(0.1)
    yield O.Adadelta(1.0)
    yield O.Adamax(0.05)
    yield O.Nadam(0.05)
    yield O.Ftrl(0.1)
    yield O.Ftrl(
        0.1,
        learning_rate_power=-0.6,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.02,
        l2_shrinkage_regularization_strength=0.03,
        beta=0.1,
    )
    yield O.Lion(0.01)
    yield O.Adafactor(0.1)
    yield O.Adafactor(0.1, clip_threshold=0.5, relative_step=False)
    yield O.SGD(0.1, clipnorm=0.5)
    yield O.SGD(0.1, clipvalue=0.2)
    yield O.SGD(0.1, global_clipnorm=0.5)
    yield O.Adam(0.05, use_ema=True, ema_momentum=0.9)
    yield O.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    yield O.Adam(0.05, gradient_accumulation_steps=2, weight_decay=0.01, clipnorm=1.0)


def optimizers():
    weights = [draw((2, 3)), draw((4,)), draw((2, 1, 2, 3))]
    gradients = [[draw(weight.shape) for weight in weights] for _ in range(5)]
    records = []
    for optimizer in optimizer_cases():
        variables = [keras.Variable(weight) for weight in weights]
        optimizer.build(variables)
        trace = []
        for step in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in step], variables)
            trace.append([tensor(variable.numpy()) for variable in variables])
        record = {"class_name": optimizer.__class__.__name__, "config": optimizer.get_config(), "steps": trace}
        if optimizer.use_ema:
            optimizer.finalize_variable_values(variables)
            record["averages"] = [tensor(variable.numpy()) for variable in variables]
        records.append(record)
    write(
        "nn-optimizers.json",
        {
            "weights": [tensor(weight) for weight in weights],
            "gradients": [[tensor(gradient) for gradient in step] for step in gradients],
            "optimizers": records,
        },
    )


def penalties():
    R, C = keras.regularizers, keras.constraints
    matrix, kernel = draw((3, 4)), draw((2, 2, 3, 2))
    regularizers = [
        (R.L1(), matrix),
        (R.L2(0.02), kernel),
        (R.L1L2(0.01, 0.03), kernel),
        (R.OrthogonalRegularizer(), matrix),
        (R.OrthogonalRegularizer(0.5, mode="columns"), matrix),
    ]
    constraints = [
        (C.MaxNorm(), matrix),
        (C.MaxNorm(0.7, axis=[0, 1, 2]), kernel),
        (C.MinMaxNorm(0.4, 0.8, rate=0.3), matrix),
        (C.MinMaxNorm(), matrix),
        (C.NonNeg(), matrix),
        (C.UnitNorm(axis=1), matrix),
    ]
    records = lambda pairs: [
        {
            "class_name": rule.__class__.__name__,
            "config": rule.get_config(),
            "weight": tensor(weight),
            "output": tensor(rule(keras.ops.convert_to_tensor(weight))),
        }
        for rule, weight in pairs
    ]
    write("nn-regularizers-and-constraints.json", {"regularizers": records(regularizers), "constraints": records(constraints)})


def metrics():
    M = keras.metrics
    uniform = lambda *shape: np.round(rng.uniform(size=shape), 2).astype(np.float32)
    binary = [(bits(6, 1), uniform(6, 1)) for _ in range(2)]
    flat = [(bits(6), uniform(6, 1)) for _ in range(2)]
    labels = [(bits(6, 3), uniform(6, 3)) for _ in range(2)]
    hot = [(one_hot(6, 4), probabilities(6, 4)) for _ in range(2)]
    numbers = [(rng.integers(0, 4, size=(6, 1)).astype(np.float32), probabilities(6, 4)) for _ in range(2)]
    real = [(draw((6, 2)), draw((6, 2))) for _ in range(2)]
    cases = [
        (M.BinaryAccuracy(), binary),
        (M.BinaryAccuracy(threshold=0.3), flat),
        (M.CategoricalAccuracy(), hot),
        (M.SparseCategoricalAccuracy(), numbers),
        (M.TopKCategoricalAccuracy(k=2), hot),
        (M.SparseTopKCategoricalAccuracy(k=3), numbers),
        (M.Precision(), binary),
        (M.Precision(thresholds=0.3), labels),
        (M.Precision(class_id=1), labels),
        (M.Precision(top_k=2), hot),
        (M.Recall(), binary),
        (M.Recall(thresholds=0.7), labels),
        (M.Recall(class_id=2, top_k=1), hot),
        (M.TruePositives(), binary),
        (M.TrueNegatives(), binary),
        (M.FalsePositives(thresholds=0.4), binary),
        (M.FalseNegatives(), binary),
        (M.AUC(), binary),
        (M.AUC(num_thresholds=20, curve="PR"), binary),
        (M.AUC(num_thresholds=20, summation_method="minoring"), binary),
        (M.AUC(num_thresholds=20, summation_method="majoring"), labels),
        (M.AUC(num_thresholds=30, multi_label=True), labels),
        (M.F1Score(), hot),
        (M.F1Score(average="macro", threshold=0.5), labels),
        (M.F1Score(average="micro"), hot),
        (M.FBetaScore(average="weighted", beta=2.0, threshold=0.3), labels),
        (M.MeanSquaredError(), real),
        (M.RootMeanSquaredError(), real),
        (M.CosineSimilarity(), real),
        (M.LogCoshError(), real),
        (M.R2Score(), real),
        (M.BinaryCrossentropy(), labels),
        (M.CategoricalCrossentropy(), hot),
    ]
    return followed(cases)


def later_metrics():
    M = keras.metrics
    uniform = lambda *shape: np.round(rng.uniform(size=shape), 2).astype(np.float32)
    binary = [(bits(6, 1), uniform(6, 1)) for _ in range(2)]
    labels = [(bits(6, 3), uniform(6, 3)) for _ in range(2)]
    logits = [(bits(6, 3), draw((6, 3), 2)) for _ in range(2)]
    hot = [(one_hot(6, 4), probabilities(6, 4)) for _ in range(2)]
    classes = lambda *shape: rng.integers(0, 3, size=shape).astype(np.float32)
    sparse = [(classes(6), classes(6)) for _ in range(2)]
    scored = [(classes(6), probabilities(6, 3)) for _ in range(2)]
    maps = [(classes(6, 3, 2), probabilities(6, 3, 2, 3)) for _ in range(2)]
    masks = [(bits(6, 3, 2, 1), uniform(6, 3, 2, 1)) for _ in range(2)]
    real = [(draw((6, 4)), draw((6, 4))) for _ in range(2)]
    cases = [
        (M.AUC(thresholds=[0.2, 0.35, 0.8]), binary),
        (M.AUC(thresholds=[0.25, 0.5, 0.75], curve="PR"), labels),
        (M.AUC(num_thresholds=25, curve="PRGAIN"), labels),
        (M.AUC(num_thresholds=25, curve="PRGAIN", summation_method="minoring", multi_label=True), labels),
        (M.AUC(num_thresholds=25, multi_label=True, num_labels=3, label_weights=[0.5, 2.0, 1.0]), labels),
        (M.AUC(num_thresholds=25, curve="PR", multi_label=True, label_weights=[0.5, 2.0, 1.0]), labels),
        (M.AUC(num_thresholds=25, label_weights=[0.5, 2.0, 1.0]), labels),
        (M.AUC(num_thresholds=25, from_logits=True), logits),
        (M.AUC(thresholds=[0.1, 0.6], from_logits=True, multi_label=True), logits),
        (M.SensitivityAtSpecificity(0.5), binary),
        (M.SensitivityAtSpecificity(0.4, num_thresholds=9, class_id=1), labels),
        (M.SpecificityAtSensitivity(0.6), labels),
        (M.SpecificityAtSensitivity(0.2, num_thresholds=1), labels),
        (M.PrecisionAtRecall(0.5), labels),
        (M.PrecisionAtRecall(1.0, num_thresholds=2), binary),
        (M.RecallAtPrecision(0.6), labels),
        (M.RecallAtPrecision(0.99, class_id=2), labels),
        (M.IoU(3, [0, 2]), sparse),
        (M.IoU(3, [1], dtype="float32", ignore_class=0), sparse),
        (M.IoU(3, [1, 2], sparse_y_pred=False), scored),
        (M.BinaryIoU(), binary),
        (M.BinaryIoU([1], threshold=0.3, dtype="float32"), binary),
        (M.MeanIoU(3), sparse),
        (M.MeanIoU(4, dtype="float32"), sparse),
        (M.OneHotIoU(4, [0, 3], dtype="float32"), hot),
        (M.OneHotMeanIoU(4), hot),
        (M.OneHotMeanIoU(4, ignore_class=2, dtype="float32"), hot),
        (M.R2Score("variance_weighted_average"), real),
        (M.R2Score(num_regressors=3), real),
        (M.R2Score(num_regressors=60), real),
        (M.PearsonCorrelation(), real),
        (M.ConcordanceCorrelation(), real),
    ]
    records = followed(cases)
    unweighted = [
        (M.MeanIoU(3, sparse_y_pred=False), maps),
        (M.BinaryIoU(), masks),
        (M.PearsonCorrelation(axis=0), real),
        (M.ConcordanceCorrelation(axis=0), real),
    ]
    return records + followed(unweighted, weighted=False)


def followed(cases, weighted=True):
    """What metrics show after two batches."""
    records = []
    for metric, batches in cases:
        weights = [np.round(rng.uniform(0.1, 2, size=6), 2).astype(np.float32) for _ in batches]
        if not weighted:
            weights = [np.ones(6, np.float32) for _ in batches]
        for truth, prediction in batches:
            metric.update_state(truth, prediction)
        plain = tensor(metric.result())
        metric.reset_state()
        for (truth, prediction), weight in zip(batches, weights):
            metric.update_state(truth, prediction, sample_weight=weight if weighted else None)
        config = metric.get_config()
        if config.get("label_weights") is not None:
            config["label_weights"] = np.asarray(config["label_weights"]).tolist()
        records.append(
            {
                "class_name": metric.__class__.__name__,
                "config": json.loads(json.dumps(config, default=str)),
                "batches": [
                    {"truth": tensor(truth), "prediction": tensor(prediction), "weight": tensor(weight)}
                    for (truth, prediction), weight in zip(batches, weights)
                ],
                "plain": plain,
                "weighted": tensor(metric.result()),
            }
        )
    return records


def schedules():
    S = keras.optimizers.schedules
    cases = [
        S.ExponentialDecay(0.1, 10, 0.5),
        S.ExponentialDecay(0.1, 10, 0.5, staircase=True),
        S.InverseTimeDecay(0.1, 10, 0.5),
        S.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
        S.PolynomialDecay(0.1, 20),
        S.PolynomialDecay(0.1, 20, end_learning_rate=0.01, power=2.0, cycle=True),
        S.PiecewiseConstantDecay([5, 20], [0.1, 0.05, 0.01]),
        S.CosineDecay(0.1, 20),
        S.CosineDecay(0.1, 20, alpha=0.1, warmup_target=0.5, warmup_steps=5),
        S.CosineDecayRestarts(0.1, 8),
        S.CosineDecayRestarts(0.1, 8, t_mul=1.0, m_mul=0.8, alpha=0.05),
        S.CosineDecayRestarts(0.1, 8, t_mul=1.5, m_mul=0.9),
    ]
    steps = [0, 1, 4, 5, 6, 7, 9, 10, 13, 19, 20, 21, 33, 50, 100]
    records = [
        {
            "class_name": schedule.__class__.__name__,
            "config": schedule.get_config(),
            "rates": [[step, float(str(np.float32(schedule(step))))] for step in steps],
        }
        for schedule in cases
    ]
    records += [one_cycle(steps, 0.1, 50), one_cycle(steps, 0.02, 101, 0.25, 10.0, 4000.0), one_cycle(steps, 1.0, 20, 0.0)]
    write("nn-schedules.json", {"cases": records})


def one_cycle(steps, max_lr, total_steps, pct_start=0.3, div_factor=25.0, final_div_factor=1e4):
    """PyTorch's OneCycleLR with anneal_strategy="cos", which Keras does not have: its lines, at steps that it has."""
    initial_lr = max_lr / div_factor
    min_lr = initial_lr / final_div_factor
    phases = [
        {"end_step": float(pct_start * total_steps) - 1, "start_lr": initial_lr, "end_lr": max_lr},
        {"end_step": total_steps - 1, "start_lr": max_lr, "end_lr": min_lr},
    ]
    rates = []
    for step_num in [step for step in steps if step < total_steps]:
        start_step = 0.0
        for i, phase in enumerate(phases):
            end_step = phase["end_step"]
            if step_num <= end_step or i == len(phases) - 1:
                pct = (step_num - start_step) / (end_step - start_step)
                cos_out = math.cos(math.pi * pct) + 1
                rates.append([step_num, phase["end_lr"] + (phase["start_lr"] - phase["end_lr"]) / 2.0 * cos_out])
                break
            start_step = phase["end_step"]
    return {
        "class_name": "OneCycle",
        "config": {
            "max_learning_rate": max_lr,
            "total_steps": total_steps,
            "pct_start": pct_start,
            "div_factor": div_factor,
            "final_div_factor": final_div_factor,
            "name": "OneCycle",
        },
        "rates": rates,
    }


if __name__ == "__main__":
    loss_records = losses(loss_cases())
    optimizers()
    penalties()
    metric_records = metrics()
    schedules()
    write("nn-losses.json", {"cases": loss_records + losses(later_loss_cases())})
    reductions()
    write("nn-metrics.json", {"cases": metric_records + later_metrics()})
