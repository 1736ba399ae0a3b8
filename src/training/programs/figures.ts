import { UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import type { Compiled } from "../../models/compile-types.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { expandTo } from "../../ops/shape-of.js";
import { names } from "./names.js";

/** Shape of the labels of one sample for each output, such as `[]` or `[classes]`; `undefined` where there are none. */
export type LabelShapes = readonly (readonly number[] | undefined)[];

/** What a batch is judged by. */
export interface Figures {
  /** Loss and states of metrics, by name. */
  readonly figures: Record<string, Value>;
  /** The loss among them. */
  readonly loss: Value;
  /** What the step goes down, which is something else for a loss without reduction. */
  readonly objective: Value;
}

/**
 * Loss and states of metrics as a graph of outputs, labels and weights of samples.
 *
 * @param predictions of each output
 * @param penalties scalars that are added to the loss
 * @throws UsageError when there is no loss
 */
export function figuresOf(
  { losses, metrics }: Compiled,
  labelShapes: LabelShapes,
  predictions: readonly Value[],
  penalties: readonly Value[],
): Figures {
  const compared = predictions.map((prediction, output) => ({
    prediction,
    labels: input(names.labels(output), "float32", ["N", ...(labelShapes[output] ?? [])]),
    sampleWeight: input(names.sampleWeight(output), "float32", ["N"]),
  }));
  const at = (output: number): (typeof compared)[number] => {
    const found = compared[output];
    if (found === undefined) throw new TypeError(`There is no output ${output}.`);
    return found;
  };
  const figures: Record<string, Value> = {};
  const parts = losses.map(({ output, loss, weight }) => {
    const { labels, prediction, sampleWeight } = at(output);
    const value = reduceMean(mul(loss.perSample(labels, prediction, sampleWeight), sampleWeight), [0], {
      keepdims: 0,
    });
    // As in Keras, the losses of several outputs are shown without their weights.
    if (losses.length > 1) figures[names.outputLoss(output)] = value;
    const factor = loss.objectiveFactor(labels, prediction);
    const weighted = (part: Value): Value => (weight === 1 ? part : mul(part, scalarLike(part, weight)));
    return { shown: weighted(value), objective: weighted(factor === undefined ? value : mul(value, factor)) };
  });
  const total = (values: readonly Value[]): Value => {
    const [first, ...others] = [...values, ...penalties];
    if (first === undefined) throw noLoss();
    return others.reduce((sum, part) => add(sum, part), first);
  };
  const loss = total(parts.map(({ shown }) => shown));
  figures[names.loss] = loss;
  metrics.forEach(({ metric, output, weighted }, index) => {
    const { labels, prediction, sampleWeight } = at(output);
    // As in Keras, weights of samples and classes count in the loss but not in metrics.
    const none = metric.hasOwnUpdate ? undefined : expandTo(scalarLike(sampleWeight, 1), sampleWeight);
    for (const [state, value] of Object.entries(metric.states(labels, prediction, weighted ? sampleWeight : none))) {
      figures[names.metric(index, state)] = value;
    }
  });
  return { figures, loss, objective: total(parts.map((part) => part.objective)) };
}

/** The error of a model without a loss. */
export function noLoss(): UsageError {
  return new UsageError("There is no loss to compute.", {
    subject: "loss",
    expected: "a loss for at least one output, or penalties of weights",
    received: "neither",
    advice: 'Give compile a loss: model.compile({ optimizer: "rmsprop", loss: "mse" }).',
  });
}
