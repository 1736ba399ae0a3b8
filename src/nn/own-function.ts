import { UsageError } from "../errors/errors.js";
import type { Value } from "../graph/value.js";
import { isTensor, type Tensor, toTensor } from "../runtime/runtime.js";
import { evaluate } from "./eager/evaluate.js";
import { describeOperand, inGraphOrder, inKerasOrder, type Operand, toValue } from "./operations/operand.js";
import { writeOwn } from "./own-call.js";
import { ownContext } from "./own-context.js";
import { presentContext } from "./scope.js";
import { SymbolicTensor } from "./symbolic-tensor.js";
import { Variable } from "./variable.js";

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

/**
 * Computes something of one array at once, or of a tensor or a weight as part of what is being written.
 *
 * @param write for a value in Keras's order of axes, as is what comes out
 * @throws UsageError for what is neither
 */
export function computeOne(
  owner: string,
  given: Operand,
  write: (value: Value) => Value,
): SymbolicTensor | Promise<Tensor> {
  const context = (given instanceof SymbolicTensor ? given.traced?.context : undefined) ?? presentContext();
  const inContext = given instanceof SymbolicTensor || given instanceof Variable || isTensor(given);
  if (context !== undefined && inContext) {
    return SymbolicTensor.of(inGraphOrder(write(inKerasOrder(toValue(given, context)))), context);
  }
  const array = given instanceof Variable ? toTensor(given.value) : given;
  if (isTensor(array)) {
    return evaluate([array], false, (values) => values.map((value) => inGraphOrder(write(inKerasOrder(value))))).then(
      ([only]) => {
        if (only === undefined) throw new TypeError("A computation has no result.");
        return only;
      },
    );
  }
  throw new UsageError(`${owner} cannot be computed of this.`, {
    subject: owner,
    expected: "an array (Tensor), a weight, or a tensor inside of call, losses and training steps",
    received: describeOperand(given),
  });
}
