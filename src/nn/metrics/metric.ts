import { checkOptionNames, isWhole, refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { scalar } from "../../ops/constants.js";
import { expand, shapeOp } from "../../ops/layout.js";
import { makeWith, RandomStreams } from "../../random/seed.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { channelsLast } from "../channels.js";
import type { Config } from "../config.js";
import type { CallContext } from "../context.js";
import { evaluate } from "../eager/evaluate.js";
import { type Recording, recordingOf } from "../eager/recording.js";
import { TapeRecording } from "../eager/tape-recording.js";
import { type InitializerLike, resolveInitializer } from "../initializers/resolve-initializer.js";
import { checkGivenLabels, type LabelRule } from "../label-rule.js";
import { meetLabels, weighLabels } from "../met-labels.js";
import { Named } from "../named.js";
import { snakeCase } from "../names.js";
import { convertToTensor, type NestedNumbers } from "../operations/creation.js";
import { asType, describeOperand, inGraphOrder, inKerasOrder, toSymbolic, toValue } from "../operations/operand.js";
import { ownContext } from "../own-context.js";
import { presentContext, within } from "../scope.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { MetricFigure, single } from "./metric-figure.js";
import { StateRecording } from "./state-recording.js";

/** Options of {@link Metric}. */
export interface MetricOptions {
  /** Its key in logs; default: the class's name in Keras's way, such as `"my_score"`. */
  readonly name?: string | undefined;
}

/** Options of {@link Metric.addWeight}. */
export interface MetricWeightOptions {
  /** Default `[]`: a single number. */
  readonly shape?: readonly number[] | undefined;
  /** Default `"zeros"`. */
  readonly initializer?: InitializerLike | undefined;
  /** Default `"variable"`. */
  readonly name?: string | undefined;
  /** Only `"float32"`. */
  readonly dtype?: string | undefined;
}

/** What `updateState` is given: arrays, numbers in lists, or tensors of a computation. */
export type MetricData = Tensor | SymbolicTensor | readonly NestedNumbers[];

/** What `updateState` gives: a promise outside of training steps. */
export type MetricUpdate = void | Promise<void>;
/** What `result` gives: a number, or the tensor that a user's own computes, of which `await` makes a number. */
export type MetricResult = number | SymbolicTensor | Variable | MetricFigure;

/** Small tensors by name that add up over batches. */
export type MetricStates = Readonly<Record<string, Value>>;
/** Their sums. */
export type MetricSums = Readonly<Record<string, Float32Array | Float64Array>>;

/** Weights and sums as a round found them. */
interface MetricBase {
  readonly weights: readonly Float32Array[];
  readonly sums: ReadonlyMap<string, Float64Array>;
}

/** `updateState` or `result` of a user's own. */
type OwnMethod = (...given: readonly unknown[]) => unknown;

/** Methods `updateState` and `result` of the package; others are of a user's own. */
const builtInMethods = new Set<unknown>();

/**
 * A figure that is followed during training and evaluation.
 *
 * In the graph it is a state of one batch, small tensors that add up; over an epoch the states of the batches are added, and
 * {@link figure} makes a number of the sum.
 *
 * One of one's own says it in Keras's way: it makes weights by {@link addWeight}, adds to them in {@link updateState} with
 * functions of `ops`, and computes the figure from them in {@link result}. Both are written down as graphs, so they are without
 * `async`.
 *
 * @see https://keras.io/api/metrics/base_metric/
 *
 * @example
 * ```ts
 * import { metrics, ops, Tensor, type SymbolicTensor } from "graft-ml";
 *
 * class TruePositives extends metrics.Metric {
 *   private readonly count = this.addWeight({ name: "count" });
 *   override updateState(yTrue: SymbolicTensor | Tensor, yPred: SymbolicTensor | Tensor): metrics.MetricUpdate {
 *     this.count.assignAdd(ops.sum(ops.multiply(yTrue, ops.round(yPred))));
 *   }
 *   override result(): metrics.MetricResult {
 *     return this.count;
 *   }
 * }
 * const metric = new TruePositives();
 * await metric.updateState(new Tensor("float32", [1, 0, 1], [3]), new Tensor("float32", [0.9, 0.8, 0.7], [3]));
 * console.log(await metric.result()); // → 2
 * ```
 */
export class Metric extends Named {
  declare static fromConfig: (config: Config) => Metric;

  static readonly options: readonly string[] = ["name"] satisfies readonly (keyof MetricOptions)[];
  /** Its key in logs and histories, such as `"acc"`. */
  readonly name: string;

  /**
   * Which way the figure gets better: `"up"` when more is better, `"down"` when less is. What watches it with `mode: "auto"`
   * follows it. `undefined` where neither is so, or nobody says it: a count such as that of true positives grows with the
   * samples and with the readiness to say yes, and Keras gives it no direction either. Then `mode` must be said.
   */
  readonly direction: "up" | "down" | undefined = undefined;

  /** In what it adds up, as Keras says it. */
  readonly dtype: string = "float32";

  /** Sums of the states of the batches that {@link updateState} was given. */
  readonly #sums = new Map<string, Float64Array>();
  readonly #ownWeights: Variable[] = [];
  readonly #initial = new Map<Variable, Float32Array>();
  /** Metrics that an `updateState` of a user's own takes batches into. */
  readonly #inner: Metric[] = [];
  /** Methods of a user's own that were hidden behind what writes them down, by what stands in their place. */
  readonly #hidden = new Map<unknown, OwnMethod>();
  /** How many batches are being computed. */
  #pending = 0;
  /** Whether it has taken in batches, so that the next round begins anew. */
  #wasUsed = false;
  /** What the batches of a round are added to; `undefined` before the first one. */
  #base: MetricBase | undefined;

  /**
   * @param nameOrOptions name, or all options
   * @throws UsageError for an option that the class does not have
   */
  constructor(nameOrOptions: string | MetricOptions = {}) {
    super(typeof nameOrOptions === "string" ? {} : nameOrOptions);
    const name = typeof nameOrOptions === "string" ? nameOrOptions : nameOrOptions.name;
    this.name = name ?? snakeCase(this.className);
    // They are to be written down as graphs, whoever calls them: of arrays they cannot compute anything at once.
    const update = this.ownMethod("updateState");
    if (update !== undefined) this.hide("updateState", update, (...given) => this.takeBatch(given, update));
    const result = this.ownMethod("result");
    if (result !== undefined) this.hide("result", result, () => this.presentResult(result));
  }

  private hide(name: "updateState" | "result", method: OwnMethod, value: OwnMethod): void {
    this.#hidden.set(value, method);
    Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: false });
  }

  /** A method of a user's own, as it was written; `undefined` for one of the package. A field may have come later. */
  private ownMethod(name: "updateState" | "result"): OwnMethod | undefined {
    const present: unknown = Reflect.get(this, name);
    if (builtInMethods.has(present)) return undefined;
    return this.#hidden.get(present) ?? (present as OwnMethod);
  }

  /** Marks what a class of the package has for the methods of its own. */
  protected static builtIn({ prototype }: { readonly prototype: Metric }): void {
    builtInMethods.add(Reflect.get(prototype, "updateState"));
    builtInMethods.add(Reflect.get(prototype, "result"));
  }

  static {
    Metric.builtIn(Metric);
  }

  /**
   * Whether a user's own `updateState` says what is added: then samples have weights only where they were given, as in Keras.
   */
  get hasOwnUpdate(): boolean {
    return this.ownMethod("updateState") !== undefined;
  }

  /**
   * Writes the state of a batch as a graph.
   *
   * @param truth labels as they are fed, float32
   * @param prediction the model's output
   * @param sampleWeight `[N]` float32
   * @returns small float32 tensors by name, each additive over batches
   */
  state(truth: Value, prediction: Value, sampleWeight: Value): MetricStates;
  state(): MetricStates {
    throw this.incomplete("updateState");
  }

  /**
   * As {@link state}, or as a user's own `updateState` says it.
   *
   * @param sampleWeight `undefined` where all samples count alike
   */
  states(truth: Value, prediction: Value, sampleWeight: Value | undefined): MetricStates {
    const update = this.ownMethod("updateState");
    if (update === undefined) return this.state(truth, prediction, sampleWeight ?? everySample(prediction));
    const given = [inGraphOrder(truth), prediction, ...(sampleWeight === undefined ? [] : [sampleWeight])];
    return this.writeOwn(update, ownContext(), (own) => given.map((value) => SymbolicTensor.of(value, own)));
  }

  /** What a user's own `updateState` adds to weights, to metrics in the metric, and to what the class has besides. */
  private writeOwn(
    update: OwnMethod,
    outer: CallContext,
    argumentsIn: (own: CallContext) => readonly unknown[],
  ): MetricStates {
    const own = new StateRecording(this.name, this.#ownWeights, outer);
    const answer: unknown = within(own, () => update.call(this, ...argumentsIn(own)));
    // What super.updateState gives is a promise that is fulfilled: nothing was waited for.
    if (answer instanceof Promise && update.constructor.name === "AsyncFunction") {
      throw new UsageError(`updateState of the metric "${this.name}" is async.`, {
        subject: "updateState",
        expected: "a method without async and await: it says what is computed, and runs once",
        received: "a Promise",
      });
    }
    const states: Record<string, Value> = {};
    this.#ownWeights.forEach((variable, index) => {
      const added = own.addedTo(variable);
      if (added !== undefined) states[`weight/${index}`] = added;
    });
    for (const [metric, entries] of own.allFollowed) {
      if (!(metric instanceof Metric)) continue;
      if (metric !== this && !this.#inner.includes(metric)) this.#inner.push(metric);
      const prefix = metric === this ? "" : `metric/${this.#inner.indexOf(metric)}/`;
      for (const [name, value] of Object.entries(entries)) states[`${prefix}${name}`] = value;
    }
    return states;
  }

  /**
   * What labels must be; `undefined` where any number is one. `fit` and its sisters refuse others.
   *
   * @param output shape of the model's output in Keras's order
   */
  labelRule?(output: Shape): LabelRule | undefined;

  /** The figure for a sum of states. */
  figure(state: MetricSums): number;
  figure(): number {
    throw this.incomplete("result");
  }

  /**
   * As {@link figure}, or as a user's own `result` says it: that is computed on the engine, unless it is a number already. The
   * metric keeps the sums, so that {@link result} gives the same afterwards.
   */
  figureOf(state: MetricSums): number | Promise<number> {
    this.keep(state);
    const result = this.ownMethod("result");
    if (result === undefined) return this.figure(state);
    const own = new TapeRecording();
    return numberOf(
      this.name,
      within(own, () => result.call(this)),
      own,
    );
  }

  /**
   * Begins a round: an epoch, a validation, an evaluation. As in Keras, weights have their initial values in the first one, and
   * what {@link resetState} leaves in others; that may be a user's own.
   */
  begin(): void {
    if (this.#wasUsed) this.resetState();
    this.markBase();
  }

  private markBase(): void {
    this.#wasUsed = true;
    const sums = [...this.#sums].map(([key, sum]) => [key, sum.slice()] as const);
    this.#base = { weights: this.#ownWeights.map(({ value }) => value.data), sums: new Map(sums) };
    for (const metric of this.#inner) metric.markBase();
  }

  /** Has what the round found, and these sums. */
  private keep(state: MetricSums): void {
    this.returnToBase();
    this.addSums(state);
  }

  private returnToBase(): void {
    this.#sums.clear();
    for (const [key, sum] of this.#base?.sums ?? []) this.#sums.set(key, sum.slice());
    this.#ownWeights.forEach((variable, index) => {
      variable.assign(float32(this.#base?.weights[index] ?? this.initialOf(variable), variable.shape));
    });
    for (const metric of this.#inner) metric.returnToBase();
  }

  /**
   * Makes a weight that batches are added to.
   *
   * @returns the weight, which functions of `ops` take
   * @throws UsageError when an option is not usable
   */
  addWeight(options: MetricWeightOptions = {}): Variable {
    const owner = `addWeight of the metric "${this.name}"`;
    checkOptionNames(owner, options, ["shape", "initializer", "name", "dtype"]);
    const { shape = [], initializer = "zeros", name = "variable", dtype = "float32" } = options;
    if (!Array.isArray(shape) || !shape.every((extent) => isWhole(extent, 0))) {
      return refuse(owner, "shape", "a list of whole numbers, such as [3]", shape);
    }
    if (dtype !== "float32") return refuse(owner, "dtype", '"float32"', dtype);
    const path = `${this.name}/${name}`;
    const made = resolveInitializer(initializer);
    // It takes no numbers from the weights of models.
    const variable = makeWith(
      new RandomStreams(),
      () => new Variable({ path, shape, initializer: made, learnable: false }),
    );
    this.#ownWeights.push(variable);
    this.#initial.set(variable, variable.value.data);
    return variable;
  }

  /** As {@link addWeight}, under Keras's other name of it. */
  addVariable(options: MetricWeightOptions = {}): Variable {
    return this.addWeight(options);
  }

  private initialOf(variable: Variable): Float32Array {
    return this.#initial.get(variable) ?? new Float32Array(variable.size);
  }

  /** The weights that {@link addWeight} made, and those of the metrics that it takes batches into. */
  get variables(): readonly Variable[] {
    return [...this.#ownWeights, ...this.#inner.flatMap(({ variables }) => variables)];
  }

  /**
   * Takes a batch into the figure: outside of `fit` and `evaluate` the promise is fulfilled when it is computed; inside of a
   * `trainStep` it becomes part of the step.
   *
   * @param yTrue labels
   * @param yPred predictions, in Keras's order of axes
   * @param sampleWeight `[N]`; default: all samples count alike
   */
  updateState(yTrue: MetricData, yPred?: MetricData, sampleWeight?: MetricData | null): MetricUpdate {
    // Where a user's own calls it by super, it is what the class of the package has.
    return this.takeBatch([yTrue, yPred, sampleWeight], undefined);
  }

  private takeBatch(all: readonly unknown[], update: OwnMethod | undefined): Promise<void> {
    const given = all.map((one) => (Array.isArray(one) ? convertToTensor(one as NestedNumbers) : (one ?? undefined)));
    const recording = presentRecording(given);
    this.#wasUsed ||= !(recording instanceof StateRecording);
    if (recording !== undefined) return this.take(recording, this.statesOf(given, recording, update));
    return this.takeArrays(given, update);
  }

  private async takeArrays(given: readonly unknown[], update: OwnMethod | undefined): Promise<void> {
    const arrays = given.filter(isTensor);
    if (update === undefined) {
      const strange = given.find((one) => one !== undefined && !isTensor(one));
      if (strange !== undefined) refuse(this.className, "updateState", "arrays (Tensor)", describeOperand(strange));
      const [labels, predictions, weights] = given.map((one) => (isTensor(one) ? one : undefined));
      if (labels !== undefined && predictions !== undefined) checkGivenLabels(this, labels, predictions.dims, weights);
    }
    const names: string[] = [];
    const computed = evaluate(arrays, false, (values, context) => {
      const next = values.values();
      const tensors = given.map((one) => {
        const value = isTensor(one) ? next.next().value : undefined;
        return value === undefined ? one : SymbolicTensor.of(value, context);
      });
      const states = Object.entries(this.statesOf(tensors, context, update));
      names.push(...states.map(([name]) => name));
      return states.map(([, value]) => value);
    });
    await this.add(names, computed);
  }

  /** The state of a batch, of tensors of a computation. */
  private statesOf(given: readonly unknown[], context: CallContext, update: OwnMethod | undefined): MetricStates {
    if (update !== undefined) {
      const written = (one: unknown, own: CallContext): unknown =>
        one instanceof SymbolicTensor && one.traced !== undefined ? SymbolicTensor.of(one.traced.value, own) : one;
      return this.writeOwn(update, context, (own) => given.map((one) => written(one, own)));
    }
    const [truth, prediction, weight] = given
      .filter((one) => one !== undefined)
      .map((one) => asType(toValue(one as SymbolicTensor, context), "float32"));
    if (truth === undefined || prediction === undefined) {
      return refuse(this.className, "updateState", "labels and predictions", `${given.length} arguments`);
    }
    const shape = channelsLast(prediction.shape);
    const rule = this.labelRule?.(shape);
    weighLabels(truth, weight);
    meetLabels(truth, rule && { owner: this.name, rule, shape }, false);
    return this.state(inKerasOrder(truth), prediction, weight ?? everySample(prediction));
  }

  /** Takes states of a computation: of a step they are part of it, of a tape they are computed at once. */
  protected take(recording: Recording, states: MetricStates): Promise<void> {
    const isOwn = recording instanceof StateRecording;
    if (!(recording instanceof TapeRecording) || isOwn) {
      recording.follow(this, states);
      return Promise.resolve();
    }
    return this.add(Object.keys(states), recording.evaluate(Object.values(states)));
  }

  /** Adds what is being computed to the sums. */
  protected async add(names: readonly string[], computed: Promise<readonly Tensor[]>): Promise<void> {
    this.#pending += 1;
    try {
      const tensors = await computed;
      this.addSums(Object.fromEntries(tensors.map((one, index) => [names[index] ?? "", one.data as Float32Array])));
    } finally {
      this.#pending -= 1;
    }
  }

  /** Adds to the sums. */
  protected addSums(states: Readonly<Record<string, ArrayLike<number>>>): void {
    const parts = new Map<Metric, Record<string, ArrayLike<number>>>();
    for (const [key, values] of Object.entries(states)) {
      const [kind, index, ...rest] = key.split("/");
      const variable = kind === "weight" ? this.#ownWeights[Number(index)] : undefined;
      const metric = kind === "metric" ? this.#inner[Number(index)] : undefined;
      if (variable !== undefined) {
        variable.assign(float32(sumOf(variable.value.data, values), variable.shape));
      } else if (metric !== undefined) {
        const part = parts.get(metric) ?? {};
        parts.set(metric, part);
        part[rest.join("/")] = values;
      } else {
        const sum = this.#sums.get(key) ?? new Float64Array(values.length);
        sum.forEach((number, place) => (sum[place] = number + (values[place] ?? 0)));
        this.#sums.set(key, sum);
      }
    }
    for (const [metric, part] of parts) metric.addSums(part);
  }

  /**
   * The figure of the batches that {@link updateState} was given; 0 where there were none. Inside of a `trainStep` nobody knows
   * it yet: what it gives goes into the record that `trainStep` returns.
   *
   * One of a user's own gives what it computes as a tensor, which functions of `ops` take, and whose number `await` gives.
   *
   * @throws UsageError while a batch is being computed
   */
  result(): MetricResult {
    this.checkSettled();
    const recording = presentRecording([]);
    if (recording !== undefined && !(recording instanceof TapeRecording)) {
      // The type says what it will be once the step has run.
      return new FollowedResult(this) as unknown as number;
    }
    return this.#sums.size === 0 ? 0 : this.figure(Object.fromEntries(this.#sums));
  }

  private checkSettled(): void {
    if (this.#pending === 0) return;
    throw new UsageError(`The metric "${this.name}" is still computing a batch.`, {
      subject: "result",
      expected: "result() after the batches have been taken in",
      received: "result() before",
      advice: "Put await before the update: await metric.updateState(yTrue, yPred).",
    });
  }

  /** What a user's own `result` gives where it is called. */
  private presentResult(result: () => unknown): unknown {
    this.checkSettled();
    const present = presentContext();
    const recording = present && recordingOf(present);
    if (recording !== undefined && !(recording instanceof TapeRecording) && !(recording instanceof StateRecording)) {
      return new FollowedResult(this);
    }
    if (present !== undefined) return result.call(this);
    const own = new TapeRecording();
    const given: unknown = within(own, () => result.call(this));
    const tensor = given instanceof Variable || isTensor(given) ? toSymbolic(given, own) : given;
    return tensor instanceof SymbolicTensor && tensor.traced !== undefined ? new MetricFigure(tensor) : tensor;
  }

  /**
   * Forgets the batches that {@link updateState} was given: as in Keras, its weights are 0 then, whatever they began with. `fit`
   * and `evaluate` call it before each round but the first; what a user's own does instead counts.
   */
  resetState(): void {
    this.#sums.clear();
    for (const variable of this.#ownWeights) variable.assign(0);
    for (const metric of this.#inner) metric.resetState();
  }

  /** Keras's configuration, in snake_case. */
  getConfig(): Config {
    return { name: this.name };
  }

  private incomplete(method: string): UsageError {
    return new UsageError(`The metric "${this.name}" (${this.className}) does not say what it is.`, {
      subject: this.className,
      expected: "updateState, which adds to weights of addWeight, and result, which computes with them",
      received: `no ${method}`,
    });
  }
}

/** The number that `result` of a user's own gave. */
function numberOf(name: string, given: unknown, context: CallContext): number | Promise<number> {
  if (typeof given === "number") return given;
  const fails = (received: string): never => {
    throw new UsageError(`The metric "${name}" gives no number.`, {
      subject: "result",
      expected: "one number: what functions of ops compute from the weights of the metric",
      received,
      advice: given instanceof Promise ? "Write result without async and await." : undefined,
    });
  };
  const only = (array: Tensor): number => {
    const number = single(array);
    return typeof number === "number" ? number : fails(describeOperand(number));
  };
  if (isTensor(given)) return only(given);
  const tensor = given instanceof Variable ? toSymbolic(given, context) : given;
  return tensor instanceof SymbolicTensor ? tensor.numpy().then(only) : fails(describeOperand(given));
}

function sumOf(a: ArrayLike<number>, b: ArrayLike<number>): Float32Array {
  return Float32Array.from(a, (number, index) => number + (b[index] ?? 0));
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
