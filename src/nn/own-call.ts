import { UsageError } from "../errors/errors.js";
import { formatShape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { isTensor } from "../runtime/runtime.js";
import type { CallContext } from "./context.js";
import { toValue } from "./operations/operand.js";
import { within } from "./scope.js";
import { SymbolicTensor } from "./symbolic-tensor.js";
import { Variable } from "./variable.js";

/** What something is, in a few words. */
function described(result: unknown): string {
  if (result === undefined) return "nothing";
  if (result instanceof Promise) return "a Promise";
  if (result instanceof SymbolicTensor) return `a placeholder of shape ${formatShape(result.shape)}`;
  return result === null ? "null" : typeof result;
}

/**
 * Writes down what a function of a user's own computes: the `call` of a layer, a loss, a metric, an activation.
 *
 * @param owner whose function it is, for messages: `The layer "scale" (Scale)`
 * @param name of the function: `call`
 * @param compute given a tensor, or a list where there are several
 * @returns one value for each that it gives, in the graph's order of axes
 * @throws UsageError when something else comes out
 */
export function writeOwn(
  owner: string,
  name: string,
  inputs: readonly Value[],
  context: CallContext,
  compute: (tensors: readonly SymbolicTensor[]) => unknown,
): readonly Value[] {
  const tensors = inputs.map((value) => SymbolicTensor.of(value, context));
  const result = within(context, () => compute(tensors));
  const results: readonly unknown[] = Array.isArray(result) ? result : [result];
  return results.map((one) => {
    const isPlaceholder = one instanceof SymbolicTensor && one.traced === undefined;
    const fits = one instanceof SymbolicTensor || isTensor(one) || one instanceof Variable || typeof one === "number";
    if (fits && !isPlaceholder) return toValue(one, context);
    throw new UsageError(`${owner}: ${name} does not give what it should.`, {
      subject: name,
      expected: "a tensor that is computed from the inputs, or a list of such tensors",
      received: described(one),
      advice:
        one instanceof Promise
          ? `Write ${name} without async and await: it says what is computed, and runs once.`
          : `Compute with functions of ops and layers on what ${name} is given, and return the result.`,
    });
  });
}
