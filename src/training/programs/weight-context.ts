import { UsageError } from "../../errors/errors.js";
import { constant } from "../../graph/value.js";
import type { CallContext } from "../../nn/context.js";
import type { ModelSplit } from "./split.js";

/**
 * What losses and metrics of a user's own ask: a weight of the model is the one that is trained, so that a penalty on it has
 * its gradient; any other, such as those of a network that judges pictures, is what it is now.
 */
export function weightContext({ weights, substitutes }: ModelSplit): CallContext {
  return {
    training: false,
    weight(variable) {
      const value = weights.get(variable);
      return value === undefined ? constant(variable.value) : (substitutes.get(value) ?? value);
    },
    random(name) {
      throw new UsageError("There are no random numbers in losses and metrics.", {
        subject: name,
        expected: "a function of labels and predictions",
        received: "a layer that draws random numbers",
      });
    },
    update: () => undefined,
    addLoss: () => undefined,
  };
}
