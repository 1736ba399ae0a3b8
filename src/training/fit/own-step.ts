import { isPlainObject, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { inputsOf } from "../../graph/graph.js";
import { rebuild } from "../../graph/rebuild.js";
import type { Value } from "../../graph/value.js";
import { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { OwnStepName } from "../../models/own-step.js";
import type { StepData, StepTensors } from "../../models/step-data.js";
import { Recording, recordingOf } from "../../nn/eager/recording.js";
import type { Layer } from "../../nn/layer.js";
import { followLabels, metBy, type MetLabels } from "../../nn/met-labels.js";
import { FollowedResult, Metric } from "../../nn/metrics/metric.js";
import { inGraphOrder } from "../../nn/operations/operand.js";
import { within } from "../../nn/scope.js";
import { SymbolicTensor } from "../../nn/symbolic-tensor.js";
import { Variable } from "../../nn/variable.js";
import type { Training } from "../../nn/weight-use.js";
import type { ElementType, TensorData } from "../../onnx/tensor-data.js";
import { reduceMean } from "../../ops/reduction.js";
import { recreate } from "../../ops/table.js";
import type { OngoingStreams } from "../../random/ongoing-streams.js";
import { fromTensor, type NamedTensors, type Session, type Tensor, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import type { Host } from "../machine.js";
import { checkMetLabels } from "./check-labels.js";

/** A figure of a step: the state of a metric, which adds up over an epoch, or a value of this step alone. */
export type OwnFigure =
  | { readonly name: string; readonly metric: Metric; readonly states: Readonly<Record<string, Float32Array>> }
  | { readonly name: string; readonly metric: undefined; readonly value: number };

/** What a step gives under a name, and the names of the graph's outputs for it. */
interface Logged {
  readonly name: string;
  readonly metric: Metric | undefined;
  /** Names of states, or of nothing for a value, and of the outputs. */
  readonly outputs: readonly (readonly [state: string, output: string])[];
}

/** A step as it was written down for batches of one shape. */
interface Written {
  readonly recording: Recording;
  readonly session: Promise<Session>;
  readonly logs: readonly Logged[];
  /** The losses and metrics that the labels of each output were given to as they are. */
  readonly met: readonly (readonly MetLabels[])[];
}

/** A batch as a step is fed with it. */
interface Fed {
  readonly tensors: NamedTensors;
  readonly labels: readonly (TensorData<"float32"> | undefined)[];
  readonly weights: readonly (TensorData<"float32"> | undefined)[];
}

function labelName(index: number): string {
  return `own label/${index}`;
}

function weightName(index: number): string {
  return `own sample weight/${index}`;
}

function shapesOf({ tensors, labels, weights }: Fed): string {
  const named = Object.entries(tensors).map(([name, { dims }]) => [name, dims]);
  return JSON.stringify([named, labels.map((one) => one?.dims), weights.map((one) => one?.dims)]);
}

/** Whether each layer learns, which a step may ask for, and at which factor of the rate, which is a constant in it. */
function flagsOf(layer: Layer): string {
  const inner = layer instanceof BaseModel ? layer.layers.map(flagsOf).join("") : "";
  return `${Number(layer.trainable)}*${layer.learningRateMultiplier}${inner}`;
}

/** Runs a `trainStep` or `testStep` of a user's own: it is written down once for each shape of batches. */
export class OwnStep {
  private readonly written = new Map<string, Written>();
  /** The tensors of the batch that is being worked on. */
  private present: NamedTensors = {};

  /** @param training of a `trainStep`: keeps others from the weights while they change */
  constructor(
    private readonly host: Host,
    private readonly model: BaseModel,
    private readonly source: BatchSource,
    private readonly streams: OngoingStreams,
    private readonly kind: OwnStepName,
    private readonly training: Training | undefined,
  ) {}

  /** Names of the random streams that the step draws from, in the order in which it does. */
  get randomLabels(): readonly string[] {
    const [first] = this.written.values();
    return first?.recording.randomLabels ?? [];
  }

  /** Writes the step down for a batch, so that weights exist and it is known what is drawn. */
  async prepare(batch: Batch): Promise<void> {
    await this.writtenFor(await this.fedWith(batch, undefined)).session;
  }

  /**
   * One step.
   *
   * @param factors what else each sample's weight is multiplied by; default nothing
   */
  async run(batch: Batch, factors?: readonly number[]): Promise<readonly OwnFigure[]> {
    const fed = await this.fedWith(batch, factors);
    const { recording, session, logs, met } = this.writtenFor(fed);
    met.forEach((rules, index) => {
      const labels = fed.labels[index];
      if (labels !== undefined) checkMetLabels(labels, batch.keys, rules, this.source);
    });
    const { training } = this;
    const work = async (): Promise<NamedTensors> => {
      const ready = await session;
      const feeds = recording.feed();
      const needed = ready.inputNames.flatMap((name): [string, Tensor][] => {
        const tensor = feeds[name];
        return tensor === undefined ? [] : [[name, tensor]];
      });
      return ready.run(Object.fromEntries(needed));
    };
    const results = training === undefined ? await work() : await training.takeStep(work);
    const takeOver = (): void => {
      recording.takeOver(results);
    };
    if (training !== undefined) training.assign(takeOver);
    return logs.map((logged) => figureOf(logged, results));
  }

  private async fedWith(batch: Batch, factors: readonly number[] | undefined): Promise<Fed> {
    const tensors = await batch.load();
    const { labels, labelsByOutput = labels === undefined ? [] : [labels], sampleWeight, sampleWeights } = batch;
    const given = sampleWeights ?? (sampleWeight === undefined ? [] : [sampleWeight]);
    const weights = factors === undefined ? given : [weighted(given[0], factors)];
    this.present = {
      ...tensors,
      ...Object.fromEntries(
        labelsByOutput.flatMap((one, index) => (one === undefined ? [] : [[labelName(index), toTensor(one)]])),
      ),
      ...Object.fromEntries(
        weights.flatMap((one, index) => (one === undefined ? [] : [[weightName(index), toTensor(one)]])),
      ),
    };
    return { tensors, labels: labelsByOutput, weights };
  }

  private writtenFor(fed: Fed): Written {
    const key = `${shapesOf(fed)} ${flagsOf(this.model)}`;
    const found = this.written.get(key) ?? this.write(fed);
    this.written.set(key, found);
    return found;
  }

  private write(fed: Fed): Written {
    const { model, kind } = this;
    const recording = new Recording(this.streams, true);
    const feed = (name: string, type: ElementType, dims: readonly number[]): Value =>
      recording.input(name, type, dims, () => {
        const tensor = this.present[name];
        if (tensor === undefined) throw new TypeError(`The batch has no "${name}".`);
        return tensor;
      });
    const labels = fed.labels.map((one, index) => one && feed(labelName(index), "float32", one.dims));
    for (const one of labels) if (one !== undefined) followLabels(one);
    const weights = fed.weights.map((one, index) => one && feed(weightName(index), "float32", one.dims));
    const symbolic = (value: Value): SymbolicTensor => SymbolicTensor.of(value, recording);
    const named = (list: readonly (Value | undefined)[]): (SymbolicTensor | undefined)[] =>
      list.map((one) => one && symbolic(inGraphOrder(one)));
    const x = this.samples(fed.tensors, feed).map(symbolic);
    const data = [oneOrAll(x), oneOrAll(named(labels)), oneOrAll(named(weights))] as unknown as StepData;
    const given: unknown = within(recording, () => model[kind](data));
    const logs = this.checkedLogs(given, recording);
    if (kind === "trainStep" && !recording.changes) {
      throw new UsageError(`trainStep of "${model.name}" changes no weight.`, {
        subject: "trainStep",
        expected: "a step of the optimizer: this.optimizer.apply(gradients, this.trainableWeights)",
        received: "none",
      });
    }
    const outputs: Record<string, Value> = kind === "trainStep" ? { ...recording.renewed } : {};
    const logged = logs.map(([name, figure], index): Logged => {
      if (figure instanceof SymbolicTensor) {
        const value = figure.traced?.value;
        const output = `log/${index}`;
        if (value !== undefined) {
          outputs[output] = value.rank === 0 ? value : reduceMean(value, undefined, { keepdims: 0 });
        }
        return { name, metric: undefined, outputs: [["", output]] };
      }
      const states = Object.entries(recording.followed(figure) ?? {}).map(([state, value]) => {
        const output = `log/${index}/${state}`;
        outputs[output] = value;
        return [state, output] as const;
      });
      return { name, metric: figure, outputs: states };
    });
    return {
      recording,
      logs: logged,
      session: createSession(this.host.runtime, outputs, { name: kind }),
      met: labels.map((one) => (one === undefined ? [] : metBy(one))),
    };
  }

  /** What the source makes of what it feeds, for the shapes that it feeds now. */
  private samples(
    tensors: NamedTensors,
    feed: (name: string, type: ElementType, dims: readonly number[]) => Value,
  ): readonly Value[] {
    const { graph } = this.source;
    const substitutes = new Map<Value, Value>();
    for (const value of inputsOf(graph)) {
      if (value.source.kind !== "input") continue;
      const { name } = value.source;
      const tensor = tensors[name];
      if (tensor !== undefined) substitutes.set(value, feed(name, value.type, tensor.dims));
    }
    // Shapes are those of this batch, which a step may ask for.
    return graph.map(rebuild(graph, substitutes, (node, given) => recreate(node, given).outputs));
  }

  private checkedLogs(given: unknown, recording: Recording): readonly [string, SymbolicTensor | Metric][] {
    const { model, kind } = this;
    const refuse = (received: string, advice?: string): never => {
      throw new UsageError(`${kind} of "${model.name}" does not give figures.`, {
        subject: kind,
        expected: "a record such as { loss }: tensors of the step, metrics or what their result() gives",
        received,
        advice,
      });
    };
    if (given instanceof Promise) {
      return refuse("a Promise", `Write ${kind} without async and await: it says what is computed, and runs once.`);
    }
    if (!isPlainObject(given)) return refuse(show(given));
    return Object.entries(given).map(([name, value]) => {
      if (value instanceof Variable) return [name, SymbolicTensor.of(inGraphOrder(recording.weight(value)), recording)];
      const figure = value instanceof FollowedResult ? value.metric : value;
      // One that the step tells nothing is 0, as in Keras, whose scripts return all metrics of the model.
      if (figure instanceof Metric) return [name, figure];
      const isTraced = figure instanceof SymbolicTensor && figure.traced !== undefined;
      if (isTraced && recordingOf(figure.traced.context) === recording) return [name, figure];
      return refuse(`${name}: ${show(value)}`);
    });
  }

  /** Frees the sessions. */
  async release(): Promise<void> {
    const all = [...this.written.values()];
    this.written.clear();
    for (const { session } of all) await (await session).release();
  }
}

function figureOf({ name, metric, outputs }: Logged, results: NamedTensors): OwnFigure {
  const valuesAt = (output: string): Float32Array => {
    const tensor = results[output];
    if (tensor === undefined) throw new TypeError(`A step gave no "${output}".`);
    return Float32Array.from(fromTensor(tensor).data as ArrayLike<number>, Number);
  };
  if (metric !== undefined) {
    return { name, metric, states: Object.fromEntries(outputs.map(([state, output]) => [state, valuesAt(output)])) };
  }
  const [, output] = outputs[0] ?? [];
  return { name, metric, value: output === undefined ? Number.NaN : (valuesAt(output)[0] ?? Number.NaN) };
}

function weighted(given: TensorData<"float32"> | undefined, factors: readonly number[]): TensorData<"float32"> {
  const data = Float32Array.from(factors, (factor, row) => factor * (given?.data[row] ?? 1));
  return { type: "float32", dims: [factors.length], data };
}

/** The only one alone, several as a list; `undefined` where there are none. */
function oneOrAll(list: readonly (SymbolicTensor | undefined)[]): StepTensors | undefined {
  return list.length > 1 ? (list as StepTensors) : list[0];
}
