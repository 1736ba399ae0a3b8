import type { Value } from "../../graph/value.js";
import { installedRuntime } from "../../runtime/installed-runtime.js";
import type { NamedTensors, Tensor } from "../../runtime/runtime.js";
import { runGraph } from "../../runtime/session-cache.js";
import { inKerasOrder } from "../operations/operand.js";
import { Training } from "../weight-use.js";
import { Recording } from "./recording.js";
import { streamsOfCalls } from "./streams-of-calls.js";

/** A computation that is run as soon as somebody asks for a value, or an optimizer steps. */
export class TapeRecording extends Recording {
  /** Values that the next run keeps: losses are small, and are asked for again after the step that they led to. */
  private readonly wanted = new Set<Value>();
  private readonly known = new Map<Value, Tensor>();

  constructor() {
    super(streamsOfCalls(), false);
  }

  /** Has the next run keep a small value, so that it is not computed again when it is asked for. */
  keep(value: Value): void {
    this.wanted.add(value);
  }

  /**
   * Computes values, and moves the statistics that layers moved.
   *
   * @returns an array for each, in Keras's order of axes
   */
  async evaluate(values: readonly Value[]): Promise<readonly Tensor[]> {
    await this.runChanges("a call with training: true", [], values);
    const tensors = values.map((value) => {
      const tensor = this.known.get(value);
      if (tensor === undefined) throw new TypeError("A run gave no value.");
      return tensor;
    });
    // Large values are given away, not kept.
    for (const value of values) if (!this.wanted.has(value)) this.known.delete(value);
    return tensors;
  }

  /**
   * Runs the computation for what it changes.
   *
   * @param call who asks, for messages
   * @param owners what no two may work with at a time, such as the optimizer
   * @param values what else is to be computed
   * @throws UsageError when something else changes the same weights at this moment
   */
  async runChanges(call: string, owners: readonly object[], values: readonly Value[] = []): Promise<void> {
    if (!this.changes) {
      await this.run(values, false);
      return;
    }
    const changed = this.changedWeights;
    const training = Training.begin(call, { name: changed[0]?.path ?? "", owners, changed, constant: [] });
    try {
      const results = await training.takeStep(() => this.run(values, true));
      training.assign(() => {
        this.takeOver(results);
      });
      this.settle();
    } finally {
      training.end();
    }
  }

  private async run(values: readonly Value[], changes: boolean): Promise<NamedTensors> {
    const outputs: Record<string, Value> = changes ? this.renewed : {};
    const asked = [...new Set([...values, ...this.wanted])].filter((value) => !this.known.has(value));
    asked.forEach((value, index) => (outputs[`value/${index}`] = inKerasOrder(value)));
    if (Object.keys(outputs).length === 0) return {};
    const results = await runGraph(installedRuntime(), outputs, this.feed());
    asked.forEach((value, index) => {
      const tensor = results[`value/${index}`];
      if (tensor !== undefined) this.known.set(value, tensor);
    });
    return results;
  }
}
