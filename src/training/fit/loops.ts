import { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import { platform, type TrainingLoops } from "../../models/platform.js";
import {
  type BatchOptions,
  type Callback,
  type CallbackContext,
  type Compiled,
  type EvaluateOptions,
  History,
  type InputArrays,
  type Logs,
  type TrunkPrecision,
  type OutputArrays,
} from "../../models/training-types.js";
import type { Layer } from "../../nn/layer.js";
import type { Variable } from "../../nn/variable.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { Generator } from "../../random/generator.js";
import { randomStream, timesSeeded } from "../../random/seed.js";
import type { Tensor } from "../../runtime/runtime.js";
import { fromTensor, type Runtime, toTensor } from "../../runtime/runtime.js";
import { Activations } from "../activations/activations.js";
import { asFloat32 } from "../../models/sources/array-source.js";
import { samplesIn, splitValidation, toSource, validationSource } from "../../models/sources/arrays.js";
import { CallbackList } from "./callback-list.js";
import { ProgbarLogger } from "../callbacks/progbar-logger.js";
import { evaluateBatch, evaluateBatches, pick } from "./evaluation.js";
import { FitRun } from "./fit-run.js";
import { names, Programs } from "../programs/programs.js";
import { warnOfOtherPreprocessing } from "./preprocessing-warning.js";
import { RunningMeans } from "./running-means.js";
import { ahead, joinSamples, prepareModel, roundSteps, takeBatches } from "./samples.js";
import { type RandomStreams, StepRunner } from "./step-runner.js";
import { targetsOf, truthShapesOf } from "./targets.js";

type Float32 = TensorData<"float32">;
type TruthShapes = ReturnType<typeof truthShapesOf>;

/** What is kept of a model between calls: its programs, as long as they fit, and its random streams. */
interface Kept {
  programs?: { readonly value: Programs; readonly key: ProgramKey };
  readonly streams: RandomStreams;
  /** How often the seed had been set when the streams began. */
  seeded: number;
  /** What learned in the last training. */
  trained?: { readonly compiled: Compiled; readonly variables: readonly Variable[] };
  /** Whether the user knows that `trainable` takes effect without a new call of `compile`. */
  toldOfTrainable?: boolean;
}

/** The programs' identity: they are made again when one of these changes. */
interface ProgramKey {
  readonly compiled: Compiled | undefined;
  readonly trainable: readonly Variable[];
  /** Factors of the learning rate, which are constants in the programs. */
  readonly multipliers: string;
  /** Whether each layer is trainable: a normalization without learnable weights is frozen by that alone. */
  readonly flags: string;
  readonly truthShapes: TruthShapes;
  readonly trunkPrecision: TrunkPrecision;
}

function sameVariables(a: readonly Variable[], b: readonly Variable[]): boolean {
  return a.length === b.length && a.every((variable, index) => variable === b[index]);
}

function sameKey(a: ProgramKey, b: ProgramKey): boolean {
  return (
    a.compiled === b.compiled &&
    a.flags === b.flags &&
    a.multipliers === b.multipliers &&
    a.trunkPrecision === b.trunkPrecision &&
    JSON.stringify(a.truthShapes) === JSON.stringify(b.truthShapes) &&
    sameVariables(a.trainable, b.trainable)
  );
}

function flagsOf(layer: Layer): string {
  const inner = layer instanceof BaseModel ? layer.layers.map(flagsOf).join("") : "";
  return `${Number(layer.trainable)}${inner}`;
}

/** Says once that a change of `trainable` since the last training takes effect: in Keras it would not. */
function tellOfTrainable(kept: Kept, model: BaseModel): void {
  const { compiled, trainableWeights } = model;
  const before = kept.trained;
  kept.trained = { compiled, variables: trainableWeights };
  const changed = before?.compiled === compiled && !sameVariables(before.variables, trainableWeights);
  if (!changed || kept.toldOfTrainable === true) return;
  kept.toldOfTrainable = true;
  platform().warn(
    `"trainable" has changed since the model "${model.name}" was compiled: ${trainableWeights.length} weights learn now, ` +
      `${before.variables.length} did before. It takes effect at once; Keras would wait for compile. A smaller learning ` +
      "rate is usual when layers are unfrozen: compile again with one, or set model.optimizer.learningRate.",
  );
}

function callbackList(
  callbacks: readonly Callback[] = [],
  verbose: EvaluateOptions["verbose"],
  own: Callback[] = [],
): CallbackList {
  const shows = callbacks.some((callback) => callback instanceof ProgbarLogger);
  return new CallbackList([...callbacks, ...(verbose === 0 || shows ? [] : [new ProgbarLogger()]), ...own]);
}

/** What 8 bits cost, in words. */
function trunkLine({ convolutions, of, moved, photos, validation }: NonNullable<History["trunk"]>): string {
  const differences = Object.entries(validation?.exact ?? {}).map(
    ([name, value]) =>
      `val_${name} ${(validation?.int8[name] ?? Number.NaN).toFixed(4)} with it, ${value.toFixed(4)} exactly`,
  );
  return [
    `Frozen layers in 8 bits: ${convolutions} of ${of} convolutions; what the trained layers see moves by ` +
      `${(100 * moved).toFixed(1)} % (${photos} photos)`,
    ...differences,
  ].join("; ");
}

/** The loops of `fit`, `evaluate` and `predict` on a runtime. */
export function createTrainingLoops(runtime: Runtime): TrainingLoops {
  const kept = new WeakMap<BaseModel, Kept>();

  const keptOf = (model: BaseModel): Kept => {
    const found = kept.get(model) ?? { streams: new Map(), seeded: timesSeeded() };
    kept.set(model, found);
    if (found.seeded !== timesSeeded()) {
      found.streams.clear();
      found.seeded = timesSeeded();
    }
    return found;
  };

  /** Where the order of arrays is drawn from: it goes on from fit to fit. */
  const shuffleOrder = (model: BaseModel): Generator => {
    const { streams } = keptOf(model);
    const order = streams.get("shuffle") ?? randomStream("shuffle");
    streams.set("shuffle", order);
    return order;
  };

  const programsFor = async (
    model: BaseModel,
    compiled: Compiled | undefined,
    truthShapes: TruthShapes,
    trunkPrecision: TrunkPrecision = "float32",
  ): Promise<Programs> => {
    const memory = keptOf(model);
    const trainable = model.trainableWeights;
    const multipliers = trainable.map(({ learningRateMultiplier }) => learningRateMultiplier).join();
    const key: ProgramKey = { compiled, trainable, multipliers, flags: flagsOf(model), truthShapes, trunkPrecision };
    const known = memory.programs;
    if (known !== undefined && !known.value.outdated && sameKey(known.key, key)) return known.value;
    delete memory.programs;
    await known?.value.release();
    const value = await Programs.create(runtime, model, compiled, truthShapes, { trunkPrecision });
    memory.programs = { value, key };
    return value;
  };

  const trainBatch = async (
    model: BaseModel,
    x: InputArrays,
    y: OutputArrays | undefined,
    { sampleWeight, classWeight }: BatchOptions,
    train: boolean,
  ): Promise<Logs> => {
    const options = { ...(y === undefined ? {} : { y }), ...(sampleWeight === undefined ? {} : { sampleWeight }) };
    const source = toSource(model, x, { ...options, batchSize: samplesIn(x) });
    prepareModel(model, source);
    const { compiled } = model;
    const batch = source.next();
    const targets = targetsOf(batch, compiled, classWeight);
    const programs = await programsFor(model, compiled, truthShapesOf(batch, compiled));
    const activations = await new Activations(programs, source, false).of(batch);
    const means = new RunningMeans(compiled);
    const results = train
      ? await new StepRunner(programs, compiled.optimizer, keptOf(model).streams).run(activations, targets)
      : await evaluateBatch(programs, activations, targets);
    means.add(results, batch.keys.length);
    return means.logs();
  };

  const predict: TrainingLoops["predict"] = async (model, x, options) => {
    const source = toSource(model, x, options);
    prepareModel(model, source);
    const known = keptOf(model).programs?.value;
    const usable =
      known?.outdated === false && known.trunkReport === undefined ? known : await programsFor(model, undefined, []);
    const activations = new Activations(usable, source, false);
    const session = await usable.predict();
    const { steps = roundSteps(source), verbose = 1 } = options;
    const batches: Iterable<Batch> = options.steps === undefined ? source.inOrder() : takeBatches(source, steps);
    const callbacks = callbackList(options.callbacks, verbose);
    const context = contextOf(model, steps);
    callbacks.begin(model, { verbose, epochs: 1, steps });
    await callbacks.onPredictBegin(context);
    const parts = model.outputs.map((): Float32[] => []);
    let step = 0;
    for (const { batch, loading } of ahead(batches, activations)) {
      await callbacks.onPredictBatchBegin(step, context);
      const feeds: Record<string, Tensor> = { ...(await activations.of(batch, loading)) };
      for (const { variable, name } of usable.fedWeights) feeds[name] = toTensor(variable.value);
      const results = await session.run(pick(feeds, session.inputNames));
      parts.forEach((part, index) => {
        const output = results[names.output(index)];
        if (output !== undefined) part.push(asFloat32(fromTensor(output)));
      });
      await callbacks.onPredictBatchEnd(step, context);
      step += 1;
    }
    await callbacks.onPredictEnd(context);
    return parts.map((part) => toTensor(joinSamples(part)));
  };

  /** Loss and metrics on a round of a source, with the trunk that the model was just trained with, or exactly. */
  const measured = async (
    model: BaseModel,
    source: BatchSource,
    trunkPrecision: TrunkPrecision,
    calibration: BatchSource,
  ): Promise<Logs> => {
    const { compiled } = model;
    const [first] = source.inOrder(true);
    const programs = await programsFor(model, compiled, truthShapesOf(first, compiled), trunkPrecision);
    await programs.calibrate(calibration);
    const activations = new Activations(programs, source, trunkPrecision === "int8");
    const context = contextOf(model, roundSteps(source));
    return evaluateBatches(programs, compiled, activations, source.inOrder(true), callbackList([], 0), context);
  };

  return {
    async fit(model, x, given) {
      const { x: samples, options } = splitValidation(x, given);
      const source = toSource(model, samples, options, options.shuffle === false ? undefined : shuffleOrder(model));
      const { validationData, batchSize, validationBatchSize = batchSize } = options;
      const validation = validationData && validationSource(model, validationData, validationBatchSize);
      prepareModel(model, source);
      warnOfOtherPreprocessing(model, source);
      tellOfTrainable(keptOf(model), model);
      const history = new History();
      await new FitRun({
        model,
        source,
        validation,
        options,
        callbacks: callbackList(options.callbacks, options.verbose, [history]),
        streams: keptOf(model).streams,
        programsFor: (truthShapes) => programsFor(model, model.compiled, truthShapes, options.trunkPrecision),
      }).run();
      const report = keptOf(model).programs?.value.trunkReport;
      if (report !== undefined) {
        // Of the same weights and samples: callbacks may have restored other weights than those of the last epoch.
        const compared = validation && {
          int8: await measured(model, validation, "int8", source),
          exact: await measured(model, validation, "float32", source),
        };
        history.trunk = { ...report, ...(compared === undefined ? {} : { validation: compared }) };
        if (options.verbose !== 0) platform().print(trunkLine(history.trunk));
      }
      return history;
    },

    async evaluate(model, x, options) {
      const source = toSource(model, x, options);
      prepareModel(model, source);
      const { compiled } = model;
      const [first] = source.inOrder();
      const programs = await programsFor(model, compiled, truthShapesOf(first, compiled));
      const { steps = roundSteps(source), verbose = 1 } = options;
      const batches: Iterable<Batch> = options.steps === undefined ? source.inOrder() : takeBatches(source, steps);
      const callbacks = callbackList(options.callbacks, verbose);
      callbacks.begin(model, { verbose, epochs: 1, steps });
      const activations = new Activations(programs, source, false);
      return evaluateBatches(programs, compiled, activations, batches, callbacks, contextOf(model, steps));
    },

    predict,
    predictOnBatch: (model, x) => predict(model, x, { batchSize: samplesIn(x), verbose: 0 }),

    trainOnBatch: (model, x, y, options) => trainBatch(model, x, y, options, true),
    testOnBatch: (model, x, y, options) => trainBatch(model, x, y, options, false),

    async release(model) {
      const memory = kept.get(model);
      const programs = memory?.programs;
      if (memory === undefined || programs === undefined) return;
      delete memory.programs;
      await programs.value.release();
    },
  };
}

/** The context of events outside of `fit`. */
function contextOf(model: BaseModel, steps: number): CallbackContext {
  const stopTraining = (): void => {
    model.stopTraining = true;
  };
  return { model, epochs: 1, steps, stopTraining };
}
