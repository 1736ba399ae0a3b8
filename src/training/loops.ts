import { ShapeError, UsageError } from "../errors/errors.js";
import { BaseModel } from "../models/base-model.js";
import type { Batch, BatchSource } from "../models/batch-source.js";
import type { TrainingLoops } from "../models/platform.js";
import {
  type Arrays,
  type BatchOptions,
  type CallbackContext,
  type Compiled,
  type FitOptions,
  History,
  type Logs,
} from "../models/training-types.js";
import type { Layer } from "../nn/layer.js";
import type { Optimizer } from "../nn/optimizers/optimizer.js";
import type { Variable } from "../nn/variable.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Generator } from "../random/generator.js";
import { randomStream } from "../random/seed.js";
import type { Tensor } from "../runtime/runtime.js";
import { fromTensor, type NamedTensors, type Runtime, toTensor } from "../runtime/runtime.js";
import { Activations } from "./activations.js";
import { arraySource, asFloat32 } from "./array-source.js";
import { names, Programs } from "./programs.js";
import { warnOfOtherPreprocessing } from "./preprocessing-warning.js";
import { RunningMeans } from "./running-means.js";
import { optimizerState, type RandomStreams, StepRunner } from "./step-runner.js";

type Float32 = TensorData<"float32">;

/** What is kept of a model between calls: its programs, as long as they fit, and its random streams. */
interface Kept {
  programs?: { readonly value: Programs; readonly key: ProgramKey };
  readonly streams: RandomStreams;
}

/** The programs' identity: they are made again when one of these changes. */
interface ProgramKey {
  readonly compiled: Compiled | undefined;
  readonly trainable: readonly Variable[];
  /** Whether each layer is trainable: a normalization without learnable weights is frozen by that alone. */
  readonly flags: string;
  readonly truthShape: readonly number[];
}

function sameKey(a: ProgramKey, b: ProgramKey): boolean {
  return (
    a.compiled === b.compiled &&
    a.flags === b.flags &&
    String(a.truthShape) === String(b.truthShape) &&
    a.trainable.length === b.trainable.length &&
    a.trainable.every((variable, index) => variable === b.trainable[index])
  );
}

function flagsOf(layer: Layer): string {
  const inner = layer instanceof BaseModel ? layer.layers.map(flagsOf).join("") : "";
  return `${Number(layer.trainable)}${inner}`;
}

/** Loss weights of a batch's samples: their own times those of their classes. */
function sampleWeights(batch: Batch, truth: Float32, classWeight: FitOptions["classWeight"]): Float32 {
  const size = batch.keys.length;
  const own = batch.sampleWeight?.data ?? new Float32Array(size).fill(1);
  if (classWeight === undefined) return float32(own, [size]);
  const classes = truth.data.length / size;
  const weighted = own.map((weight, index) => {
    const row = truth.data.subarray(index * classes, (index + 1) * classes);
    const label = classes === 1 ? (row[0] ?? 0) : row.indexOf(Math.max(...row));
    return weight * (classWeight[label] ?? 1);
  });
  return float32(weighted, [size]);
}

function requireTruth(batch: Batch): Float32 {
  if (batch.truth !== undefined) return batch.truth;
  throw new UsageError("The samples have no labels.", {
    subject: "y",
    expected: "labels, in `y` or from the source (classMode)",
    received: "none",
  });
}

function truthShapeOf(batch: Batch): readonly number[] {
  return batch.truth?.dims.slice(1) ?? [];
}

