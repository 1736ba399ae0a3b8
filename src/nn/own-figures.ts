import { UsageError } from "../errors/errors.js";
import type { Value } from "../graph/value.js";
import { cast, expand, shapeOp, squeeze, unsqueeze } from "../ops/layout.js";
import { reduceMean } from "../ops/reduction.js";
import { reshapeTo } from "../ops/reshape.js";
import { isTensor, type Tensor } from "../runtime/runtime.js";
import { evaluate } from "./eager/evaluate.js";
import { describeOperand, inGraphOrder, inKerasOrder, type Operand, toValue } from "./operations/operand.js";
import { writeOwn } from "./own-call.js";
import { ownContext } from "./own-context.js";
import { presentContext } from "./scope.js";
import { SymbolicTensor } from "./symbolic-tensor.js";

/** Labels and predictions with the same rank, as Keras brings them to it: an axis of extent 1 at the end is matched. */
export function matched(truth: Value, prediction: Value): readonly [Value, Value] {
  const narrowed = (long: Value, short: Value): readonly [Value, Value] => {
    if (long.rank !== short.rank + 1 || long.shape.at(-1) !== 1) return [long, short];
    return short.rank === 1 ? [long, unsqueeze(short, [1])] : [squeeze(long, [long.rank - 1]), short];
  };
  if (truth.rank > prediction.rank) return narrowed(truth, prediction);
  const [second, first] = narrowed(prediction, truth);
  return [first, second];
}

/**
 * Writes what a function of a user's own makes of labels and predictions.
 *
 * @param truth in Keras's order of axes
 * @param prediction in the graph's order of axes
 * @returns one number a sample, or several, in Keras's order; one for all is given to each sample
 */
export function writeFigures(
  owner: string,
  truth: Value,
  prediction: Value,
  matchesRanks: boolean,
  compute: (yTrue: SymbolicTensor, yPred: SymbolicTensor) => unknown,
): Value {
  const output = inKerasOrder(prediction);
  const [labels, outputs] = matchesRanks ? matched(truth, output) : [truth, output];
  const given = [labels, outputs].map(inGraphOrder);
  const [result, ...others] = writeOwn(
    owner,
    "the function of labels and predictions",
    given,
    ownContext(),
    (tensors) => {
      const [yTrue, yPred] = tensors as [SymbolicTensor, SymbolicTensor];
      return compute(yTrue, yPred);
    },
  );
  if (result === undefined || others.length > 0) {
    throw new UsageError(`${owner} gives ${others.length + 1} tensors.`, {
      subject: owner,
      expected: "one tensor",
      received: `a list of ${others.length + 1}`,
    });
  }
  const typed = result.type === "float32" ? result : cast(result, "float32");
  const figures = inKerasOrder(typed);
  if (figures.rank > 0 && figures.shape[0] === output.shape[0]) return figures;
  // Of all samples together: each has the mean, so that the mean over samples is that.
  const one = figures.rank === 0 ? figures : reduceMean(figures, undefined, { keepdims: 0 });
  return expand(reshapeTo(one, [1]), shapeOp(output, { start: 0, end: 1 }));
}

/**
 * Computes something of labels and predictions: of arrays at once, of tensors as part of what is being written.
 *
 * @param given arrays, or tensors inside of `call`
 * @param write for values in Keras's order of axes, float32
 */
export function computeOf(
  owner: string,
  given: readonly Operand[],
  write: (values: readonly [Value, Value, Value?]) => Value,
): SymbolicTensor | Promise<Tensor> {
  const floats = (values: readonly Value[]): [Value, Value, Value?] =>
    values.map((value) => (value.type === "float32" ? value : cast(value, "float32"))) as [Value, Value, Value?];
  const traced = given.flatMap((one) => (one instanceof SymbolicTensor ? (one.traced ?? []) : []));
  const context = traced[0]?.context ?? presentContext();
  if (context !== undefined) {
    const values = given.map((one) => inKerasOrder(toValue(one, context)));
    return SymbolicTensor.of(inGraphOrder(write(floats(values))), context);
  }
  if (given.every(isTensor)) {
    return evaluate(given, false, (values) => [inGraphOrder(write(floats(values.map(inKerasOrder))))]).then(first);
  }
  throw new UsageError(`${owner} cannot be computed of this.`, {
    subject: owner,
    expected: "arrays (Tensor), or tensors inside of call, losses and training steps",
    received: given.map(describeOperand).join(", "),
  });
}

function first([only]: readonly Tensor[]): Tensor {
  if (only === undefined) throw new TypeError("A computation has no result.");
  return only;
}
