import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";

/** What an optimizer is given to write the update of one weight. All values are float32. */
export interface UpdateArguments {
  readonly weight: Value;
  /** d(loss)/d(weight), of the weight's shape. */
  readonly gradient: Value;
  /** The optimizer's slots for this weight, of the weight's shape. */
  readonly slots: Readonly<Record<string, Value>>;
  /** Scalar. */
  readonly learningRate: Value;
  /** Number of the step, from 1; scalar. */
  readonly step: Value;
}

/** The new values of a weight and of its slots. */
export interface Update {
  readonly weight: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

/** Options that every optimizer has. */
export interface OptimizerOptions {
  /** Step size; must be positive. */
  readonly learningRate?: number;
}

/** Changes weights by their gradients; its state lies in slots, tensors of the shape of each weight. */
export abstract class Optimizer {
  /** Step size. A change takes effect at the next step. */
  learningRate: number;

  protected constructor(learningRate: number) {
    if (!(learningRate > 0) || !Number.isFinite(learningRate)) {
      throw new UsageError("The learning rate is not usable.", {
        subject: "learningRate",
        expected: "a positive number",
        received: String(learningRate),
      });
    }
    this.learningRate = learningRate;
  }

  /** Keras's class name, such as `"RMSprop"`. */
  get className(): string {
    return this.constructor.name;
  }

  /** Names of the slots and the value that all of their elements start with. */
  abstract readonly slots: Readonly<Record<string, number>>;

  /** Writes the update of one weight as a graph. */
  abstract update(args: UpdateArguments): Update;

  /** Keras's configuration, in snake_case. */
  abstract getConfig(): Record<string, unknown>;
}
