import type { Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { LabelRule } from "./label-rule.js";

/* Where the labels of a batch meet losses and metrics in a computation of a user's own: there it shows what they must be. */

/** A loss or a metric that labels were given to as they are. */
export interface MetLabels {
  /** Its name. */
  readonly owner: string;
  readonly rule: LabelRule;
  /** Shape of the predictions, in Keras's order. */
  readonly shape: Shape;
}

/** What is known of labels that are followed. */
interface Followed {
  readonly met: (MetLabels & { readonly isLoss: boolean })[];
  /** Whether the computation itself tells some labels from others, and so may leave some of them out. */
  isSorted: boolean;
}

const followed = new WeakMap<Value, Followed>();

/** Begins to note which losses and metrics the labels of a batch are given to. */
export function followLabels(labels: Value): void {
  followed.set(labels, { met: [], isSorted: false });
}

/**
 * The losses and metrics that labels were given to.
 *
 * Where a computation compares labels with a number or weighs samples itself, labels may be left out in ways that cannot be seen
 * from here: then only losses count that have no meaning for other labels, as in Keras, whatever is done with what comes out.
 */
export function metBy(labels: Value): readonly MetLabels[] {
  const { met = [], isSorted = false } = followed.get(labels) ?? {};
  return met.filter(({ isLoss, rule }) => !isSorted || (isLoss && rule.kind === "classes"));
}

/** Operators that change the type or the shape of labels, but not the labels. */
const asTheyAre = new Set(["Cast", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]);

/** What a value was before such operators. */
function origin(value: Value): Value {
  if (value.source.kind !== "node") return value;
  const { op, inputs } = value.source.node;
  const [before] = inputs;
  return asTheyAre.has(op) && before !== undefined ? origin(before) : value;
}

/** Notes that a loss or a metric was given labels; nothing where they are not those of a batch. */
export function meetLabels(truth: Value, owner: MetLabels | undefined, isLoss: boolean): void {
  if (owner === undefined) return;
  const found = followed.get(origin(truth));
  const isKnown = found?.met.some((one) => one.owner === owner.owner && one.isLoss === isLoss) === true;
  if (!isKnown) found?.met.push({ ...owner, isLoss });
}

/** Notes that labels are weighed by something that was computed, so that some of them may not count. */
export function weighLabels(truth: Value, weight: Value | undefined): void {
  if (weight !== undefined && origin(weight).source.kind === "node") sort(truth);
}

/** Notes that a computation compares values with each other: labels with a number, where they are labels. */
export function compareLabels(given: readonly Value[]): void {
  if (!given.some((one) => origin(one).source.kind === "constant")) return;
  given.forEach(sort);
}

function sort(truth: Value): void {
  const found = followed.get(origin(truth));
  if (found !== undefined) found.isSorted = true;
}
