import { BinaryCrossentropy } from "./binary-crossentropy.js";
import { BinaryFocalCrossentropy } from "./binary-focal-crossentropy.js";
import { CategoricalCrossentropy } from "./categorical-crossentropy.js";
import { CategoricalFocalCrossentropy } from "./categorical-focal-crossentropy.js";
import { CategoricalGeneralizedCrossEntropy } from "./categorical-generalized-cross-entropy.js";
import { CategoricalHinge } from "./categorical-hinge.js";
import { Circle } from "./circle.js";
import { CosineSimilarity } from "./cosine-similarity.js";
import { CTC } from "./ctc.js";
import { Dice } from "./dice.js";
import { Hinge } from "./hinge.js";
import { Huber } from "./huber.js";
import { KLDivergence } from "./kl-divergence.js";
import { LogCosh } from "./log-cosh.js";
import { MeanAbsoluteError } from "./mean-absolute-error.js";
import { MeanAbsolutePercentageError } from "./mean-absolute-percentage-error.js";
import { MeanSquaredError } from "./mean-squared-error.js";
import { MeanSquaredLogarithmicError } from "./mean-squared-logarithmic-error.js";
import { Poisson } from "./poisson.js";
import { SparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.js";
import { SquaredHinge } from "./squared-hinge.js";
import { Tversky } from "./tversky.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { Loss } from "./loss.js";

/** A loss, its name in Keras, or what Keras wrote into a file. */
export type LossLike = Loss | string | SerializedObject;

const registry = new Registry<Loss>(
  "loss",
  {
    BinaryCrossentropy: factory(BinaryCrossentropy),
    BinaryFocalCrossentropy: factory(BinaryFocalCrossentropy),
    CategoricalCrossentropy: factory(CategoricalCrossentropy),
    CategoricalFocalCrossentropy: factory(CategoricalFocalCrossentropy),
    CategoricalGeneralizedCrossEntropy: factory(CategoricalGeneralizedCrossEntropy),
    CategoricalHinge: factory(CategoricalHinge),
    CTC: factory(CTC),
    Circle: factory(Circle),
    CosineSimilarity: factory(CosineSimilarity),
    Dice: factory(Dice),
    Hinge: factory(Hinge),
    Huber: factory(Huber),
    KLDivergence: factory(KLDivergence),
    LogCosh: factory(LogCosh),
    MeanAbsoluteError: factory(MeanAbsoluteError),
    MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
    MeanSquaredError: factory(MeanSquaredError),
    MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
    Poisson: factory(Poisson),
    SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
    SquaredHinge: factory(SquaredHinge),
    Tversky: factory(Tversky),
  },
  {
    mse: "MeanSquaredError",
    MSE: "MeanSquaredError",
    mae: "MeanAbsoluteError",
    MAE: "MeanAbsoluteError",
    bce: "BinaryCrossentropy",
    BCE: "BinaryCrossentropy",
    mape: "MeanAbsolutePercentageError",
    MAPE: "MeanAbsolutePercentageError",
    msle: "MeanSquaredLogarithmicError",
    MSLE: "MeanSquaredLogarithmicError",
    kld: "KLDivergence",
    KLD: "KLDivergence",
    kullback_leibler_divergence: "KLDivergence",
    logcosh: "LogCosh",
  },
);

/**
 * The loss that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/losses/
 */
export function resolveLoss(like: LossLike): Loss {
  if (!isSerializedObject(like)) return typeof like === "string" ? registry.create(like) : like;
  // Everywhere else null means the default.
  const { config } = like;
  return registry.create(config["reduction"] === null ? { ...like, config: { ...config, reduction: "none" } } : like);
}

/** Whether there is a loss of this name. */
export function isLossName(name: string): boolean {
  return registry.has(name);
}
