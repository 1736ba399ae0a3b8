import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";
import type { LabelRule } from "../label-rule.js";
import { Named } from "../named.js";

/**
 * A figure that is followed during training and evaluation.
 *
 * In the graph it is a state of one batch, small tensors that add up; over an epoch the states of the batches are added,
 * and {@link result} makes a number of the sum.
 */
export abstract class Metric extends Named {
  /** Its key in logs and histories, such as `"acc"`. */
  abstract readonly name: string;

  /**
   * Which way the figure gets better: `"up"` when more is better, `"down"` when less is. What watches it with `mode: "auto"`
   * follows it. `undefined` where neither is so: a count such as that of true positives grows with the samples and with the
   * readiness to say yes, and Keras gives it no direction either. Then `mode` must be said.
   */
  abstract readonly direction: "up" | "down" | undefined;

  /**
   * Writes the state of a batch as a graph.
   *
   * @param truth labels as they are fed, float32
   * @param prediction the model's output
   * @param sampleWeight `[N]` float32
   * @returns small float32 tensors by name, each additive over batches
   */
  abstract state(truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>>;

  /**
   * What labels must be; `undefined` where any number is one. `fit` and its sisters refuse others.
   *
   * @param output shape of the model's output in Keras's order
   */
  labelRule?(output: Shape): LabelRule | undefined;

  /** The figure for a sum of states. */
  abstract result(state: Readonly<Record<string, Float32Array | Float64Array>>): number;

  /** Keras's configuration, in snake_case. */
  abstract getConfig(): Config;
}
