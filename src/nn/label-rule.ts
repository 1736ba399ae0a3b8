import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import type { Tensor } from "../runtime/runtime.js";

/** What labels must be for a loss or a metric to mean something. */
export type LabelRule =
  /** Numbers of classes: whole numbers from 0. */
  | {
      readonly kind: "classes";
      /** How many classes there are; `undefined` where the shape of the output does not say. */
      readonly classes: number | undefined;
      /** A number beside these whose samples do not count. */
      readonly ignored?: number | undefined;
      /** Whether a fraction is cut off, as in Keras, rather than a mistake; default `false`. */
      readonly cut?: boolean | undefined;
    }
  /** Shares, such as 0 and 1. */
  | { readonly kind: "range"; readonly low: number; readonly high: number };

/** The rule of losses whose labels are shares: 0 and 1, or anything between. */
export const shares: LabelRule = { kind: "range", low: 0, high: 1 };

/** The rule of hinge losses: -1 and 1, or 0 and 1 for them. */
export const sides: LabelRule = { kind: "range", low: -1, high: 1 };

/**
 * The rule of what counts its classes along the last axis of the output.
 *
 * @param output shape of the model's output in Keras's order
 * @param ignored a number beside the classes whose samples do not count
 */
export function classesOf(output: Shape, ignored?: number): LabelRule {
  const classes = output.at(-1);
  return { kind: "classes", classes: typeof classes === "number" ? classes : undefined, ignored };
}

/** How far shares may be beside their bounds, for they are sums of float32. */
const tolerance = 1e-5;

/**
 * Whether a number is no label.
 *
 * @param ignored numbers beside the classes that are left out
 */
export function isWrongLabel(value: number, rule: LabelRule, ignored: ReadonlySet<number>): boolean {
  if (rule.kind === "range") return !(value >= rule.low - tolerance && value <= rule.high + tolerance);
  if (ignored.has(value)) return false;
  const { classes = Infinity, cut = false } = rule;
  const number = cut ? Math.trunc(value) : value;
  return !(Number.isInteger(number) && number >= 0 && number < classes);
}

/**
 * What would have been right, in words.
 *
 * @param owner the loss or metric
 * @param output what labels are compared with
 */
export function expectedLabels(owner: string, rule: LabelRule, output: string): string {
  if (rule.kind === "range") return `numbers from ${rule.low} to ${rule.high}, which ${owner} compares with ${output}`;
  const { classes, ignored } = rule;
  const beside = ignored === undefined ? "" : `, or ${ignored}, which is ignored`;
  if (classes === undefined) return `whole numbers from 0, which ${owner} compares with ${output}${beside}`;
  const last = classes === 1 ? "0" : `whole numbers from 0 to ${classes - 1}`;
  return `${last}, for the ${classes === 1 ? "only class" : `${classes} classes`} of ${output} (${owner})${beside}`;
}

/** What to do about a number that is no label. */
export function adviceForLabel(value: number, rule: LabelRule): string {
  if (Number.isNaN(value)) return "Look where this label comes from: something was missing, or divided by 0.";
  if (rule.kind === "range") {
    if (Number.isInteger(value) && value > 1 && value < 255) {
      return (
        "For more than two classes, give the last layer a unit for each and a softmax, and use " +
        "sparse_categorical_crossentropy. How much a sample counts is said by sampleWeight."
      );
    }
    if (value > 1) return "Divide masks whose levels go up to 255 by 255.";
    return "Labels -1 and 1 become 0 and 1 by (label + 1) / 2, or use a hinge loss.";
  }
  if (!Number.isInteger(value)) return "Shares and one-hot labels go with the categorical losses, figures with mse.";
  if (value < 0) {
    return (
      "Leave samples out that belong to no class; for places of a picture, name the number as the option ignoreClass of " +
      "SparseCategoricalCrossentropy."
    );
  }
  return (
    `Give the last layer at least ${value + 1} units, one for each class; where labels count from 1, subtract 1 from ` +
    "each."
  );
}

/** A loss or a metric that labels are given to. */
interface LabelOwner {
  readonly name: string;
  labelRule?(output: Shape): LabelRule | undefined;
}

/**
 * Refuses labels that are given to a loss or a metric as an array, where they are no classes or shares. What a weight of 0 leaves
 * out may be anything.
 *
 * @param output shape of the predictions in Keras's order
 * @param weights of the samples
 * @throws UsageError for the first label that is none
 */
export function checkGivenLabels(owner: LabelOwner, labels: Tensor, output: Shape, weights: Tensor | undefined): void {
  const rule = owner.labelRule?.(output);
  const missing = output.length - labels.dims.length;
  // Who compares them says so where they do not fit.
  const fits = missing === 0 || (missing === 1 && (rule?.kind === "classes" || output.at(-1) === 1));
  if (rule === undefined || !fits) return;
  const ignored = new Set(rule.kind === "classes" && rule.ignored !== undefined ? [rule.ignored] : []);
  const counts = weights?.data as ArrayLike<number> | undefined;
  const width = labels.data.length / (counts?.length ?? 1);
  const place = Array.from(labels.data as ArrayLike<number>, Number).findIndex(
    (label, index) => isWrongLabel(label, rule, ignored) && counts?.[Math.floor(index / width)] !== 0,
  );
  if (place < 0) return;
  const label = Number((labels.data as ArrayLike<number>)[place]);
  throw new UsageError(
    `The label ${label} is ${rule.kind === "classes" ? "no class" : `outside [${rule.low}, ${rule.high}]`}.`,
    {
      subject: "yTrue",
      expected: expectedLabels(owner.name, rule, "the predictions"),
      received: `${label}, number ${place} of the labels`,
      advice: adviceForLabel(label, rule),
    },
  );
}
