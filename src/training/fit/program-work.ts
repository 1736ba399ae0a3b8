import type { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { CallbackContext, FitOptions, Logs, TrunkReport } from "../../models/training-types.js";
import type { Variable } from "../../nn/variable.js";
import type { Training } from "../../nn/weight-use.js";
import type { GeneratorState } from "../../random/generator.js";
import { Activations } from "../activations/activations.js";
import type { LabelShapes } from "../programs/figures.js";
import { names } from "../programs/names.js";
import type { Programs } from "../programs/programs.js";
import type { CallbackList } from "./callback-list.js";
import { checkBatch, checkClassWeight } from "./check-labels.js";
import { evaluateBatches } from "./evaluation.js";
import type { FitWork, StepOutcome } from "./fit-work.js";
import { causeOfLoss } from "./lost-loss.js";
import { RunningMeans, type SavedMeans } from "./running-means.js";
import { sizesOf } from "./open-sizes.js";
import { type Batches, beginLoading, type LoadingBatch, peeked } from "./samples.js";
import { randomLabel } from "./random-feeds.js";
import { numberOf, StepRunner } from "./step-runner.js";
import { labelShapesOf, targetsOf } from "./targets.js";
import type { BorrowedPrograms, TrainingMemory } from "./training-memory.js";

/** What the work of a training is made of. */
export interface WorkParts {
  readonly model: BaseModel;
  readonly source: BatchSource;
  readonly validation: BatchSource | undefined;
  readonly memory: TrainingMemory;
  readonly training: Training;
  readonly options: FitOptions;
  /** What another training had come to, to go on from. */
  readonly resumed:
    { readonly means: SavedMeans | null; readonly randoms: readonly (GeneratorState | null)[] } | undefined;
}

/** What figures on samples for validation are computed with. */
interface Validating extends BorrowedPrograms {
  readonly activations: Activations;
}

/** Steps by compiled programs, which meet at the freeze boundary. */
export class ProgramWork implements FitWork {
  private means: RunningMeans;
  private activations: Activations;
  private runner: StepRunner;
  /** What validates, from the first validation on; its samples may have another size, with programs of their own. */
  private validating: Validating | undefined;

  /** Whether a callback has changed what learns. */
  private isStale = false;

  private constructor(
    private readonly parts: WorkParts,
    private readonly labelShapes: LabelShapes,
    private borrowed: BorrowedPrograms,
  ) {
    const { model, resumed } = parts;
    this.means = new RunningMeans(model.compiled, resumed?.means ?? undefined);
    ({ activations: this.activations, runner: this.runner } = partsFor(parts, borrowed.programs));
  }

  /** @param first the first batch, which says the shape of the labels */
  static async create(parts: WorkParts, first: Batch | undefined): Promise<ProgramWork> {
    const { model, source, memory, options, resumed } = parts;
    const { compiled } = model;
    const labelShapes = labelShapesOf(first, compiled);
    checkClassWeight(options.classWeight, compiled, source, labelShapes);
    const borrowed = await memory.borrow(source.graph, compiled, labelShapes, options.trunkPrecision);
    try {
      await borrowed.programs.calibrate(source);
      resumed?.randoms.forEach((state, index) => {
        const random = borrowed.programs.randoms[index];
        if (random !== undefined) memory.streams.restore(randomLabel(random), state);
      });
      return new ProgramWork(parts, labelShapes, borrowed);
    } catch (error) {
      await borrowed.giveBack();
      throw error;
    }
  }

  /** Has the programs made again before the next step. */
  applyTrainable(): void {
    this.isStale = true;
  }

  /**
   * Makes the programs again where a callback has changed what learns, or given frozen weights other values: they are constants in
   * the programs, and activations behind them are kept.
   *
   * @returns whether it was so
   */
  private async renew(): Promise<boolean> {
    const { borrowed, parts } = this;
    if (!this.isStale && !borrowed.programs.outdated) return false;
    this.isStale = false;
    const { model, source, memory, options } = parts;
    await this.flush();
    await this.validating?.giveBack();
    this.validating = undefined;
    this.borrowed = await memory.borrow(source.graph, model.compiled, this.labelShapes, options.trunkPrecision);
    await borrowed.giveBack();
    const { programs } = this.borrowed;
    await programs.calibrate(source);
    ({ activations: this.activations, runner: this.runner } = partsFor(parts, programs));
    return true;
  }

  begin(batch: Batch): LoadingBatch {
    return beginLoading(batch, this.activations);
  }

  async step({ batch, loading }: LoadingBatch, next: () => void, isFirst: () => boolean): Promise<StepOutcome> {
    const { model, source, options } = this.parts;
    // What is loading may come from activations that were kept of other weights.
    const isRenewed = await this.renew();
    if (isRenewed) await loading?.catch(() => undefined);
    const { programs } = this.borrowed;
    const boundary = await this.activations.of(batch, isRenewed ? undefined : loading);
    // The next batch is read while the engine works on this one.
    next();
    checkBatch(batch, source, model.compiled);
    const targets = targetsOf(batch, model.compiled, options.classWeight);
    // The step writes its weights elsewhere, so these are what it began with.
    const before = programs.trained.map(({ variable }) => variable.value);
    const results = await this.runner.run(boundary, targets);
    this.means.add(results, batch.keys.length);
    return {
      loss: numberOf(results[names.loss]),
      cause: () => causeOfLoss({ model, programs, source, batch, boundary, targets, before, isFirst: isFirst() }),
    };
  }

  beginEpoch(): void {
    this.means = new RunningMeans(this.parts.model.compiled);
  }

  logs(): Promise<Logs> {
    return this.means.logs();
  }

  get isEmpty(): boolean {
    return this.means.isEmpty;
  }

  saveMeans(): SavedMeans {
    return this.means.save();
  }

  async validate(batches: Batches, callbacks: CallbackList, context: CallbackContext): Promise<Logs> {
    await this.renew();
    const { validation, model } = this.parts;
    if (validation === undefined) return {};
    // Labels may have another shape than those that are trained on, which the first batch says.
    const looking = await peeked(batches);
    const labelShapes = labelShapesOf(looking.first, model.compiled);
    const isAlike =
      sizesOf(model, validation.graph) === sizesOf(model, this.parts.source.graph) &&
      (looking.first === undefined || JSON.stringify(labelShapes) === JSON.stringify(this.labelShapes));
    this.validating ??= await this.beginValidating(validation, isAlike, looking.first);
    const { programs, activations } = this.validating;
    const { streams } = this.parts.memory;
    return evaluateBatches(programs, model.compiled, activations, looking.batches, callbacks, context, streams);
  }

  private async beginValidating(
    validation: BatchSource,
    isAlike: boolean,
    first: Batch | undefined,
  ): Promise<Validating> {
    const { model, memory } = this.parts;
    const { compiled } = model;
    const borrowed = isAlike
      ? { programs: this.borrowed.programs, giveBack: () => Promise.resolve() }
      : await memory.borrow(validation.graph, compiled, labelShapesOf(first, compiled));
    return { ...borrowed, activations: new Activations(borrowed.programs, validation) };
  }

  get trained(): readonly Variable[] {
    return this.borrowed.programs.trained.map(({ variable }) => variable);
  }

  saveRandoms(): readonly (GeneratorState | null)[] {
    const { streams } = this.parts.memory;
    return this.borrowed.programs.randoms.map((random) => streams.save(randomLabel(random)));
  }

  get trunkReport(): TrunkReport | undefined {
    return this.borrowed.programs.trunkReport;
  }

  async flush(): Promise<void> {
    await this.activations.flush();
    await this.validating?.activations.flush();
  }

  async end(): Promise<void> {
    await this.validating?.giveBack();
    await this.borrowed.giveBack();
  }
}

/** What works with programs. */
function partsFor(
  { model, source, memory, training }: WorkParts,
  programs: Programs,
): { readonly activations: Activations; readonly runner: StepRunner } {
  return {
    activations: new Activations(programs, source),
    runner: new StepRunner(programs, model.optimizer, memory.streams, training),
  };
}
