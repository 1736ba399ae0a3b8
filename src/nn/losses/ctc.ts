import { ShapeError } from "../../errors/errors.js";
import { dimAt, formatShape, staticDim, type Shape } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { and, equal, not, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul, neg } from "../../ops/elementwise.js";
import { gatherElements } from "../../ops/indexing.js";
import { concat } from "../../ops/joining.js";
import { pad, slice } from "../../ops/slicing.js";
import { cast, squeeze, unsqueeze } from "../../ops/layout.js";
import { reduceLogSumExp, reduceSum } from "../../ops/reduction.js";
import { logSoftmax } from "../../ops/softmax.js";
import { expandTo } from "../../ops/shape-of.js";
import { reshapeTo } from "../../ops/reshape.js";
import { classesOf, type LabelRule } from "../label-rule.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Stands for the logarithm of 0. */
const nothing = -1e30;

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/**
 * Connectionist temporal classification: `−log` of the probability that a sequence of predictions spells the labels, with
 * blanks, which are class 0, and repetitions in between.
 *
 * Labels are class numbers `[N, L]`, filled up with 0; predictions are logits `[N, T, classes]`. The number of steps must be
 * known: they are written one after the other.
 *
 * @see https://www.cs.toronto.edu/~graves/icml_2006.pdf
 * @see https://keras.io/api/losses/ – for labels that cannot be spelled in so many steps Keras gives infinity, this a large
 * number
 */
export class CTC extends Loss {
  static readonly className: string = "CTC";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(CTC, given);
    super("ctc", options);
  }

  protected override perElement(labels: Value, logits: Value): Value {
    if (labels.rank !== 2 || logits.rank !== 3) {
      throw new ShapeError(`${this.name}: labels and predictions have the wrong shapes.`, {
        subject: this.name,
        expected: "class numbers [N, L] and logits [N, T, classes]",
        received: `${formatShape(labels.shape)} and ${formatShape(logits.shape)}`,
      });
    }
    const batch = dimAt(logits.shape, 0);
    const length = staticDim(labels.shape, 1, this.name);
    const steps = staticDim(logits.shape, 1, this.name);
    const number = (value: number): Value => scalarLike(logits, value);

    // A blank before, between and behind the labels: [N, 2 L + 1].
    const pairs = concat(
      [mul(labels, number(0)), labels].map((row) => unsqueeze(row, [2])),
      { axis: 2 },
    );
    const states = 2 * length + 1;
    const spelled = pad(reshapeTo(pairs, [batch, 2 * length]), [0, 1], { axes: [1] });
    // A label may follow another one directly, unless it is the same.
    const twoBefore = pad(slice(spelled, { starts: [0], ends: [states - 2], axes: [1] }), [2, 0], { axes: [1] });
    const skips = and(not(equal(spelled, number(0))), not(equal(spelled, twoBefore)));

    const logarithms = logSoftmax(logits, { axis: 2 });
    const everyStep = constant(float32(new Float32Array(steps), [1, steps, 1]));
    const places = add(unsqueeze(spelled, [1]), everyStep);
    const each = gatherElements(logarithms, cast(places, "int64"), { axis: 2 });
    const at = (step: number): Value => squeeze(slice(each, { starts: [step], ends: [step + 1], axes: [1] }), [1]);

    const begins = constant(
      float32(
        Array.from({ length: states }, (_, state) => (state < 2 ? 0 : nothing)),
        [1, states],
      ),
    );
    const shifted = (x: Value, by: number): Value =>
      pad(slice(x, { starts: [0], ends: [states - by], axes: [1] }), [by, 0], { axes: [1], value: nothing });
    let reached = add(at(0), begins);
    for (let step = 1; step < steps; step++) {
      const jumped = where(skips, shifted(reached, 2), number(nothing));
      reached = add(together([reached, shifted(reached, 1), jumped]), at(step));
    }

    // The sequence ends with the last label or the blank behind it.
    const ones = where(equal(labels, number(0)), number(0), number(1));
    const count = reduceSum(ones, [1], { keepdims: 1 });
    const last = cast(mul(count, number(2)), "int64");
    const end = gatherElements(reached, last, { axis: 1 });
    const none = equal(count, number(0));
    const before = gatherElements(pad(reached, [1, 0], { axes: [1], value: nothing }), last, { axis: 1 });
    const pair = together([end, where(none, expandTo(number(nothing), end), before)]);
    return neg(squeeze(pair, [1]));
  }

  override labelRule(output: Shape): LabelRule {
    return classesOf(output);
  }
}

/** The logarithm of the sum of numbers that are given as logarithms. */
function together(values: readonly Value[]): Value {
  const axis = values[0]?.rank ?? 0;
  return reduceLogSumExp(
    concat(
      values.map((value) => unsqueeze(value, [axis])),
      { axis },
    ),
    [axis],
    { keepdims: 0 },
  );
}
