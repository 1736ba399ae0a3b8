import { UsageError } from "../../errors/errors.js";
import { gradients } from "../../autodiff/gradients.js";
import { inputsOf } from "../../graph/graph.js";
import { staticDim } from "../../graph/shape.js";
import { rebuild } from "../../graph/rebuild.js";
import { constant, input, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import { type FeatureStore, platform } from "../../models/platform.js";
import type { Compiled, TrunkPrecision, TrunkReport } from "../../models/training-types.js";
import { channelsFirst, toChannelsLast } from "../../nn/channels.js";
import { updateAll } from "../../nn/optimizers/index.js";
import type { Variable } from "../../nn/variable.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { cancelTransposes } from "../../passes/cancel-transposes.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { lowerConvolutions } from "../../passes/lower-convolutions.js";
import { reduceMean } from "../../ops/reduction.js";
import { expandTo } from "../../ops/shape-of.js";
import { usualElementWork } from "../../passes/winograd.js";
import type { Runtime, Session, SessionOptions } from "../../runtime/runtime.js";
import { createSession, graphBytes } from "../../runtime/session.js";
import { freezeBoundary } from "./boundary.js";
import { calibratedTrunk } from "./calibration.js";
import { type Int8Trunk, nothingToRound } from "./int8-trunk.js";
import { elementWorkOf } from "./element-work.js";
import { runBytes } from "./run-bytes.js";
import { type RandomInput, type Trace, traceModel } from "./trace.js";

/** Names of the inputs and outputs of programs that every program has. */
export const names = {
  truth: (output: number): string => `truth/${output}`,
  sampleWeight: (output: number): string => `sample_weight/${output}`,
  learningRate: "learning_rate",
  step: "step",
  loss: "loss",
  outputLoss: (output: number): string => `loss/${output}`,
  boundary: (index: number): string => `boundary/${index}`,
  output: (index: number): string => `output/${index}`,
  metric: (index: number, state: string): string => `metric/${index}/${state}`,
  slot: (weight: string, slot: string): string => `slot/${slot}/${weight}`,
  renewed: (name: string): string => `new/${name}`,
} as const;

/** What names of figures begin with. */
export const prefixes = { outputLoss: "loss/", metric: "metric/" } as const;

/** A weight that a step changes by its gradient, and the names under which the program knows it and its slots. */
export interface TrainedWeight {
  readonly variable: Variable;
  readonly name: string;
  readonly slots: readonly {
    readonly slot: string;
    readonly name: string;
    readonly shape: readonly number[];
    readonly initial: number;
  }[];
}

/** A weight that a step gives new values without a gradient. */
export interface UpdatedWeight {
  readonly variable: Variable;
  readonly name: string;
}

/** The program before the freeze boundary. */
export interface Trunk {
  /** The same for trunks of the same graph and weights, in other runs too. */
  readonly identity: string;
  readonly session: Promise<Session>;
  /** Where its activations are kept from run to run. */
  readonly store: () => Promise<FeatureStore | undefined>;
}

/** How programs are made. */
export interface ProgramOptions {
  /** With `"int8"`, {@link Programs.calibrate} comes before all else. Default `"float32"`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** Size of batches of which many wait for the trunk and for {@link Programs.fixed}, so that several may cross at once. */
  readonly waiting?: number | undefined;
}

/** A value at the freeze boundary. */
export interface BoundaryValue {
  /** Name among the inputs of the programs behind the boundary. */
  readonly name: string;
  /** Shape of one sample's. */
  readonly dims: readonly number[];
  /** Numbers a sample. */
  readonly size: number;
}

/**
 * A model compiled for training: each program is one graph and one session, made when it is first needed.
 *
 * - trunk: what a source feeds → boundary activations
 * - step: boundary activations, labels, weights, slots, random numbers → loss, metrics, new weights, new slots
 * - evaluate: boundary activations, labels, weights → loss, metrics
 * - predict: boundary activations, weights → outputs
 */
export class Programs {
  readonly trained: readonly TrainedWeight[];
  readonly updated: readonly UpdatedWeight[];
  readonly randoms: readonly RandomInput[];
  /** What crosses from the trunk to the other programs. */
  readonly boundary: readonly BoundaryValue[];
  private readonly boundaryValues: readonly Value[];
  private readonly boundaryInputs: readonly Value[];
  private readonly data: readonly Value[];
  private readonly modelName: string;
  private readonly training: Trace;
  private readonly inference: Trace;
  private readonly weightNames: ReadonlyMap<Variable, string>;
  private readonly weightValues: ReadonlyMap<Variable, Value>;
  private readonly frozen: readonly { readonly variable: Variable; readonly data: TensorData }[];
  private readonly substitutes: ReadonlyMap<Value, Value>;
  private int8: Int8Trunk | undefined;
  private readonly trunks = new Map<BatchSource["graph"], Trunk>();
  private sessions: Partial<Record<"step" | "evaluate" | "predict", Promise<Session>>> = {};

  private elementWork = usualElementWork;

  private constructor(
    private readonly runtime: Runtime,
    model: BaseModel,
    private readonly compiled: Compiled | undefined,
    private readonly truthShapes: readonly (readonly number[] | undefined)[],
    private readonly options: ProgramOptions,
  ) {
    this.modelName = model.name;
    this.data = model.inputs.map(({ shape, type }, index) => input(`data/${index}`, type, channelsFirst(shape)));
    const { weights, training, inference } = traceModel(model, this.data);
    this.training = training;
    this.inference = inference;
    this.randoms = training.randoms;
    const trainable = new Set(model.trainableWeights);
    const reached = this.reachedByLoss(training);
    const learned = [...weights].filter(
      ([variable, value]) => trainable.has(variable) && (reached === undefined || reached.has(value)),
    );
    const crossed = freezeBoundary(
      [...training.outputs, ...training.updates.values(), ...training.penalties],
      this.data,
      [...learned.map(([, value]) => value), ...training.randoms.map(({ value }) => value)],
    );
    // A layer that computes something else in inference than in training may need what lies before the boundary.
    const needed = inputsOf([...inference.outputs, ...inference.penalties], new Set(crossed));
    this.boundaryValues = [
      ...crossed,
      ...this.data.filter((value) => needed.includes(value) && !crossed.includes(value)),
    ];
    this.boundary = this.boundaryValues.map(({ shape }, index) => {
      const dims = shape.slice(1).map((_, axis) => staticDim(shape, axis + 1, "the freeze boundary"));
      return { name: names.boundary(index), dims, size: dims.reduce((product, extent) => product * extent, 1) };
    });
    this.boundaryInputs = this.boundaryValues.map(({ type, shape }, index) =>
      input(names.boundary(index), type, shape),
    );

    this.weightValues = weights;
    this.weightNames = new Map([...weights].map(([variable, value]) => [variable, inputName(value)]));
    this.trained = learned.map(([variable, value]) => ({
      variable,
      name: inputName(value),
      slots: Object.entries(compiled?.optimizer.slots ?? {}).map(([slot, initial]) => ({
        slot,
        name: names.slot(inputName(value), slot),
        shape: compiled?.optimizer.slotShape(slot, variable.shape) ?? variable.shape,
        initial,
      })),
    }));
    this.updated = [...training.updates.keys()].map((variable) => ({ variable, name: this.nameOf(variable) }));
    const changing = new Set([...learned.map(([variable]) => variable), ...training.updates.keys()]);
    this.frozen = [...weights.keys()]
      .filter((variable) => !changing.has(variable))
      .map((variable) => ({ variable, data: variable.value }));
    this.substitutes = new Map<Value, Value>([
      ...this.frozen.flatMap(({ variable, data }): [Value, Value][] => {
        const value = weights.get(variable);
        return value === undefined ? [] : [[value, constant(data)]];
      }),
      ...this.boundaryValues.map((value, index): [Value, Value] => [value, this.boundaryInputs[index] ?? value]),
    ]);
  }

  /**
   * @param model a built model
   * @param compiled what it was compiled with; `undefined` for prediction alone
   * @param truthShapes shape of the labels of one sample for each output, such as `[]` or `[classes]`; `undefined` where there
   * are none
   */
  static async create(
    runtime: Runtime,
    model: BaseModel,
    compiled: Compiled | undefined,
    truthShapes: readonly (readonly number[] | undefined)[],
    options: ProgramOptions = {},
  ): Promise<Programs> {
    const programs = new Programs(runtime, model, compiled, truthShapes, options);
    programs.elementWork = await elementWorkOf(runtime, programs.inference.outputs);
    return programs;
  }

  /** The same values with convolutions written as what is faster here, and without the transposes that cancel then. */
  private lowered(values: readonly Value[], learned = true): Value[] {
    const products = values.map(lowerConvolutions(values, { learned, elementWork: this.elementWork }));
    return products.map(cancelTransposes(products, { reorderSums: true }));
  }

  /** Whether a frozen weight has got other values since the programs were made; then they must be made again. */
  get outdated(): boolean {
    return this.frozen.some(({ variable, data }) => variable.value !== data);
  }

  /** Weights that the evaluate and predict programs are fed with. */
  get fedWeights(): readonly UpdatedWeight[] {
    return [...this.trained, ...this.updated];
  }

  private nameOf(variable: Variable): string {
    return this.weightNames.get(variable) ?? variable.path;
  }

  /** Whether anything is computed before the freeze boundary. */
  get hasTrunk(): boolean {
    return !this.boundaryValues.every((value) => this.data.includes(value));
  }

  /** Numbers of a sample at the boundary. */
  get boundaryWidth(): number {
    return this.boundary.reduce((sum, { size }) => sum + size, 0);
  }

  /** The boundary as a graph of the data, with frozen weights as constants. */
  private trunkValues(): readonly Value[] {
    if (this.int8 !== undefined) return this.int8.values;
    const constants = new Map(this.substitutes);
    for (const value of this.boundaryValues) constants.delete(value);
    return this.boundaryValues.map(rebuild(this.boundaryValues, constants));
  }

  /** What became of a trunk in 8 bits; `undefined` where it is computed exactly. */
  get trunkReport(): TrunkReport | undefined {
    return this.int8?.report;
  }

  /**
   * Makes the trunk one of 8 bits, if it is to be one. The same photos give the same trunk.
   *
   * @param source photos to calibrate with: those that are trained with
   * @throws UsageError where nothing before the boundary can be computed in 8 bits
   */
  async calibrate(source: BatchSource): Promise<void> {
    if (this.options.trunkPrecision !== "int8" || this.int8 !== undefined) return;
    if (!this.hasTrunk) throw nothingToRound();
    this.int8 = await calibratedTrunk(this.runtime, this.trunkValues(), this.data, source);
  }

  /** The trunk for a source: from what it feeds to the boundary activations. */
  trunk(source: BatchSource): Trunk {
    const known = this.trunks.get(source.graph);
    if (known !== undefined) return known;
    if (this.options.trunkPrecision === "int8" && this.int8 === undefined) {
      throw new TypeError("A trunk in 8 bits must be calibrated first.");
    }
    const behind = this.trunkValues();
    const fed = new Map(
      this.data.flatMap((value, index) => {
        const given = source.graph[index];
        return given === undefined ? [] : [[value, given] as const];
      }),
    );
    const renew = rebuild(behind, fed);
    const values = this.lowered(behind.map(renew), false);
    const outputs = Object.fromEntries(values.map((value, index) => [names.boundary(index), value]));
    const bytes = graphBytes(outputs, { name: "trunk" });
    const identity = platform().digest(bytes);
    let store: Promise<FeatureStore | undefined> | undefined;
    const description = {
      digest: identity,
      model: this.modelName,
      width: this.boundaryWidth,
      engine: this.runtime.name,
    };
    const trunk: Trunk = {
      identity,
      session: this.runtime.createSession(bytes, this.sessionOptions(behind)),
      // Photos that were merely preprocessed are read again as quickly as they would be from there.
      store: () => (store ??= this.hasTrunk ? platform().openFeatureStore(description) : Promise.resolve(undefined)),
    };
    this.trunks.set(source.graph, trunk);
    return trunk;
  }

  private sessionOptions(values: readonly Value[]): SessionOptions {
    const { waiting } = this.options;
    return waiting === undefined ? {} : { runBytes: runBytes(values, waiting) };
  }

  /** The outputs of a trace as values of boundary activations and weights. */
  private behindBoundary(values: readonly Value[]): Value[] {
    const renew = rebuild(values, this.substitutes);
    return values.map(renew);
  }

  private requireCompiled(): Compiled {
    if (this.compiled === undefined) throw new TypeError("These programs were made for prediction alone.");
    return this.compiled;
  }

  /**
   * Inputs that the loss depends on; `undefined` where there is no loss, as for prediction alone. Weights of an output without
   * a loss are among the trainable ones, but nothing says where they should go: as in Keras, they stay as they are.
   */
  private reachedByLoss({ outputs, penalties }: Trace): ReadonlySet<Value> | undefined {
    if (this.compiled === undefined) return undefined;
    const compared = this.compiled.losses.flatMap(({ output }) => outputs[output] ?? []);
    return new Set(inputsOf([...compared, ...penalties]));
  }

  /**
   * Loss and states of metrics, by name, and what the step goes down, which is something else for a loss without reduction.
   *
   * @param predictions of each output
   */
  private figures(
    predictions: readonly Value[],
    penalties: readonly Value[],
  ): { readonly figures: Record<string, Value>; readonly objective: Value } {
    const { losses, metrics } = this.requireCompiled();
    const compared = predictions.map((prediction, output) => ({
      prediction,
      truth: input(names.truth(output), "float32", ["N", ...(this.truthShapes[output] ?? [])]),
      sampleWeight: input(names.sampleWeight(output), "float32", ["N"]),
    }));
    const at = (output: number): (typeof compared)[number] => {
      const found = compared[output];
      if (found === undefined) throw new TypeError(`There is no output ${output}.`);
      return found;
    };
    const figures: Record<string, Value> = {};
    const parts = losses.map(({ output, loss, weight }) => {
      const { truth, prediction, sampleWeight } = at(output);
      const value = reduceMean(mul(loss.perSample(truth, prediction, sampleWeight), sampleWeight), [0], {
        keepdims: 0,
      });
      // As in Keras, the losses of several outputs are shown without their weights.
      if (losses.length > 1) figures[names.outputLoss(output)] = value;
      const factor = loss.objectiveFactor(truth, prediction);
      const weighted = (part: Value): Value => (weight === 1 ? part : mul(part, scalarLike(part, weight)));
      return { shown: weighted(value), objective: weighted(factor === undefined ? value : mul(value, factor)) };
    });
    const total = (values: readonly Value[]): Value => {
      const [first, ...others] = [...values, ...penalties];
      if (first === undefined) throw noLoss();
      return others.reduce((sum, part) => add(sum, part), first);
    };
    figures[names.loss] = total(parts.map(({ shown }) => shown));
    metrics.forEach(({ metric, output, weighted }, index) => {
      const { truth, prediction, sampleWeight } = at(output);
      // As in Keras, weights of samples and classes count in the loss but not in metrics.
      const weights = weighted ? sampleWeight : expandTo(scalarLike(sampleWeight, 1), sampleWeight);
      for (const [state, value] of Object.entries(metric.state(truth, prediction, weights))) {
        figures[names.metric(index, state)] = value;
      }
    });
    return { figures, objective: total(parts.map((part) => part.objective)) };
  }

  /** The step: one call is one step of the optimizer. */
  step(): Promise<Session> {
    return (this.sessions.step ??= createSession(this.runtime, this.stepGraph(), { name: "step" }));
  }

  /** Outputs of the step program by name, as a graph. */
  stepGraph(): Record<string, Value> {
    const { optimizer, losses } = this.requireCompiled();
    if (losses.length + this.training.penalties.length === 0) throw noLoss();
    if (this.trained.length === 0) {
      throw new UsageError("There is nothing to train.", {
        subject: "trainable",
        expected: "at least one trainable weight that the loss depends on",
        received: "a model that is frozen altogether",
        advice: "Set trainable = true on the layers that are to learn.",
      });
    }
    const updates = [...this.training.updates];
    const written = this.behindBoundary([
      ...this.training.outputs,
      ...this.training.penalties,
      ...updates.map(([, value]) => value),
    ]);
    // Before the gradients are written, which then do not double what is taken out here.
    const values = this.lowered(written);
    const outputCount = this.training.outputs.length;
    const penaltyCount = this.training.penalties.length;
    const { figures: graph, objective } = this.figures(
      values.slice(0, outputCount),
      values.slice(outputCount, outputCount + penaltyCount),
    );
    const loss = required(graph[names.loss]);
    updates.forEach(([variable], index) => {
      const value = values[outputCount + penaltyCount + index];
      if (value !== undefined) graph[names.renewed(this.nameOf(variable))] = value;
    });

    const learningRate = input(names.learningRate, "float32", []);
    const step = input(names.step, "float32", []);
    const weights = this.trained.map(({ variable }) => this.weightValues.get(variable) ?? loss);
    const derivatives = gradients(objective, weights);
    const slotInputs = this.trained.map(({ slots }) =>
      slots.map(({ slot, name, shape }) => [slot, input(name, "float32", shape)] as const),
    );
    const renewed = updateAll(
      optimizer,
      this.trained.map(({ variable }, index) => ({
        weight: weights[index] ?? loss,
        gradient: derivatives[index] ?? loss,
        slots: Object.fromEntries(slotInputs[index] ?? []),
        constraint: variable.constraint,
        learningRateMultiplier: variable.learningRateMultiplier,
      })),
      learningRate,
      step,
    );
    this.trained.forEach(({ name, slots }, index) => {
      const update = renewed[index];
      if (update === undefined) return;
      graph[names.renewed(name)] = update.weight;
      for (const { slot, name: slotName } of slots) {
        const value = update.slots[slot];
        if (value !== undefined) graph[names.renewed(slotName)] = value;
      }
    });
    const cancelled = cancelTransposes(Object.values(graph));
    return Object.fromEntries(Object.entries(graph).map(([name, value]) => [name, cancelled(value)]));
  }

  /** Loss and metrics of a batch in inference. */
  evaluate(): Promise<Session> {
    return (this.sessions.evaluate ??= this.createEvaluate());
  }

  private createEvaluate(): Promise<Session> {
    const outputs = this.inference.outputs.length;
    const values = this.lowered(this.behindBoundary([...this.inference.outputs, ...this.inference.penalties]));
    const { figures } = this.figures(values.slice(0, outputs), values.slice(outputs));
    return createSession(this.runtime, figures, { name: "evaluate" });
  }

  /** Outputs of a batch in inference, in Keras's order. */
  predict(): Promise<Session> {
    return (this.sessions.predict ??= this.createPredict());
  }

  private createPredict(): Promise<Session> {
    const values = this.lowered(this.behindBoundary(this.inference.outputs));
    return createSession(this.runtime, this.outputGraph(values), { name: "predict" });
  }

  /**
   * Outputs of a batch in inference, in Keras's order, of weights as they are now. It is released by the caller.
   *
   * @returns names of outputs as {@link predict} has them; the activations are its only inputs
   */
  fixed(): Promise<Session> {
    const weights = this.fedWeights.flatMap(({ variable }): [Value, Value][] => {
      const value = this.weightValues.get(variable);
      return value === undefined ? [] : [[value, constant(variable.value)]];
    });
    const outputs = this.inference.outputs;
    const values = outputs.map(rebuild(outputs, new Map([...this.substitutes, ...weights])));
    const bytes = graphBytes(this.outputGraph(this.lowered(values, false)), { name: "fixed" });
    return this.runtime.createSession(bytes, this.sessionOptions(values));
  }

  private outputGraph(values: readonly Value[]): Record<string, Value> {
    return Object.fromEntries(values.map((value, index) => [names.output(index), toChannelsLast(value)]));
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    const sessions = await Promise.all([
      ...[...this.trunks.values()].map(({ session }) => session),
      ...Object.values(this.sessions),
    ]);
    this.trunks.clear();
    this.sessions = {};
    await Promise.all(sessions.map((session) => session.release()));
  }
}

function noLoss(): UsageError {
  return new UsageError("There is no loss to compute.", {
    subject: "loss",
    expected: "a loss for at least one output, or penalties of weights",
    received: "neither",
    advice: 'Give compile a loss: model.compile({ optimizer: "rmsprop", loss: "mse" }).',
  });
}

function required(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError("A program lacks its loss.");
  return value;
}

function inputName(value: Value): string {
  return value.source.kind === "input" ? value.source.name : "";
}
