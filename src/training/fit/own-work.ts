import { UsageError } from "../../errors/errors.js";
import type { Batch } from "../../models/sources/batch-source.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";
import type { Variable } from "../../nn/variable.js";
import type { GeneratorState } from "../../random/generator.js";
import type { CallbackList } from "./callback-list.js";
import { trainedBy } from "./call.js";
import type { FitWork, StepOutcome } from "./fit-work.js";
import { lostValidation } from "./lost-loss.js";
import { OwnMeans } from "./own-means.js";
import { type OwnFigure, OwnStep } from "./own-step.js";
import { ProgramWork, type WorkParts } from "./program-work.js";
import type { SavedMeans } from "./running-means.js";
import { type Batches, type LoadingBatch, looked } from "./samples.js";
import { classFactorsOf } from "./targets.js";

/** Figures of a `testStep` of a user's own over batches; callbacks are told of each. */
export async function evaluateOwn(
  step: OwnStep,
  batches: Batches,
  callbacks: CallbackList,
  context: CallbackContext,
): Promise<Logs> {
  await callbacks.onTestBegin(context);
  const means = new OwnMeans();
  let number = 0;
  for await (const batch of batches) {
    await callbacks.onTestBatchBegin(number, context);
    means.add(await step.run(batch));
    await callbacks.onTestBatchEnd(number, await means.logs(), context);
    number += 1;
  }
  const logs = await means.logs();
  await callbacks.onTestEnd(logs, context);
  return logs;
}

/** Steps as a `trainStep` of a user's own says them. */
export class OwnWork implements FitWork {
  readonly trunkReport = undefined;
  private means: OwnMeans;
  /** Validation by the compiled loss and metrics, made when it is first needed. */
  private programs: Promise<ProgramWork> | undefined;

  /** Whether flags have changed since the programs were made. */
  private isStale = false;

  private constructor(
    private readonly parts: WorkParts,
    private readonly own: OwnStep,
  ) {
    this.means = new OwnMeans(parts.resumed?.means ?? undefined);
  }

  /** @param first the first batch, which says the shapes */
  static async create(parts: WorkParts, first: Batch | undefined): Promise<OwnWork> {
    const { model, source, memory, training, options, resumed } = parts;
    if (options.trunkPrecision === "int8") {
      throw new UsageError("A model with a trainStep of its own has no trunk in 8 bits.", {
        subject: "trunkPrecision",
        expected: '"float32"',
        received: '"int8"',
      });
    }
    const own = new OwnStep(memory.host, model, source, memory.streams, "trainStep", training);
    if (first !== undefined) await own.prepare(first);
    // A model that had waited for its input has weights by now.
    training.cover(trainedBy(model));
    resumed?.randoms.forEach((state, index) => {
      const label = own.randomLabels[index];
      if (label !== undefined) memory.streams.restore(label, state);
    });
    return new OwnWork(parts, own);
  }

  begin(batch: Batch): LoadingBatch {
    return { batch, loading: undefined };
  }

  async step({ batch }: LoadingBatch, next: () => void): Promise<StepOutcome> {
    const { classWeight } = this.parts.options;
    const factors = classWeight === undefined ? undefined : classFactorsOf(batch, classWeight);
    const figures = await this.own.run(batch, factors);
    next();
    this.means.add(figures);
    return { loss: await lossIn(figures), cause: () => lostValidation(this.parts.model) };
  }

  /** A step is written anew when flags have changed. */
  applyTrainable(): void {
    this.isStale = true;
  }

  beginEpoch(): void {
    this.means = new OwnMeans();
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
    const { validation } = this.parts;
    if (validation === undefined) return {};
    // As in Keras: a trainStep alone leaves evaluation to the compiled loss and metrics.
    // The first one says the shapes; it is judged like any other, for samples may come only once.
    const { first, batches: all } = await looked(eachOf(batches));
    this.programs ??= ProgramWork.create({ ...this.parts, source: validation, resumed: undefined }, first);
    const programs = await this.programs;
    if (this.isStale) programs.applyTrainable();
    this.isStale = false;
    return programs.validate(all, callbacks, context);
  }

  get trained(): readonly Variable[] {
    return this.parts.model.trainableWeights;
  }

  saveRandoms(): readonly (GeneratorState | null)[] {
    return this.own.randomLabels.map((label) => this.parts.memory.streams.save(label));
  }

  async flush(): Promise<void> {
    await (await this.programs)?.flush();
  }

  async end(): Promise<void> {
    await this.own.release();
    await (await this.programs)?.end();
  }
}

async function* eachOf(batches: Batches): AsyncGenerator<Batch> {
  yield* batches;
}

async function lossIn(figures: readonly OwnFigure[]): Promise<number | undefined> {
  const loss = figures.find(({ name }) => name === "loss");
  if (loss === undefined) return undefined;
  return loss.metric === undefined ? loss.value : loss.metric.figureOf(loss.states);
}
