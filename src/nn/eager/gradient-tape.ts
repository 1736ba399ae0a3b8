import { gradients } from "../../autodiff/gradients.js";
import { checkOptionNames, refuse, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { dependents } from "../../graph/graph.js";
import { presentMoment, type Value } from "../../graph/value.js";
import { expandTo } from "../../ops/shape-of.js";
import { scalarLike } from "../../ops/constants.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { beforeMove, describeOperand, inGraphOrder, toValue } from "../operations/operand.js";
import { presentContext } from "../scope.js";
import { noValue, SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { recordingOf, type Recording } from "./recording.js";
import { TapeRecording } from "./tape-recording.js";

/** What a gradient is taken by: a tensor of the computation, or a weight. */
export type GradientSource = SymbolicTensor | Variable;

/** Options of {@link GradientTape}. */
export interface GradientTapeOptions {
  /** TensorFlow's: whether several gradients may be asked for. Here they always may; default `false`. */
  readonly persistent?: boolean | undefined;
}

/** Options of {@link GradientTape.gradient}. */
export interface GradientCallOptions {
  /** What is passed back to the target, of its shape; default 1 everywhere. */
  readonly outputGradients?: SymbolicTensor | Tensor | undefined;
}

/**
 * Gradients of what a script computes itself: by weights, by inputs, by what a layer inside gives (Grad-CAM, metric learning,
 * training loops of one's own).
 *
 * As TensorFlow's, with two differences. What comes from arrays is put on the tape by {@link watch}, which gives the tensor
 * to compute with; and nothing is computed before a value is asked for by `numpy`, {@link evaluate} or an optimizer's `apply`:
 * all of it is one graph then. Layers are called as ever, in inference mode unless the call says `training: true`.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/GradientTape
 *
 * @example
 * ```ts
 * import { GradientTape, ops, Tensor } from "graft-ml";
 *
 * const tape = new GradientTape();
 * const x = tape.watch(new Tensor("float32", [1, 2, 3], [3]));
 * const y = ops.sum(ops.square(x));
 * console.log((await tape.gradient(y, x).numpy()).data); // → Float32Array(3) [ 2, 4, 6 ]
 * ```
 */
export class GradientTape {
  static readonly className: string = "GradientTape";
  private readonly recording: Recording;
  /** What is older than the tape is a constant on it, as with TensorFlow's `with`. */
  private readonly begin = presentMoment();

  /** @throws UsageError for an option that it does not have */
  constructor(options: GradientTapeOptions = {}) {
    checkOptionNames("GradientTape", options, ["persistent", "watchAccessedVariables"]);
    const present = presentContext();
    // Inside of trainStep it belongs to the step.
    this.recording = (present && recordingOf(present)) ?? new TapeRecording();
  }

  /**
   * Puts an array on the tape.
   *
   * @param x `[…]`; tensors of the computation come back as they are
   * @returns the tensor to compute with, of the same shape
   */
  watch(x: Tensor | SymbolicTensor): SymbolicTensor {
    if (x instanceof SymbolicTensor) return x;
    if (isTensor(x)) return SymbolicTensor.of(inGraphOrder(this.recording.array(x)), this.recording);
    throw new UsageError("A tape cannot watch this.", {
      subject: "watch",
      expected: "an array (Tensor)",
      received: describeOperand(x),
    });
  }

  /**
   * The derivative of a target; that of the sum of its elements, where it is no single number.
   *
   * @param target computed on this tape, of any shape
   * @param sources what to differentiate by: one, or a list
   * @returns for each source a tensor of its shape; zeros for those of a list that the target does not depend on
   * @throws UsageError when the target depends on none of the sources, or an operator on the way has no derivative
   */
  gradient(target: SymbolicTensor, sources: GradientSource, options?: GradientCallOptions): SymbolicTensor;
  gradient(target: SymbolicTensor, sources: readonly GradientSource[], options?: GradientCallOptions): SymbolicTensor[];
  gradient(
    target: SymbolicTensor,
    sources: GradientSource | readonly GradientSource[],
    options: GradientCallOptions = {},
  ): SymbolicTensor | SymbolicTensor[] {
    checkOptionNames("gradient", options, ["outputGradients"]);
    const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources];
    const output = this.valueOf(target, "target");
    const wanted = list.map((source) => this.sourceValue(source, output));
    const stopAt = this.olderThanThis(output, new Set(wanted));
    const reached = dependents([output], new Set(wanted), stopAt);
    if (wanted.length === 0 || !reached.has(output)) {
      throw new UsageError("The target does not depend on any of the sources.", {
        subject: "gradient",
        expected: "a target that was computed from a source: what watch gave, what a layer gave, or a weight",
        received: list.map(describeOperand).join(", ") || "an empty list",
        advice:
          stopAt.size > 0
            ? "Make the tape before the target is computed, where Python says `with`: what is older is a constant on it."
            : "Compute the target from the very tensor that is given here.",
      });
    }
    if (output.rank === 0 && this.recording instanceof TapeRecording) this.recording.keep(output);
    const derivatives = gradients(output, wanted, { cotangent: this.cotangent(output, options), stopAt });
    const tensors = derivatives.map((value, index) => {
      const source = list[index];
      // Those of weights, and of what was moved from Keras's order of axes, come in that order.
      const isMoved = !(source instanceof SymbolicTensor) || wanted[index] !== source.traced?.value;
      return SymbolicTensor.of(isMoved ? inGraphOrder(value) : value, this.recording);
    });
    const [first] = tensors;
    return Array.isArray(sources) || first === undefined ? tensors : first;
  }

  private cotangent(output: Value, { outputGradients }: GradientCallOptions): Value {
    if (outputGradients !== undefined) return toValue(outputGradients, this.recording);
    const one = scalarLike(output, 1);
    return output.rank === 0 ? one : expandTo(one, output);
  }

  /** What a value was computed from that was there before this tape: what is wanted, and constants. */
  private olderThanThis(output: Value, wanted: ReadonlySet<Value>): ReadonlySet<Value> {
    const older = new Set<Value>();
    const isNew = (value: Value): boolean => {
      // A wanted tensor that was only moved to another order of axes.
      const source = beforeMove(value);
      if (value.serial > this.begin || (source !== undefined && wanted.has(source))) return true;
      older.add(value);
      return false;
    };
    const seen = new Set<Value>([output]);
    for (const value of seen) {
      if (!isNew(value) || value.source.kind !== "node") continue;
      for (const one of value.source.node.inputs) if (one !== undefined) seen.add(one);
    }
    return older;
  }

  private sourceValue(source: unknown, output: Value): Value {
    if (source instanceof Variable) {
      const versions = this.recording.versions(source);
      // A weight that was stepped since the target was computed is meant as it was then.
      const isMeant = (version: Value): boolean => dependents([output], new Set([version])).has(output);
      return (versions.length > 1 ? versions.find(isMeant) : undefined) ?? this.recording.weight(source);
    }
    const value = this.valueOf(source, "source");
    // Functions of ops compute with the tensor as it was before it was moved.
    return beforeMove(value) ?? value;
  }

  private valueOf(tensor: unknown, what: string): Value {
    const traced = tensor instanceof SymbolicTensor ? tensor.traced : undefined;
    if (traced !== undefined && (traced.context.origin ?? traced.context) === this.recording) return traced.value;
    throw new UsageError(`This ${what} is not on the tape.`, {
      subject: what,
      expected: "a tensor that was computed from what this tape watches",
      received: isTensor(tensor) || tensor instanceof SymbolicTensor ? describeOperand(tensor) : show(tensor),
      advice: "Begin with x = tape.watch(array), and compute with x.",
    });
  }

  /**
   * Computes values, several of them at once.
   *
   * @returns an array for each, in Keras's order of axes
   * @throws UsageError inside of trainStep, where nothing is computed yet
   */
  async evaluate(tensors: readonly SymbolicTensor[]): Promise<Tensor[]> {
    const { recording } = this;
    if (!Array.isArray(tensors)) refuse("GradientTape", "tensors", "a list of tensors of this tape", tensors);
    const values = tensors.map((tensor) => this.valueOf(tensor, "tensor"));
    if (recording instanceof TapeRecording) return [...(await recording.evaluate(values))];
    throw noValue("one of a step that is being written down");
  }
}
