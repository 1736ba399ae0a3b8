import { BinaryCrossentropy } from "./binary-crossentropy.js";
import { CategoricalCrossentropy } from "./categorical-crossentropy.js";
import { MeanAbsoluteError } from "./mean-absolute-error.js";
import { MeanSquaredError } from "./mean-squared-error.js";
import { SparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { Loss } from "./loss.js";

/** A loss, its name in Keras, or what Keras wrote into a file. */
export type LossLike = Loss | string | SerializedObject;

const registry = new Registry<Loss>(
  "loss",
  {
    BinaryCrossentropy: factory(BinaryCrossentropy),
    CategoricalCrossentropy: factory(CategoricalCrossentropy),
    MeanAbsoluteError: factory(MeanAbsoluteError),
    MeanSquaredError: factory(MeanSquaredError),
    SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  },
  {
    mse: "MeanSquaredError",
    MSE: "MeanSquaredError",
    mae: "MeanAbsoluteError",
    MAE: "MeanAbsoluteError",
    bce: "BinaryCrossentropy",
    BCE: "BinaryCrossentropy",
  },
);

/**
 * The loss that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/losses/
 */
export function resolveLoss(like: LossLike): Loss {
  return typeof like === "string" || isSerializedObject(like) ? registry.create(like) : like;
}

/** Whether there is a loss of this name. */
export function isLossName(name: string): boolean {
  return registry.has(name);
}
