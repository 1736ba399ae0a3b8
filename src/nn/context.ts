import type { Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { Generator } from "../random/generator.js";
import type { Tensor } from "../runtime/runtime.js";
import type { Variable } from "./variable.js";

/** Fills an array with random numbers of one step, such as a permutation of the batch. */
export type Sampler = (generator: Generator, target: Float32Array) => void;

/**
 * How random numbers that a layer needs are distributed: `uniform` in [0, 1), `normal` with mean 0 and deviation 1, or as
 * a function draws them.
 */
export type Distribution = "uniform" | "normal" | Sampler;

/** Fills an array with random numbers. */
export function draw(distribution: Distribution, generator: Generator, target: Float32Array): void {
  if (distribution === "uniform") generator.uniformInto(target);
  else if (distribution === "normal") generator.normalInto(target);
  else distribution(generator, target);
}

/** What a layer may ask for while its computation is written as a graph. */
export interface CallContext {
  /** Whether the graph is for training: dropout drops, batch normalization uses the statistics of the batch. */
  readonly training: boolean;
  /** The value of a weight, in the weight's own shape. */
  weight(variable: Variable): Value;
  /**
   * Random numbers, new ones for each step; they are drawn on the host from a seeded stream and fed.
   *
   * @param name of the stream, which the context numbers: a kind of layer, not the name of one, since automatic names count on
   * @param shape may hold the batch's extent
   */
  random(name: string, distribution: Distribution, shape: Shape): Value;
  /** Whether {@link update} does something, or does no harm, in inference mode too; default only in training mode. */
  readonly changesWeights?: boolean | undefined;
  /** Gives a weight new values at the end of a training step, such as moving statistics. */
  update(variable: Variable, value: Value): void;
  /** Adds a scalar to the loss, such as a regularization penalty. */
  addLoss(penalty: Value): void;
  /** For a context made by {@link inMode}: the one that it was made from. */
  readonly origin?: CallContext;
  /** For a computation that is in inference mode unless a call says otherwise: the context of its calls in training mode. */
  readonly whenTraining?: CallContext;
  /** For a computation whose values can be asked for while it is written: an array for each value, in Keras's order. */
  evaluate?(values: readonly Value[]): Promise<readonly Tensor[]>;
}

/**
 * The same context in another mode: what a call with `training: false` sees inside a training step, and one with
 * `training: true` in a computation of a user's own.
 */
export function inMode(context: CallContext, training: boolean): CallContext {
  if (context.training === training) return context;
  const origin = context.origin ?? context;
  if (origin.training === training) return origin;
  return {
    training,
    origin,
    changesWeights: origin.changesWeights,
    weight: (variable) => origin.weight(variable),
    random: (name, distribution, shape) => origin.random(name, distribution, shape),
    update: (variable, value) => {
      origin.update(variable, value);
    },
    addLoss: (penalty) => {
      origin.addLoss(penalty);
    },
  };
}

/** The same context, but for inference. */
export function inInference(context: CallContext): CallContext {
  return inMode(context, false);
}
