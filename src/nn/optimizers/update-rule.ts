import type { Value } from "../../graph/value.js";
import type { OptimizerState } from "./optimizer-state.js";

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

/** What of an optimizer is asked by those who write its steps into a graph. */
export interface UpdateRule {
  readonly state: OptimizerState;
  /** Greatest norm of all gradients together; default none. */
  readonly globalClipnorm: number | undefined;
  /** Names of the slots and the value that all of their elements start with. */
  readonly slots: Readonly<Record<string, number>>;
  /** The shape of a slot of a weight of some shape. */
  slotShape(slot: string, shape: readonly number[]): readonly number[];
  /** The step size of a step, which are numbered from 1. */
  learningRateAt(step: number): number;
  /** Writes the update of one weight as a graph. */
  update(args: UpdateArguments): Update;
}
