import { UsageError } from "../../errors/errors.js";
import { inputsOf } from "../../graph/graph.js";
import { sameShape, type Shape } from "../../graph/shape.js";
import { constant, input, producer, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { add } from "../../ops/elementwise.js";
import type { CallContext, Distribution } from "../context.js";
import { Recording } from "../eager/recording.js";
import { streamsOfCalls } from "../eager/streams-of-calls.js";
import type { Variable } from "../variable.js";

/** What `updateState` of a user's own adds to the weights of the metric. */
export class StateRecording extends Recording {
  /** Present values of the metric's own weights, as far as they were asked for. */
  private readonly present = new Map<Variable, Value>();
  private readonly before = new Set<Value>();
  private readonly added = new Map<Variable, Value>();

  /**
   * @param metric name of the metric whose state it is
   * @param outer where other weights, and random numbers, come from
   */
  constructor(
    private readonly metric: string,
    private readonly own: readonly Variable[],
    private readonly outer: CallContext,
  ) {
    super(streamsOfCalls(), false);
  }

  override weight(variable: Variable): Value {
    if (!this.own.includes(variable)) return this.outer.weight(variable);
    const known = this.present.get(variable);
    if (known !== undefined) return known;
    const value = input(`metric weight/${this.present.size}`, "float32", variable.shape);
    this.present.set(variable, value);
    this.before.add(value);
    return value;
  }

  override random(name: string, distribution: Distribution, shape: Shape): Value {
    return this.outer.random(name, distribution, shape);
  }

  /** @throws UsageError for a weight of something else, and for a value that is not the one before and something more */
  override update(variable: Variable, value: Value): void {
    const refuse = (received: string): never => {
      throw new UsageError(`The metric "${this.metric}" cannot follow what updateState assigns.`, {
        subject: variable.path,
        expected: "a sum over batches: weight.assignAdd(what the batch adds)",
        received,
        advice:
          "Batches are added up; keep sums in weights of the metric, and compute what follows from them in result().",
      });
    };
    if (!this.own.includes(variable)) return refuse("a weight that addWeight of this metric did not make");
    const before = this.weight(variable);
    const node = producer(value);
    const [first, second, ...others] = node?.op === "Add" ? node.inputs : [];
    const delta = others.length > 0 ? undefined : first === before ? second : second === before ? first : undefined;
    if (!delta) return refuse("a value that is not the weight and something added to it");
    if (inputsOf([delta]).some((one) => this.before.has(one))) {
      return refuse("something that depends on what the weight was before");
    }
    this.present.set(variable, value);
    const whole = sameShape(delta.shape, variable.shape) ? delta : add(constant(zeros(variable.shape)), delta);
    const sum = this.added.get(variable);
    this.added.set(variable, sum === undefined ? whole : add(sum, whole));
  }

  /** What was added to a weight; `undefined` for nothing. */
  addedTo(variable: Variable): Value | undefined {
    return this.added.get(variable);
  }
}

function zeros(shape: readonly number[]): ReturnType<typeof float32> {
  return float32(new Float32Array(shape.reduce((product, extent) => product * extent, 1)), shape);
}
