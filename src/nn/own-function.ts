import { UsageError } from "../errors/errors.js";
import type { Value } from "../graph/value.js";
import { inGraphOrder, inKerasOrder } from "./operations/operand.js";
import { writeOwn } from "./own-call.js";
import { ownContext } from "./own-context.js";
import type { SymbolicTensor } from "./symbolic-tensor.js";

/**
 * Writes what a function of a user's own makes of a weight.
 *
 * @param weight in Keras's order of axes, as is what comes out
 */
export function writeOne(owner: string, weight: Value, own: (weight: SymbolicTensor) => SymbolicTensor): Value {
  const [result, ...others] = writeOwn(owner, "it", [inGraphOrder(weight)], ownContext(), ([x]) => x && own(x));
  if (result !== undefined && others.length === 0) return inKerasOrder(result);
  throw new UsageError(`${owner} gives ${others.length + 1} tensors.`, {
    subject: owner,
    expected: "one tensor",
    received: `a list of ${others.length + 1}`,
  });
}
