import * as graft from "graft-ml";
import { snakeCase } from "../../src/nn/names.js";
import { optionNames } from "../../src/nn/named.js";
import { samples } from "./class-names.js";

/** A public class whose objects people make. */
export interface PublicClass {
  /** Where it stands, such as `layers.Dense`. */
  readonly path: string;
  readonly Class: (new (...given: unknown[]) => object) & {
    readonly className?: string;
    readonly positional?: readonly string[];
  };
}

/** A public function. */
export interface PublicFunction {
  readonly path: string;
  readonly call: (...given: unknown[]) => unknown;
}

/** What people extend, or are given by functions and layers; errors and arrays, whose constructors are none of Keras's. */
const notMade = new Set([
  "Layer",
  "UnaryLayer",
  "Loss",
  "Metric",
  "MeanMetric",
  "LossMetric",
  "Optimizer",
  "Initializer",
  "Regularizer",
  "Constraint",
  "BaseModel",
  "Dataset",
  "Image",
  "PyDataset",
  "Sequence",
  "Variable",
  // Its argument is a record by names of a user's own.
  "CustomObjectScope",
]);
const others = new Set([
  "Tensor",
  "SymbolicTensor",
  "Variable",
  "NumberError",
  "GraftError",
  "UsageError",
  "ShapeError",
  "FileError",
  "DownloadError",
  "EngineError",
  "NumberError",
]);

function isClass(value: unknown): boolean {
  return typeof value === "function" && Function.prototype.toString.call(value).startsWith("class ");
}

/** What a namespace holds, and the namespaces in it. */
function entries(namespace: object = graft): [path: string, value: unknown][] {
  return Object.entries(namespace).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    Object.prototype.toString.call(value) === "[object Module]"
      ? entries(value as object).map(([inner, item]) => [`${name}.${inner}`, item])
      : [[name, value]],
  );
}

/** All public classes whose objects people make, whatever comes to them. */
export function publicClasses(): PublicClass[] {
  return entries().flatMap(([path, value]) => {
    const name = path.slice(path.lastIndexOf(".") + 1);
    return isClass(value) && !notMade.has(name) && !others.has(name)
      ? [{ path, Class: value as PublicClass["Class"] }]
      : [];
  });
}

/** All public functions. */
export function publicFunctions(): PublicFunction[] {
  return entries().flatMap(([path, value]) =>
    typeof value === "function" && !isClass(value) ? [{ path, call: value as PublicFunction["call"] }] : [],
  );
}

const input = graft.layers.Input({ shape: [4] });

/** Values for arguments that have no default, where those of {@link samples} do not fit. */
const required: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "models.Model": { inputs: input, outputs: input },
  "models.Sequential": { layers: [] },
  "layers.Pipeline": { layers: [new graft.layers.RandomFlip()] },
  "layers.InputLayer": { shape: [4] },
  "layers.Lambda": { function: (x: unknown) => x },
  "layers.RandomPosterization": { factor: 4 },
  "metrics.MeanMetricWrapper": { fn: (yTrue: unknown) => yTrue },
  "callbacks.BackupAndRestore": { backupDir: "backup" },
  "callbacks.CSVLogger": { filename: "log.csv" },
  "callbacks.LearningRateScheduler": { schedule: () => 0.1 },
  "callbacks.ModelCheckpoint": { filepath: "best.keras" },
  "callbacks.UnfreezeByStages": { stages: { 2: "dense" } },
};

/** Options that make an object of a class, by name. */
export function requiredOptions({ path, Class }: PublicClass): Readonly<Record<string, unknown>> {
  const known = required[path];
  if (known !== undefined) return known;
  const values = (Class.positional ?? []).map((name) => [name, samples[snakeCase(name)]] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

export { optionNames };
