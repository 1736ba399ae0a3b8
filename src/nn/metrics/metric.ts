import { refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalar } from "../../ops/constants.js";
import { expand, shapeOp } from "../../ops/layout.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { evaluate } from "../eager/evaluate.js";
import { recordingOf, type Recording } from "../eager/recording.js";
import { asType, describeOperand, inKerasOrder, toValue } from "../operations/operand.js";
import { presentContext } from "../scope.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import type { Config } from "../config.js";
import type { CallContext } from "../context.js";
import type { LabelRule } from "../label-rule.js";
import { Named } from "../named.js";

/**
 * A figure that is followed during training and evaluation.
 *
 * In the graph it is a state of one batch, small tensors that add up; over an epoch the states of the batches are added,
 * and {@link figure} makes a number of the sum.
 */
export abstract class Metric extends Named {
  declare static fromConfig: (config: Config) => Metric;

  /** Sums of the states of the batches that {@link updateState} was given. */
  private readonly sums = new Map<string, Float64Array>();

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
  abstract figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number;

  /**
   * Takes a batch into the figure: outside of `fit` and `evaluate` the promise is fulfilled when it is computed; inside of a
   * `trainStep` it becomes part of the step.
   *
   * @param yTrue labels
   * @param yPred predictions, in Keras's order of axes
   * @param sampleWeight `[N]`; default: all samples count alike
   */
  updateState(
    yTrue: Tensor | SymbolicTensor,
    yPred: Tensor | SymbolicTensor,
    sampleWeight?: Tensor | SymbolicTensor,
  ): Promise<void> {
    const given = sampleWeight === undefined ? [yTrue, yPred] : [yTrue, yPred, sampleWeight];
    const recording = presentRecording(given);
    if (recording === undefined) return this.updateFromArrays(given);
    const [truth, prediction, weight] = given.map((one) => asType(toValue(one, recording), "float32"));
    if (truth === undefined || prediction === undefined) return Promise.resolve();
    const state = this.state(inKerasOrder(truth), prediction, weight ?? everySample(prediction));
    // On a tape there are values at once; in a step they come with each run.
    const context: CallContext = recording;
    if (context.evaluate !== undefined) return this.updateFromTape(context, state);
    recording.follow(this, state);
    return Promise.resolve();
  }

  private async updateFromTape(tape: CallContext, state: Readonly<Record<string, Value>>): Promise<void> {
    this.addStates(Object.keys(state), (await tape.evaluate?.(Object.values(state))) ?? []);
  }

  private async updateFromArrays(given: readonly unknown[]): Promise<void> {
    const arrays = given.map((one) => {
      if (isTensor(one)) return one;
      return refuse(this.className, "updateState", "arrays (Tensor)", describeOperand(one));
    });
    const names: string[] = [];
    const states = await evaluate(arrays, false, (values) => {
      const [truth, prediction, weight] = values.map((value) => asType(value, "float32")) as [Value, Value, Value?];
      const state = Object.entries(this.state(inKerasOrder(truth), prediction, weight ?? everySample(prediction)));
      names.push(...state.map(([name]) => name));
      return state.map(([, value]) => value);
    });
    this.addStates(names, states);
  }

  private addStates(names: readonly string[], states: readonly Tensor[]): void {
    states.forEach((state, index) => {
      const name = names[index] ?? "";
      const sum = this.sums.get(name) ?? new Float64Array(state.data.length);
      (state.data as Float32Array).forEach((number, place) => (sum[place] = (sum[place] ?? 0) + number));
      this.sums.set(name, sum);
    });
  }

  /**
   * The figure of the batches that {@link updateState} was given; 0 where there were none. Inside of a `trainStep` nobody knows
   * it yet: what it gives goes into the record that `trainStep` returns.
   */
  result(): number {
    // The type says what it will be once the step has run.
    if (presentRecording([]) !== undefined) return new FollowedResult(this) as unknown as number;
    return this.sums.size === 0 ? 0 : this.figure(Object.fromEntries(this.sums));
  }

  /** Forgets the batches that {@link updateState} was given. */
  resetState(): void {
    this.sums.clear();
  }

  /** Keras's configuration, in snake_case. */
  abstract getConfig(): Config;
}

/** The computation of a user's own that is being written: that of tensors that are given, or else the present one. */
export function presentRecording(given: readonly unknown[]): Recording | undefined {
  const [traced] = given.flatMap((one) => (one instanceof SymbolicTensor ? (one.traced ?? []) : []));
  const context = traced?.context ?? presentContext();
  return context && recordingOf(context);
}

/** `[N]` ones: all samples count alike. */
function everySample(prediction: Value): Value {
  return expand(scalar("float32", 1), shapeOp(prediction, { start: 0, end: 1 }));
}

/**
 * What `metric.result()` gives inside of a `trainStep`, in the place of a number that nobody knows before the step has run: it
 * goes into the record that `trainStep` returns.
 */
export class FollowedResult {
  constructor(readonly metric: Metric) {}

  /** @throws UsageError when something is to be computed with it */
  [Symbol.toPrimitive](): never {
    throw new UsageError(`The metric "${this.metric.name}" has no value while the step is being written down.`, {
      subject: this.metric.name,
      expected: "its result() in the record that trainStep returns",
      received: "a computation with it",
      advice: "Look at the figures in a callback, or at what fit gives.",
    });
  }
}
