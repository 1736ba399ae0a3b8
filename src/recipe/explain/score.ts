import { producer, type Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { mul, neg, sub } from "../../ops/elementwise.js";
import { concat } from "../../ops/joining.js";
import { reduceLogSumExp, reduceSum } from "../../ops/reduction.js";

/**
 * What speaks for each class before it is squeezed to a probability: the logits, whose slope does not vanish where the network is sure.
 *
 * @param output `[N, classes]`, or `[N, 1]` of two classes: a sigmoid, or log-odds
 * @returns `[N, classes]`, two columns for one; the output itself where it is no probability
 */
export function scoresOf(output: Value): Value {
  const scores = unsqueezed(output);
  return scores.shape[1] === 1 ? concat([neg(scores), scores], { axis: 1 }) : scores;
}

function unsqueezed(output: Value): Value {
  const node = producer(output);
  const [x] = node?.inputs ?? [];
  if (node === undefined || x === undefined) return output;
  if (node.op === "Softmax") return x;
  if (arranging.has(node.op)) return unsqueezed(x);
  if (node.op === "Sigmoid") return x;
  // The two columns that an exported sigmoid has: 1 − p and p.
  const [, second] = node.inputs;
  const sigmoid = second === undefined ? undefined : producer(second);
  if (node.op === "Concat" && output.shape[1] === 2 && sigmoid?.op === "Sigmoid" && sigmoid.inputs[0] !== undefined)
    return sigmoid.inputs[0];
  return output;
}

/** Operators that leave numbers as they are. */
const arranging: ReadonlySet<string> = new Set(["Identity", "Cast"]);

/**
 * A number for each of the classes; two for the one of a network that says one number: `1 − p` and `p` of a sigmoid, `−x` and `x` of log-odds.
 *
 * @param output `[N, classes]`, or `[N, 1]`
 */
export function ofEachClass(output: Value): Value {
  if (output.shape[1] !== 1) return output;
  const other = isProbability(output) ? sub(scalarLike(output, 1), output) : neg(output);
  return concat([other, output], { axis: 1 });
}

function isProbability(output: Value): boolean {
  const node = producer(output);
  const [x] = node?.inputs ?? [];
  if (node === undefined || x === undefined) return false;
  return arranging.has(node.op) ? isProbability(x) : squeezing.has(node.op);
}

const squeezing: ReadonlySet<string> = new Set(["Sigmoid", "HardSigmoid", "Softmax"]);

/**
 * The numbers of the classes that are asked about.
 *
 * @param numbers `[N, classes]`
 * @param asked `[N, classes]`: 1 at the class that is asked about, 0 elsewhere
 * @returns `[N]`
 */
export function ofAsked(numbers: Value, asked: Value): Value {
  return reduceSum(mul(numbers, asked), [1], { keepdims: 0 });
}

/**
 * The log-odds of the class that is asked about, against all others together: what speaks for this class, and not for any. Its slope does not
 * vanish where the network is sure, and counts the others by how near they come.
 *
 * @param scores `[N, classes]`, logits
 * @returns `[N]`
 */
export function logOdds(scores: Value, asked: Value): Value {
  const own = ofAsked(scores, asked);
  const others = sub(scores, mul(asked, scalarLike(scores, leftOut)));
  return sub(own, reduceLogSumExp(others, [1], { keepdims: 0 }));
}

/** Logits are far smaller. */
const leftOut = 1e9;
