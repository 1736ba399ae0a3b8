import { Adam } from "./adam.js";
import { AdamW } from "./adam-w.js";
import { RMSprop } from "./rmsprop.js";
import { SGD } from "./sgd.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { Optimizer } from "./optimizer.js";

/** An optimizer, its name in Keras, or what Keras wrote into a file. */
export type OptimizerLike = Optimizer | string | SerializedObject;

const registry = new Registry<Optimizer>(
  "optimizer",
  {
    Adam: factory(Adam),
    AdamW: factory(AdamW),
    RMSprop: factory(RMSprop),
    SGD: factory(SGD),
  },
  {
    adam: "Adam",
    adamw: "AdamW",
    rmsprop: "RMSprop",
    sgd: "SGD",
  },
);

/**
 * The optimizer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/optimizers/
 */
export function resolveOptimizer(like: OptimizerLike): Optimizer {
  return typeof like === "string" || isSerializedObject(like) ? registry.create(like) : like;
}
