import type { Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { Generator } from "../random/generator.js";
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
   * @param name names the stream: the layer's name
   * @param shape may hold the batch's extent
   */
  random(name: string, distribution: Distribution, shape: Shape): Value;
  /** Gives a weight new values at the end of a training step, such as moving statistics. */
  update(variable: Variable, value: Value): void;
  /** Adds a scalar to the loss, such as a regularization penalty. */
  addLoss(penalty: Value): void;
  /** For a context made by {@link inInference}: the one that it was made from. */
  readonly origin?: CallContext;
}

/** The same context, but for inference: what a call with `training: false` sees inside a training step. */
export function inInference(context: CallContext): CallContext {
  if (!context.training) return context;
  return {
    training: false,
    origin: context,
    weight: (variable) => context.weight(variable),
    random: (name, distribution, shape) => context.random(name, distribution, shape),
    update: (variable, value) => {
      context.update(variable, value);
    },
    addLoss: (penalty) => {
      context.addLoss(penalty);
    },
  };
}
