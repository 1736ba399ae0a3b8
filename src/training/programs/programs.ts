import type { Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import type { TrunkPrecision, TrunkReport } from "../../models/training-types.js";
import type { Compiled } from "../../models/compile-types.js";
import type { Session, SessionOptions } from "../../runtime/runtime.js";
import { SpareArrays } from "./spare-arrays.js";
import { createSession, graphBytes } from "../../runtime/session.js";
import { elementWorkOf } from "./element-work.js";
import type { Host } from "../machine.js";
import { runBytes } from "./run-bytes.js";
import type { RandomInput } from "./trace.js";
import { evaluateGraph } from "./evaluate.js";
import type { LabelShapes } from "./figures.js";
import { fixedGraph, predictGraph } from "./predict.js";
import {
  type BoundaryValue,
  boundaryWidth,
  fedWeights,
  hasTrunk,
  type ModelSplit,
  splitModel,
  type TrainedWeight,
  type UpdatedWeight,
} from "./split.js";
import { stepGraph } from "./step.js";
import { type Trunk, Trunks } from "./trunk.js";

/** How programs are made. */
export interface ProgramOptions {
  /** With `"int8"`, {@link Programs.calibrate} comes before all else. Default `"float32"`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** Size of batches of which many wait for the trunk and for {@link Programs.fixed}, so that several may cross at once. */
  readonly waiting?: number | undefined;
  /** The graph of a source: sizes that the model leaves open are those of its values. */
  readonly fed?: readonly Value[] | undefined;
}

/** What programs are written from. */
interface ProgramParts {
  readonly split: ModelSplit;
  readonly compiled: Compiled | undefined;
  readonly labelShapes: LabelShapes;
  /** What an element of tiles costs on this machine. */
  readonly elementWork: number;
  readonly options: ProgramOptions;
}

/**
 * A model compiled for training: programs that meet at the freeze boundary (trunk, step, evaluate, predict). Each is one
 * graph and one session, made when it is first needed.
 */
export class Programs {
  /** What steps write new values into. */
  readonly spares = new SpareArrays();
  private readonly trunks: Trunks;
  private sessions: Partial<Record<"step" | "evaluate" | "predict", Promise<Session>>> = {};

  private constructor(
    private readonly host: Host,
    private readonly parts: ProgramParts,
  ) {
    const { split, elementWork, options } = parts;
    this.trunks = new Trunks(host, split, {
      precision: options.trunkPrecision ?? "float32",
      elementWork,
      sessionOptions: (values) => this.sessionOptions(values),
    });
  }

  /**
   * @param model a built model
   * @param compiled what it was compiled with; `undefined` for prediction alone
   */
  static async create(
    host: Host,
    model: BaseModel,
    compiled: Compiled | undefined,
    labelShapes: LabelShapes,
    options: ProgramOptions = {},
  ): Promise<Programs> {
    const split = splitModel(model, compiled, options.fed ?? []);
    const elementWork = await elementWorkOf(host, split.inference.outputs);
    return new Programs(host, { split, compiled, labelShapes, elementWork, options });
  }

  get trained(): readonly TrainedWeight[] {
    return this.parts.split.trained;
  }

  get updated(): readonly UpdatedWeight[] {
    return this.parts.split.updated;
  }

  /** Weights that the evaluate and predict programs are fed with. */
  get fedWeights(): readonly UpdatedWeight[] {
    return fedWeights(this.parts.split);
  }

  /** Random numbers that the step program is fed with. */
  get randoms(): readonly RandomInput[] {
    return this.parts.split.training.randoms;
  }

  /** Random numbers that the evaluate and predict programs are fed with. */
  get inferenceRandoms(): readonly RandomInput[] {
    return this.parts.split.inference.randoms;
  }

  /** What crosses from the trunk to the other programs. */
  get boundary(): readonly BoundaryValue[] {
    return this.parts.split.boundary;
  }

  /** Numbers of a sample at the boundary. */
  get boundaryWidth(): number {
    return boundaryWidth(this.parts.split);
  }

  /** Whether anything is computed before the freeze boundary. */
  get hasTrunk(): boolean {
    return hasTrunk(this.parts.split);
  }

  /** Whether a frozen weight has got other values since the programs were made; then they must be made again. */
  get outdated(): boolean {
    return this.parts.split.frozen.some(({ variable, data }) => variable.lentValue !== data);
  }

  /** What became of a trunk in 8 bits; `undefined` where it is computed exactly. */
  get trunkReport(): TrunkReport | undefined {
    return this.trunks.report;
  }

  /**
   * Makes the trunk one of 8 bits, if it is to be one; see {@link Trunks.calibrate}.
   *
   * @throws UsageError where nothing before the boundary can be computed in 8 bits
   */
  calibrate(source: BatchSource): Promise<void> {
    return this.trunks.calibrate(source);
  }

  /** The trunk for a source: from what it feeds to the boundary activations. */
  trunk(source: BatchSource): Trunk {
    return this.trunks.of(source);
  }

  /** Outputs of the step program by name, as a graph. */
  stepGraph(): Record<string, Value> {
    const { split, labelShapes, elementWork } = this.parts;
    return stepGraph(split, this.requireCompiled(), labelShapes, elementWork);
  }

  /** The step: one call is one step of the optimizer. */
  step(): Promise<Session> {
    return (this.sessions.step ??= this.open("step", this.stepGraph()));
  }

  /** Loss and metrics of a batch in inference. */
  evaluate(): Promise<Session> {
    const { split, labelShapes, elementWork } = this.parts;
    return (this.sessions.evaluate ??= this.open(
      "evaluate",
      evaluateGraph(split, this.requireCompiled(), labelShapes, elementWork),
    ));
  }

  /** Outputs of a batch in inference, in Keras's order. */
  predict(): Promise<Session> {
    const { split, elementWork } = this.parts;
    return (this.sessions.predict ??= this.open("predict", predictGraph(split, elementWork)));
  }

  private open(name: string, graph: Record<string, Value>): Promise<Session> {
    return createSession(this.host.runtime, graph, { name });
  }

  /**
   * Outputs of a batch in inference, in Keras's order, of weights as they are now. It is released by the caller.
   *
   * @returns names of outputs as {@link predict} has them; the activations are its only inputs
   */
  fixed(): Promise<Session> {
    const { split, elementWork } = this.parts;
    const { graph, values } = fixedGraph(split, elementWork);
    return this.host.runtime.createSession(graphBytes(graph, { name: "fixed" }), this.sessionOptions(values));
  }

  private sessionOptions(values: readonly Value[]): SessionOptions {
    const { waiting } = this.parts.options;
    return waiting === undefined ? {} : { runBytes: runBytes(values, waiting) };
  }

  private requireCompiled(): Compiled {
    const { compiled } = this.parts;
    if (compiled === undefined) throw new TypeError("These programs were made for prediction alone.");
    return compiled;
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    const sessions = await Promise.all(Object.values(this.sessions));
    this.sessions = {};
    await Promise.all([this.trunks.release(), ...sessions.map((session) => session.release())]);
  }
}
