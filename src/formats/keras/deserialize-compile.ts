import { z } from "zod";
import { FileError, GraftError, UsageError } from "../../errors/errors.js";
import { type Config, isSerializedObject, type SerializedObject } from "../../nn/config.js";
import type { Loss } from "../../nn/losses/loss.js";
import { resolveLoss } from "../../nn/losses/index.js";
import type { Metric } from "../../nn/metrics/metric.js";
import { resolveMetric } from "../../nn/metrics/index.js";
import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import { resolveOptimizer } from "../../nn/optimizers/index.js";
import { InverseTimeDecay } from "../../nn/schedules/index.js";
import { checkKept, without } from "./deserialize-check.js";
import { isList, mapEach, type PerOutput } from "../../models/each.js";
import type { CompileOptions, MetricsOption } from "../../models/compile-types.js";

const compileSchema = z.looseObject({
  optimizer: z.unknown().optional(),
  optimizer_config: z.unknown().optional(),
  loss: z.unknown().optional(),
  loss_weights: z.unknown().optional(),
  metrics: z.unknown().optional(),
  weighted_metrics: z.unknown().optional(),
});

/** A function in a Keras 3 file. */
const functionSchema = z.looseObject({ class_name: z.literal("function"), config: z.string() });

/** A metric in a Keras 2 file: the mean of a function. */
const wrapperSchema = z.looseObject({
  class_name: z.enum(["MeanMetricWrapper", "SumOverBatchSizeMetricWrapper"]),
  config: z.looseObject({ fn: z.string(), name: z.string().optional() }),
});

/**
 * What a model in a file was compiled with.
 *
 * @param config Keras 3's `compile_config`, or the `training_config` of an `.h5` file
 * @param file the file's name, for messages
 * @returns `undefined` when the model was not compiled
 * @throws UsageError for an optimizer, loss, metric or option that Graft does not have
 * @throws FileError when this is no such configuration
 */
export function compileFromConfig(config: unknown, file: string): CompileOptions | undefined {
  if (config === null || config === undefined) return undefined;
  const parsed = compileSchema.safeParse(config);
  if (!parsed.success) {
    throw new FileError(`${file} has an unusable compile state.`, {
      subject: file,
      expected: "an optimizer, a loss and metrics",
      received: typeof config,
      advice: "Load the model without it: loadModel(path, { compile: false }).",
    });
  }
  const { optimizer, optimizer_config: old, loss, loss_weights: weights, metrics, ...others } = parsed.data;
  // Keras writes an empty object for a model that was not compiled.
  if ((optimizer ?? old ?? null) === null) return undefined;
  try {
    const read = readLosses(loss);
    const [plain, weighted] = [readMetrics(metrics), readMetrics(others.weighted_metrics)];
    const lossWeights = readWeights(weights);
    return {
      optimizer: readOptimizer(optimizer ?? old),
      ...(read === undefined ? {} : { loss: read }),
      ...(lossWeights === undefined ? {} : { lossWeights }),
      ...(plain === undefined ? {} : { metrics: plain }),
      ...(weighted === undefined ? {} : { weightedMetrics: weighted }),
    };
  } catch (cause) {
    if (!(cause instanceof GraftError)) throw cause;
    throw new UsageError(`The compile state in ${file} cannot be restored: ${cause.message}`, {
      subject: cause.subject,
      advice: "Load the model without it, and compile it here: loadModel(path, { compile: false }).",
      cause,
    });
  }
}

/** A list or a dictionary by outputs, rather than one thing that has a class. */
function isStructure(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !isSerializedObject(value);
}

/** What is said of outputs, in the file's structure; `undefined` where nothing is said. */
function readEach<T>(value: unknown, read: (item: unknown) => T): PerOutput<T> | undefined {
  if (value === null || value === undefined) return undefined;
  return isStructure(value) ? mapEach<unknown, T>(value, read) : read(value);
}

function readLosses(value: unknown): CompileOptions["loss"] {
  return readEach(value, (one) => (one === null ? null : readLoss(one)));
}

function readWeights(value: unknown): CompileOptions["lossWeights"] {
  return readEach(value, (weight) => {
    // In Keras, no weight is a weight of 1.
    if (weight === null) return 1;
    if (typeof weight === "number") return weight;
    throw new UsageError("Graft cannot read these weights of losses.", {
      subject: "loss_weights",
      expected: "numbers",
      received: JSON.stringify(weight),
    });
  });
}