/** The loops of `fit`, `evaluate` and `predict` on a runtime. */
export function createTrainingLoops(runtime: Runtime): TrainingLoops {
  const kept = new WeakMap<BaseModel, Kept>();

  const keptOf = (model: BaseModel): Kept => {
    const found = kept.get(model) ?? { streams: new Map() };
    kept.set(model, found);
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
    truthShape: readonly number[],
  ): Promise<Programs> => {
    const memory = keptOf(model);
    const key: ProgramKey = { compiled, trainable: model.trainableWeights, flags: flagsOf(model), truthShape };
    const known = memory.programs;
    if (known !== undefined && !known.value.outdated && sameKey(known.key, key)) return known.value;
    delete memory.programs;
    await known?.value.release();
    const value = new Programs(runtime, model, compiled, truthShape);
    memory.programs = { value, key };
    return value;
  };

  const evaluateBatch = async (programs: Programs, activations: NamedTensors, batch: Batch): Promise<NamedTensors> => {
    const truth = requireTruth(batch);
    const session = await programs.evaluate();
    const feeds: Record<string, Tensor> = {
      ...activations,
      [names.truth]: toTensor(truth),
      [names.sampleWeight]: toTensor(sampleWeights(batch, truth, undefined)),
    };
    for (const { variable, name } of programs.fedWeights) feeds[name] = toTensor(variable.value);
    return session.run(pick(feeds, session.inputNames));
  };

  const evaluateSource = async (
    programs: Programs,
    compiled: Compiled,
    activations: Activations,
    batches: Iterable<Batch>,
  ): Promise<Logs> => {
    const means = new RunningMeans(compiled);
    for (const { batch, loading } of ahead(batches, activations)) {
      means.add(await evaluateBatch(programs, await activations.of(batch, loading), batch), batch.keys.length);
    }
    return means.logs();
  };

  const trainBatch = async (
    model: BaseModel,
    x: Tensor,
    y: Tensor,
    { sampleWeight, classWeight }: BatchOptions,
    train: boolean,
  ): Promise<Logs> => {
    const source = arraySource(x, { y, batchSize: x.dims[0] ?? 1, ...(sampleWeight ? { sampleWeight } : {}) });
    prepareModel(model, source);
    const { compiled } = model;
    const batch = source.next();
    const programs = await programsFor(model, compiled, truthShapeOf(batch));
    const activations = await new Activations(programs, source, 0).of(batch);
    const truth = requireTruth(batch);
    const means = new RunningMeans(compiled);
    const results = train
      ? await new StepRunner(programs, compiled.optimizer, keptOf(model).streams).run(
          activations,
          truth,
          sampleWeights(batch, truth, classWeight),
        )
      : await evaluateBatch(programs, activations, batch);
    means.add(results, batch.keys.length);
    return means.logs();
  };

  return {
    async fit(model, x, options) {
      const epochs = options.epochs ?? 1;
      const source = toSource(x, options, options.shuffle === false ? undefined : shuffleOrder(model));
      prepareModel(model, source);
      warnOfOtherPreprocessing(model, source);
      const { compiled } = model;
      const steps = options.stepsPerEpoch ?? roundSteps(source);
      const validation = options.validationData && validationSource(options.validationData, options.batchSize);
      const validationSteps = validation && (options.validationSteps ?? roundSteps(validation));

      // The first batch says the shape of the labels; it is trained on like any other.
      let upcoming = source.next();
      const programs = await programsFor(model, compiled, truthShapeOf(upcoming));
      const activations = new Activations(programs, source);
      const validationActivations = validation && new Activations(programs, validation);
      const runner = new StepRunner(programs, compiled.optimizer, keptOf(model).streams);

      const history = new History();
      let stopped = false;
      // A function, because the compiler takes a variable that only a closure sets for one that never changes.
      const goesOn = (): boolean => !stopped;
      const context: CallbackContext = { model, epochs, steps, stopTraining: () => void (stopped = true) };
      const callbacks = options.callbacks ?? [];
      for (const callback of callbacks) await callback.onTrainBegin?.(context);
      const load = (batch: Batch): Promise<NamedTensors> | undefined => {
        const begun = activations.load(batch);
        // Whoever awaits it later gets the error; until then it must not count as unhandled.
        begun?.catch(() => undefined);
        return begun;
      };
      let loading = load(upcoming);
      for (let epoch = options.initialEpoch ?? 0; epoch < epochs && goesOn(); epoch++) {
        const start = performance.now();
        for (const callback of callbacks) await callback.onEpochBegin?.(epoch, context);
        const means = new RunningMeans(compiled);
        for (let step = 0; step < steps && goesOn(); step++) {
          for (const callback of callbacks) await callback.onTrainBatchBegin?.(step, context);
          const batch = upcoming;
          const boundary = await activations.of(batch, loading);
          // The next batch is read while the engine works on this one; behind the last step there is none, so that the
          // next fit goes on where this one ends.
          if (step + 1 < steps || epoch + 1 < epochs) {
            upcoming = source.next();
            loading = load(upcoming);
          }
          const truth = requireTruth(batch);
          const results = await runner.run(boundary, truth, sampleWeights(batch, truth, options.classWeight));
          means.add(results, batch.keys.length);
          const logs = means.logs();
          for (const callback of callbacks) await callback.onTrainBatchEnd?.(step, logs, context);
        }
        const logs = means.logs();
        if (validation !== undefined && validationActivations !== undefined) {
          const batches = takeBatches(validation, validationSteps ?? 0);
          const figures = await evaluateSource(programs, compiled, validationActivations, batches);
          for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
        }
        history.epoch.push(epoch);
        history.seconds.push((performance.now() - start) / 1000);
        for (const [name, value] of Object.entries(logs)) (history.history[name] ??= []).push(value);
        for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, context);
      }
      // A batch that was begun and is not needed any more is not left running.
      await loading?.catch(() => undefined);
      if (compiled.optimizer.useEma) averageWeights(programs, compiled.optimizer);
      for (const callback of callbacks) await callback.onTrainEnd?.(context);
      return history;
    },

    async evaluate(model, x, options) {
      const source = toSource(x, options);
      prepareModel(model, source);
      const { compiled } = model;
      const [first] = source.inOrder();
      const programs = await programsFor(model, compiled, first ? truthShapeOf(first) : []);
      const batches = options.steps === undefined ? source.inOrder() : takeBatches(source, options.steps);
      return evaluateSource(programs, compiled, new Activations(programs, source, 0), batches);
    },

    async predict(model, x, options) {
      const source = toSource(x, options);
      prepareModel(model, source);
      const known = keptOf(model).programs?.value;
      const usable = known?.outdated === false ? known : await programsFor(model, undefined, []);
      const activations = new Activations(usable, source, 0);
      const session = await usable.predict();
      const parts: Float32[] = [];
      for (const { batch, loading } of ahead(source.inOrder(), activations)) {
        const feeds: Record<string, Tensor> = { ...(await activations.of(batch, loading)) };
        for (const { variable, name } of usable.fedWeights) feeds[name] = toTensor(variable.value);
        const results = await session.run(pick(feeds, session.inputNames));
        const output = results[names.output(0)];
        if (output !== undefined) parts.push(asFloat32(fromTensor(output)));
        for (const callback of options.callbacks ?? []) await callback.onPredictBatchEnd?.(parts.length - 1);
      }
      return toTensor(joined(parts));
    },

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

/** Puts the moving averages that an optimizer has kept in the place of the weights. */
function averageWeights(programs: Programs, optimizer: Optimizer): void {
  const { slots } = optimizerState(optimizer);
  for (const { variable } of programs.trained) {
    const average = slots.get(variable)?.get("average");
    if (average !== undefined) variable.assign({ ...average, data: average.data.slice() });
  }
}

function pick(feeds: NamedTensors, wanted: readonly string[]): NamedTensors {
  return Object.fromEntries(wanted.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
}

function roundSteps({ samples, batchSize }: BatchSource): number {
  return Math.ceil(samples / batchSize);
}

function* takeBatches(source: BatchSource, count: number): Iterable<Batch> {
  for (let step = 0; step < count; step++) yield source.next();
}

/** Batches with the loading of the next one already begun. */
function* ahead(
  batches: Iterable<Batch>,
  activations: Activations,
): Iterable<{ batch: Batch; loading: Promise<NamedTensors> | undefined }> {
  let previous: { batch: Batch; loading: Promise<NamedTensors> | undefined } | undefined;
  for (const batch of batches) {
    const current = { batch, loading: activations.load(batch) };
    // Whoever awaits it later gets the error; until then it must not count as unhandled.
    current.loading?.catch(() => undefined);
    if (previous !== undefined) yield previous;
    previous = current;
  }
  if (previous !== undefined) yield previous;
}

function toSource(
  x: BatchSource | Tensor,
  { y, batchSize = 32 }: { readonly y?: Tensor; readonly batchSize?: number },
  order?: Generator,
): BatchSource {
  if ("next" in x) return x;
  return arraySource(x, {
    batchSize,
    ...(y === undefined ? {} : { y }),
    ...(order === undefined ? {} : { order }),
  });
}

function validationSource(data: BatchSource | Arrays, batchSize = 32): BatchSource {
  return "next" in data ? data : arraySource(data[0], { y: data[1], batchSize });
}

/** Builds a model that waits for the shape of its input, and checks that the samples fit. */
function prepareModel(model: BaseModel, source: BatchSource): void {
  const [x] = source.graph;
  if (x === undefined) return;
  const [n, c, h, w] = x.shape;
  const shape =
    x.rank === 4 && n !== undefined && c !== undefined && h !== undefined && w !== undefined ? [n, h, w, c] : x.shape;
  model.ensureBuilt([shape]);
  const expected = model.inputs[0]?.shape.slice(1) ?? [];
  const received = shape.slice(1);
  if (String(expected) !== String(received)) {
    throw new ShapeError(`The samples do not fit the model "${model.name}".`, {
      subject: model.name,
      expected: `samples of shape [${expected.join(", ")}]`,
      received: `samples of shape [${received.join(", ")}]`,
    });
  }
}

function joined(parts: readonly Float32[]): Float32 {
  const [first] = parts;
  const count = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return float32(data, [count, ...(first?.dims.slice(1) ?? [])]);
}
