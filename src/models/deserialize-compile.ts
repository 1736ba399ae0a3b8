import { z } from "zod";
import { FileError, GraftError, UsageError } from "../errors/errors.js";
import { type Config, isSerializedObject, type SerializedObject } from "../nn/config.js";
import type { Loss } from "../nn/losses/loss.js";
import { resolveLoss } from "../nn/losses/index.js";
import type { Metric } from "../nn/metrics/metric.js";
import { resolveMetric } from "../nn/metrics/index.js";
import type { Optimizer } from "../nn/optimizers/optimizer.js";
import { resolveOptimizer } from "../nn/optimizers/index.js";
import { InverseTimeDecay } from "../nn/schedules/index.js";
import { checkKept, without } from "./deserialize-check.js";
import type { CompileOptions } from "./training-types.js";

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
    if (single(weights) !== null && single(weights) !== 1) {
      throw new UsageError("Graft has no loss weights.", {
        subject: "loss_weights",
        expected: "none",
        received: JSON.stringify(weights),
      });
    }
    const read = readLoss(loss);
    const list = (value: unknown): (Metric | string)[] => flat(value).map((metric) => readMetric(metric, read));
    const weighted = list(others.weighted_metrics);
    return {
      optimizer: readOptimizer(optimizer ?? old),
      loss: read,
      metrics: list(metrics),
      ...(weighted.length === 0 ? {} : { weightedMetrics: weighted }),
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

/** What is said for the only output: alone, in a list, or by the output's name. */
function single(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isSerializedObject(value)) return value ?? null;
  const items = Object.values(value);
  return items.length === 1 ? single(items[0]) : items.length === 0 ? null : value;
}

/** All items of nested lists and dictionaries. */
function flat(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object" || isSerializedObject(value)) return [value];
  return Object.values(value).flatMap(flat);
}

function nameOrObject(value: unknown, what: string): string | SerializedObject {
  const called = functionSchema.safeParse(value);
  if (called.success) return called.data.config;
  if (typeof value === "string") return value;
  if (isSerializedObject(value) && typeof value.config === "object") return value;
  throw new UsageError(`Graft cannot read this ${what}.`, {
    subject: what,
    expected: `one ${what} for one output`,
    received: JSON.stringify(value),
  });
}

function readLoss(value: unknown): Loss {
  const read = nameOrObject(single(value), "loss");
  if (typeof read === "string") return resolveLoss(read);
  // Keras 2 wrote "auto", which means the mean.
  const config = without(read.config, "fn", ...(read.config["reduction"] === "auto" ? ["reduction"] : []));
  const loss = resolveLoss({ ...read, config });
  checkKept(config, loss.getConfig());
  return loss;
}

function readMetric(value: unknown, loss: Loss): Metric | string {
  const wrapped = wrapperSchema.safeParse(value);
  if (wrapped.success) {
    const { fn, name, ...options } = wrapped.data.config;
    const config = { ...options, ...(name === undefined ? {} : { name }) };
    // Functions of the accuracies are metrics by the same name; those of losses keep their own.
    return fn.endsWith("accuracy") ? resolveMetric({ class_name: fn, config }, loss, []) : fn;
  }
  const read = nameOrObject(value, "metric");
  if (typeof read === "string") return read;
  const metric = resolveMetric(read, loss, []);
  checkKept(read.config, metric.getConfig());
  return metric;
}

/** Keras 2's options of optimizers, without those that change no number. */
function modernOptimizer(config: Config): Config {
  const { decay, lr } = config;
  const others = without(config, "decay", "lr", "jit_compile", "is_legacy_optimizer");
  const rate = others["learning_rate"] ?? lr;
  const old = typeof decay === "number" && decay > 0 && typeof rate === "number" ? decay : undefined;
  const schedule = old === undefined ? undefined : new InverseTimeDecay(Number(rate), 1, old);
  return {
    ...others,
    // Keras 3 switched it off by 0, too.
    ...(others["weight_decay"] === 0 ? { weight_decay: null } : {}),
    ...(rate === undefined ? {} : { learning_rate: schedule ?? rate }),
  };
}

function readOptimizer(value: unknown): Optimizer {
  const read = nameOrObject(value, "optimizer");
  if (typeof read === "string") return resolveOptimizer(read);
  // Keras 2 named optimizers of other kinds with their module in front.
  const config = modernOptimizer(read.config);
  const optimizer = resolveOptimizer({ ...read, class_name: read.class_name.replace(/^.*>/, ""), config });
  checkKept(config, optimizer.getConfig());
  return optimizer;
}
