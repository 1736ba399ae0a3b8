import * as errorClasses from "../../src/errors/errors.js";
import type { Config, SerializedObject } from "../../src/nn/config.js";
import * as constraintClasses from "../../src/nn/constraints/catalogue.js";
import { resolveConstraint } from "../../src/nn/constraints/index.js";
import * as initializerClasses from "../../src/nn/initializers/catalogue.js";
import { resolveInitializer } from "../../src/nn/initializers/index.js";
import * as layerClasses from "../../src/nn/layers/catalogue.js";
import { deserializeLayer } from "../../src/nn/layers/index.js";
import * as lossClasses from "../../src/nn/losses/catalogue.js";
import { resolveLoss } from "../../src/nn/losses/index.js";
import * as metricClasses from "../../src/nn/metrics/catalogue.js";
import { resolveMetric } from "../../src/nn/metrics/index.js";
import { snakeCase } from "../../src/nn/names.js";
import * as optimizerClasses from "../../src/nn/optimizers/catalogue.js";
import { resolveOptimizer } from "../../src/nn/optimizers/index.js";
import * as regularizerClasses from "../../src/nn/regularizers/catalogue.js";
import { resolveRegularizer } from "../../src/nn/regularizers/index.js";
import * as scheduleClasses from "../../src/nn/schedules/catalogue.js";
import { resolveSchedule } from "../../src/nn/schedules/index.js";
import * as callbackClasses from "../../src/training/callbacks/index.js";

/** Values for constructors' arguments that have no default, by Keras's names. */
export const samples: Readonly<Record<string, unknown>> = {
  activation: "relu",
  axes: 1,
  boundaries: [1],
  decay_rate: 0.5,
  decay_steps: 10,
  dims: [1],
  drop_path_rate: 0.5,
  factor: 0.5,
  filters: 2,
  first_decay_steps: 10,
  height: 2,
  height_factor: 0.5,
  init_values: 0.5,
  input_dim: 3,
  initial_learning_rate: 0.1,
  kernel_size: 3,
  key_dim: 2,
  max_learning_rate: 0.1,
  n: 2,
  num_classes: 2,
  num_heads: 2,
  output_dim: 2,
  output_size: 2,
  pool_size: 2,
  precision: 0.5,
  projection_dim: 2,
  rate: 0.5,
  recall: 0.5,
  scale: 2,
  sensitivity: 0.5,
  specificity: 0.5,
  stddev: 0.5,
  target_class_ids: [0],
  target_shape: [1],
  total_steps: 10,
  units: 2,
  values: [0.1, 0.2],
  width: 2,
  width_factor: 0.5,
};

/** Configurations of classes that cannot do without an option. */
const configs: Readonly<Record<string, Config>> = {
  InputLayer: { batch_shape: [null, 2] },
  // Bits, rather than a share.
  RandomPosterization: { factor: 4 },
  Pipeline: { layers: [{ class_name: "RandomFlip", config: {} }] },
};

interface Saved {
  readonly className: string;
  getConfig(): Config;
}

type Classes = Readonly<Record<string, { readonly className: string; readonly positional?: readonly string[] }>>;

/** What files say of an object of each class of a catalogue, by the catalogue's keys. */
function saved(classes: Classes, make: (serialized: SerializedObject) => Saved | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(classes).map(([key, { className, positional = [] }]) => {
      const names = positional.map(snakeCase);
      const config = configs[className] ?? Object.fromEntries(names.map((name) => [name, samples[name]]));
      const made = make({ class_name: className, config });
      return [key, { className: made?.className, config: made?.getConfig() }];
    }),
  );
}

/** What files say of an object of each class that Keras's files know, and of callbacks their names. */
export function everyClass(): Record<string, Record<string, unknown>> {
  return {
    layers: saved(layerClasses, deserializeLayer),
    losses: saved(lossClasses, resolveLoss),
    metrics: saved(metricClasses, (metric) => resolveMetric(metric, undefined, [])),
    optimizers: saved(optimizerClasses, resolveOptimizer),
    schedules: saved(scheduleClasses, resolveSchedule),
    initializers: saved(initializerClasses, resolveInitializer),
    regularizers: saved(regularizerClasses, resolveRegularizer),
    constraints: saved(constraintClasses, resolveConstraint),
    callbacks: Object.fromEntries(
      Object.entries(callbackClasses).map(([key, Class]) => [key, "className" in Class ? Class.className : undefined]),
    ),
  };
}

/** What errors of each class call themselves, by the classes' names. */
export function errorNames(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(errorClasses).map(([key, Class]) => [key, new Class("It failed.", { subject: "it" }).name]),
  );
}
