import { constant } from "../graph/value.js";
import { UsageError } from "../errors/errors.js";
import type { CallContext } from "./context.js";
import { presentContext } from "./scope.js";

/** Where nothing is trained: weights are what they are now. */
const fixed: CallContext = {
  training: false,
  weight: (variable) => constant(variable.value),
  random: (name) => {
    throw new UsageError("There are no random numbers in losses and metrics.", {
      subject: name,
      expected: "a function of labels and predictions",
      received: "a layer that draws random numbers",
    });
  },
  update: () => undefined,
  addLoss: () => undefined,
};

/** What a function of a user's own asks when it wants weights: the computation that is being written, or the present values. */
export function ownContext(): CallContext {
  return presentContext() ?? fixed;
}