function readMetrics(value: unknown): MetricsOption | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isStructure(value)) return [readMetric(value)];
  const entries = mapEach<unknown, Metric | string | readonly (Metric | string)[] | null>(value, (entry) =>
    entry === null ? null : isStructure(entry) ? flat(entry).map(readMetric) : readMetric(entry),
  ) as MetricsOption;
  return isList(entries) && entries.length === 0 ? undefined : entries;
}

/** All items of nested lists and dictionaries. */
function flat(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return isStructure(value) ? Object.values(value).flatMap(flat) : [value];
}

function nameOrObject(value: unknown, what: string): string | SerializedObject {
  const called = functionSchema.safeParse(value);
  if (called.success) return called.data.config;
  if (typeof value === "string") return value;
  if (isSerializedObject(value) && typeof value.config === "object") return value;
  throw new UsageError(`Graft cannot read this ${what}.`, {
    subject: what,
    expected: `the name or the configuration of one ${what}`,
    received: JSON.stringify(value),
  });
}

function readLoss(value: unknown): Loss {
  const read = nameOrObject(value, "loss");
  if (typeof read === "string") return resolveLoss(read);
  // Keras 2 wrote "auto", which means the mean.
  const config = without(read.config, "fn", ...(read.config["reduction"] === "auto" ? ["reduction"] : []));
  const loss = resolveLoss({ ...read, config });
  checkKept(config, loss.getConfig());
  return loss;
}

function readMetric(value: unknown): Metric | string {
  const wrapped = wrapperSchema.safeParse(value);
  if (wrapped.success) {
    const { fn, ...config } = wrapped.data.config;
    // Functions of the accuracies are metrics by the same name; those of losses keep their own.
    return fn.endsWith("accuracy") ? resolveMetric({ class_name: fn, config }, undefined, []) : fn;
  }
  const read = nameOrObject(value, "metric");
  if (typeof read === "string") return read;
  const metric = resolveMetric(read, undefined, []);
  checkKept(read.config, metric.getConfig());
  return metric;
}

/** Keras 2's options of optimizers, without those that change no number. */
function modernOptimizer(className: string, config: Config): Config {
  const { decay, lr } = config;
  const others = without(config, "decay", "lr", "jit_compile", "is_legacy_optimizer");
  const rate = others["learning_rate"] ?? lr;
  // Nadam's was one of its momentum, which Keras 3 has no option for.
  const isOfRate = typeof decay === "number" && decay > 0 && className !== "Nadam";
  const old = isOfRate && typeof rate === "number" ? decay : undefined;
  const schedule = old === undefined ? undefined : new InverseTimeDecay(Number(rate), 1, old);
  const modern: Record<string, unknown> = { ...others };
  // Keras 3 switched it off by 0, too.
  if (modern["weight_decay"] === 0) modern["weight_decay"] = null;
  if (rate !== undefined) modern["learning_rate"] = schedule ?? rate;
  return modern;
}

/** Optimizers around another one, which scale the loss for float16: TensorFlow's of 2.1 to 2.15, and that of Keras 3. */
const wrapper = /^LossScaleOptimizer(V\d)?$/;

/** Whether a compile state has an optimizer that keeps variables of its own before those of the optimizer inside. */
export function hasLossScale(config: unknown): boolean {
  const parsed = compileSchema.safeParse(config);
  const value = parsed.success ? (parsed.data.optimizer ?? parsed.data.optimizer_config) : undefined;
  return isSerializedObject(value) && wrapper.test(value.class_name);
}

function readOptimizer(value: unknown): Optimizer {
  const read = nameOrObject(value, "optimizer");
  if (typeof read === "string") return resolveOptimizer(read);
  // The scale is for float16; here float32 is computed, where it changes no number.
  if (wrapper.test(read.class_name)) return readOptimizer(read.config["inner_optimizer"] ?? read.config["optimizer"]);
  // Keras 2 named optimizers of other kinds with their module in front.
  const className = read.class_name.replace(/^.*>/, "");
  const config = modernOptimizer(className, read.config);
  const optimizer = resolveOptimizer({ ...read, class_name: className, config });
  checkKept(config, optimizer.getConfig());
  return optimizer;
}
