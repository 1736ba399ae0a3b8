import { refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import { resolveLoss } from "../nn/losses/index.js";
import type { Loss } from "../nn/losses/loss.js";
import type { Mean } from "../nn/metrics/mean.js";
import { Metric, resolveMetric } from "../nn/metrics/index.js";
import { resolveOptimizer } from "../nn/optimizers/index.js";
import { forEachPlace, inOrder, isList, isRecord, mapEach, type Places, quoted } from "./each.js";
import type {
  Compiled,
  CompiledLoss,
  CompiledMetric,
  CompileOptions,
  MetricGiven,
  MetricsOption,
  OutputLabels,
} from "./compile-types.js";

/** What compile options are resolved for. */
export interface CompiledModel {
  readonly name: string;
  /** Names of the outputs, in the model's order. */
  readonly outputs: readonly string[];
  /** Shapes of the outputs, in Keras's order; none where they are not known yet. */
  readonly shapes: readonly Shape[];
  /** What the losses of batches are added up in. */
  readonly lossMean: Mean;
}

/**
 * The options with names of optimizer and losses looked up, so that a mistake shows at once; the rest needs the outputs,
 * which may come later.
 *
 * @throws UsageError for a name that Keras does not know
 */
export function lookUpNames(options: CompileOptions): CompileOptions {
  const { loss } = options;
  return {
    ...options,
    optimizer: resolveOptimizer(options.optimizer ?? "rmsprop"),
    loss: loss === undefined ? undefined : mapEach(loss, (one) => (one === null ? null : resolveLoss(one))),
  };
}

/**
 * What the options mean for the outputs of a model.
 *
 * @throws UsageError when they say something for an output that is not there, or not what is needed for each
 */
export function resolveCompile(options: CompileOptions, { name, outputs, shapes, lossMean }: CompiledModel): Compiled {
  const places: Places = { model: name, what: "output", names: outputs };
  const losses = lossesOf(options.loss, places);
  const weights = weightsOf(options.lossWeights, places);
  const resolved = losses.flatMap((loss, output): CompiledLoss[] =>
    loss === null ? [] : [{ output, name: outputs[output] ?? "", loss, weight: weights[output] ?? 1 }],
  );
  const follow = (given: MetricsOption | undefined, subject: string): Followed[] =>
    metricsOf(given, subject, places).flatMap((list, output) =>
      list.map((metric) => ({
        output,
        metric: resolveMetric(metric, losses[output] ?? undefined, shapes[output] ?? []),
      })),
    );
  const metrics = named(
    follow(options.metrics, "metrics"),
    follow(options.weightedMetrics, "weightedMetrics"),
    outputs,
  );
  const labelRules = shapes.map((shape, output) => {
    const own = metrics.flatMap((followed) => (followed.output === output ? [followed.metric] : []));
    const loss = losses[output] ?? undefined;
    return [...(loss === undefined ? [] : [loss]), ...own].flatMap((owner): OutputLabels[] => {
      // What is of a user's own may leave labels out before it passes them on.
      const isOwn = owner instanceof Metric ? owner.hasOwnUpdate : owner.hasOwnCall;
      const rule = isOwn ? undefined : owner.labelRule?.(shape);
      const isWeighted = owner === loss || metrics.some(({ metric, weighted }) => weighted && metric === owner);
      return rule === undefined ? [] : [{ owner: owner.name, rule, shape, isWeighted }];
    });
  });
  return {
    optimizer: resolveOptimizer(options.optimizer ?? "rmsprop"),
    outputs,
    losses: resolved,
    metrics,
    lossMean,
    shapes,
    labelRules,
  };
}

function lossesOf(loss: CompileOptions["loss"], places: Places): readonly (Loss | null)[] {
  if (loss === undefined || loss === null) return places.names.map(() => null);
  const each =
    isList(loss) || isRecord(loss) ? forEachPlace(loss, "loss", places, "null") : places.names.map(() => loss);
  return each.map((one) => (one === null ? null : resolveLoss(one)));
}

function weightsOf(weights: CompileOptions["lossWeights"], places: Places): readonly number[] {
  if (weights === undefined) return places.names.map(() => 1);
  if (typeof weights !== "number" && !isList(weights) && !isRecord(weights)) {
    refuse("compile", "lossWeights", "a number, a list of them, or a record by names of outputs", weights);
  }
  const each = forEachPlace(typeof weights === "number" ? [weights] : weights, "lossWeights", places, "1");
  const strange = each.find((weight) => !Number.isFinite(weight));
  if (strange !== undefined) {
    throw new UsageError("A weight of a loss is not usable.", {
      subject: "lossWeights",
      expected: "numbers",
      received: String(strange),
    });
  }
  return each;
}

type MetricLike = MetricGiven;

/** The metrics of each output. */
function metricsOf(given: MetricsOption | undefined, subject: string, places: Places): readonly MetricLike[][] {
  const { model, names } = places;
  const listOf = (entry: MetricLike | readonly MetricLike[] | null | undefined): MetricLike[] =>
    entry === undefined || entry === null ? [] : typeof entry === "object" && "length" in entry ? [...entry] : [entry];
  if (given === undefined) return names.map(() => []);
  if (!isList(given) && !isRecord(given)) {
    refuse("compile", subject, "a list of metrics, or a record by names of outputs", given);
  }
  if (!isList(given)) return inOrder(given, subject, places).map(listOf);
  // All of them belong to the only output, however they are nested.
  if (names.length === 1) return [given.flatMap(listOf)];
  if (given.length === 0) return names.map(() => []);
  if (given.length === names.length) return given.map(listOf);
  throw new UsageError(`It is not clear which outputs of the model "${model}" these ${subject} belong to.`, {
    subject,
    expected: `one or a list of them for each of ${quoted(names)}, or a record by these names`,
    received: `a list of ${given.length}`,
  });
}

interface Followed {
  readonly output: number;
  readonly metric: Metric;
}

/** Gives each metric its key in logs, as Keras does: with the output's name where there are several outputs. */
function named(
  plain: readonly Followed[],
  weighted: readonly Followed[],
  outputs: readonly string[],
): CompiledMetric[] {
  const used = new Map<string, number>();
  const prefixed = (output: number, name: string): string =>
    outputs.length === 1 ? name : `${outputs[output] ?? ""}_${name}`;
  const numbered = (name: string): string => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  };
  return [
    ...plain.map(({ output, metric }) => ({
      name: numbered(prefixed(output, metric.name)),
      metric,
      output,
      weighted: false,
    })),
    ...weighted.map(({ output, metric }) => {
      const name = prefixed(output, metric.name);
      const free = used.has(name) ? prefixed(output, `weighted_${metric.name}`) : name;
      return { name: numbered(free), metric, output, weighted: true };
    }),
  ];
}
