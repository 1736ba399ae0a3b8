import { Adadelta } from "./adadelta.js";
import { Adafactor } from "./adafactor.js";
import { Adagrad } from "./adagrad.js";
import { Adam } from "./adam.js";
import { AdamW } from "./adam-w.js";
import { Adamax } from "./adamax.js";
import { Ftrl } from "./ftrl.js";
import { Lion } from "./lion.js";
import { Nadam } from "./nadam.js";
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
    Adadelta: factory(Adadelta),
    Adafactor: factory(Adafactor),
    Adagrad: factory(Adagrad),
    Adam: factory(Adam),
    AdamW: factory(AdamW),
    Adamax: factory(Adamax),
    Ftrl: factory(Ftrl),
    Lion: factory(Lion),
    Nadam: factory(Nadam),
    RMSprop: factory(RMSprop),
    SGD: factory(SGD),
  },
  {
    adadelta: "Adadelta",
    adafactor: "Adafactor",
    adagrad: "Adagrad",
    adam: "Adam",
    adamw: "AdamW",
    adamax: "Adamax",
    ftrl: "Ftrl",
    lion: "Lion",
    nadam: "Nadam",
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
