import { text } from "../errors/check.js";
import { refuseFormerMembers } from "../errors/former-members.js";
import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import type { Config } from "../nn/config.js";
import { Layer } from "../nn/layer.js";
import { GradientTape } from "../nn/eager/gradient-tape.js";
import { Mean } from "../nn/metrics/mean.js";
import type { Metric, MetricResult } from "../nn/metrics/metric.js";
import type { Optimizer } from "../nn/optimizers/index.js";
import { type LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Variable } from "../nn/variable.js";
import type { Tensor } from "../runtime/runtime.js";
import type { LoadWeightsOptions } from "./assign-weights.js";
import { refuseWhileTrained, whileReading } from "../nn/weight-use.js";
import type { Standardization } from "./sources/batch-source.js";
import { batchGiven, byPosition, samplesGiven } from "./by-position.js";
import { lookUpNames, resolveCompile } from "./compile-options.js";
import { findLayer, type LayerPlace } from "./find-layer.js";
import { checkMethodOptions } from "./option-names.js";
import type { ToJsonOptions } from "./config-options.js";
import { computeLoss, updateMetrics } from "./compute-figures.js";
import type { StepData, StepFigures, StepLogs, StepTensors } from "./step-data.js";
import { platform } from "./platform.js";
import { summarize, type SummaryOptions } from "./summary.js";
import type {
  AnySamples,
  BatchOptions,
  EvaluateOptions,
  FitOptions,
  GivenNumbers,
  History,
  InputArrays,
  Logs,
  OutputArrays,
  PredictOptions,
  WithNumbers,
} from "./training-types.js";
import type { Compiled, CompileOptions } from "./compile-types.js";

/** What is known of a model with pretrained weights. */
export interface Pretrained {
  /** The network's name, such as `VGG16`. */
  readonly network: string;
  /** What its training did to pixels. */
  readonly standardization: Standardization;
  /** How to do the same here. */
  readonly advice: string;
  /** The licence of its weights, where a file or the hub says it. */
  readonly licence?: string | undefined;
  /** What it costs to do otherwise, as measured; `undefined` where nobody measured. */
  readonly cost?: string | undefined;
}

/** What all kinds of models can do: be looked at, frozen, compiled, trained, evaluated, saved. A model is a layer too. */
export abstract class BaseModel extends Layer {
  static {
    const predictions = "predict, and the place of the greatest value in each row";
    refuseFormerMembers(this, "A model", {
      stop_training: "stopTraining",
      fit_generator: "fit",
      fitGenerator: "fit",
      evaluate_generator: "evaluate",
      evaluateGenerator: "evaluate",
      predict_generator: "predict",
      predictGenerator: "predict",
      predict_classes: predictions,
      predictClasses: predictions,
      predict_proba: "predict",
      predictProba: "predict",
      compiled_metrics: "computeMetrics({ y, yPred, sampleWeight })",
      compiledMetrics: "computeMetrics({ y, yPred, sampleWeight })",
      compiled_loss: "computeLoss({ y, yPred, sampleWeight })",
      compiledLoss: "computeLoss({ y, yPred, sampleWeight })",
    });
  }

  /**
   * Makes a model of what `getConfig` gives; its weights are new.
   *
   * @throws UsageError for a layer or an option that Graft does not have
   * @see https://keras.io/api/models/model_saving_apis/model_config_serialization/
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)]);
   * const same = models.Sequential.fromConfig(model.getConfig());
   * console.log(same.outputShape); // → [ 'N', 2 ]
   * ```
   */
  declare static fromConfig: (config: Config) => BaseModel;

  private compileOptions: CompileOptions | undefined;
  private compiledWith: Compiled | undefined;
  /** What a step was told before the shapes of the outputs were known. */
  private compiledBefore: Compiled | undefined;

  /** Set it to `true`, for example in a callback, to end `fit` after the present step; `fit` begins with `false`. */
  stopTraining = false;

  #givenLoss: CompileOptions["loss"];

  /** The mean of the losses of steps. Its name is out of the way of a `lossTracker` that a class of a user's own has. */
  #lossMean: Mean | undefined;

  /** Set for models with pretrained weights. */
  pretrained: Pretrained | undefined;

  /** The layers, in the order in which data passes them; a copy, so that changing the list changes no model. */
  abstract get layers(): readonly Layer[];

  /** The layers, and the operations among them, which `ops` puts there. */
  get operations(): readonly Layer[] {
    return this.layers;
  }

  /** Placeholders of the inputs. */
  abstract get inputs(): readonly SymbolicTensor[];

  /** Placeholders of the outputs. */
  abstract get outputs(): readonly SymbolicTensor[];

  /** Output shape of each layer in Keras's order; of its first call, where a layer is used several times. */
  abstract layerShapes(): ReadonlyMap<Layer, Shape>;

  /** Whether samples may have another size than the shapes say: a `Sequential` whose first samples said it takes others. */
  takesOtherSizes(): boolean {
    return false;
  }

  /**
   * Where the inputs of each layer come from, as Keras's summary says it: `name[call][output]`; `undefined` where the
   * layers form one row.
   */
  connections(): ReadonlyMap<Layer, readonly string[]> | undefined {
    return undefined;
  }

  /** What an inner layer gives, that layer has warned of. */
  protected override warnOfOutputs(): void {
    // Nothing more to say.
  }

  override get firstTensors(): Pick<LayerCall, "inputs" | "outputs"> | undefined {
    return this.built ? { inputs: this.inputs, outputs: this.outputs } : undefined;
  }

  /** Which layers are called on what comes out of which, once for each input; where nothing else is known, they form one row. */
  edges(): readonly (readonly [from: Layer, to: Layer])[] {
    const { layers } = this;
    return layers.slice(1).flatMap((layer, index) => {
      const before = layers[index];
      return before === undefined ? [] : [[before, layer] as const];
    });
  }

  override get heldLayers(): readonly Layer[] {
    return this.operations;
  }

  /** Names of the inputs, in the model's order: those of their `InputLayer`s. */
  get inputNames(): readonly string[] {
    return namesOf("input", this.inputs);
  }

  /** Names of the outputs, in the model's order, as Keras gives them: those of the layers that they come from. */
  get outputNames(): readonly string[] {
    return namesOf("output", this.outputs);
  }

  /**
   * The placeholder of the only input.
   *
   * @throws UsageError when there are several: see {@link inputs}
   */
  override get input(): SymbolicTensor {
    return this.onlyTensor("input", this.inputs);
  }

  /**
   * The placeholder of the only output.
   *
   * @throws UsageError when there are several: see {@link outputs}
   */
  override get output(): SymbolicTensor {
    return this.onlyTensor("output", this.outputs);
  }

  /**
   * Freezes or unfreezes the model and every layer in it. The last word counts: a layer that is unfrozen afterwards in a frozen
   * inner model learns. As in Keras 3 with TensorFlow, setting the value that the model has already changes nothing in its layers.
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const base = new models.Sequential([layers.Input({ shape: [8] }), new layers.Dense(4)]);
   * const model = new models.Sequential([base, new layers.Dense(1)]);
   * base.trainable = false;
   * console.log(model.weights.length, model.trainableWeights.length); // → 4 2
   * ```
   */
  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(value: boolean) {
    if (value === super.trainable) return;
    super.trainable = value;
    for (const layer of this.layers) layer.trainable = value;
  }

  /** Factor of the learning rate of every layer in the model; see {@link Layer.learningRateMultiplier}. */
  override get learningRateMultiplier(): number {
    return super.learningRateMultiplier;
  }

  override set learningRateMultiplier(value: number) {
    super.learningRateMultiplier = value;
    for (const layer of this.layers) layer.learningRateMultiplier = value;
  }

  override get weights(): readonly Variable[] {
    return unique([...this.ownWeights, ...this.layers.flatMap(({ weights }) => weights)]);
  }

  /**
   * The layer of the given name, or at the given place among {@link layers}; -1 is the last.
   *
   * @param which `"conv2d"`, `{ name: "conv2d" }` or `{ index: 3 }`
   * @throws UsageError when there is none; the message offers the nearest names
   *
   * @example
   * ```ts
   * import { applications } from "graft-ml";
   *
   * const base = await applications.VGG16({ weights: null, includeTop: false, inputShape: [64, 64, 3] });
   * // Only the last block learns.
   * const first = base.layers.indexOf(base.getLayer("block5_conv1"));
   * base.layers.forEach((layer, index) => {
   *   layer.trainable = index >= first;
   * });
   * console.log(base.weights.length, base.trainableWeights.length); // → 26 6
   * ```
   */
  getLayer(which: string | LayerPlace): Layer {
    return findLayer(this.name, this.layers, which);
  }

  /**
   * The table of layers, output shapes and numbers of weights, as Keras prints it.
   *
   * @param options Keras's options, or what to do with each line; default: show it
   */
  summary(options: SummaryOptions | ((line: string) => void) = {}): void {
    const show = (line: string): void => {
      platform().print(line);
    };
    if (typeof options === "function") {
      for (const line of summarize(this)) options(line);
      return;
    }
    checkMethodOptions("summary", options);
    const lines = summarize(this, options);
    if (options.printFn === undefined) lines.forEach(show);
    else options.printFn(lines.join("\n"));
  }

  /**
   * Says how the model is to be trained. Slots of an optimizer belong to it, so a new optimizer starts afresh.
   *
   * @throws UsageError for a name that Keras does not know, or an output that is not there
   *
   * @example
   * ```ts
   * import { layers, models, optimizers } from "graft-ml";
   *
   * const classes = new layers.Dense(3, { activation: "softmax" });
   * const model = new models.Sequential([layers.Input({ shape: [4] }), classes]);
   * const optimizer = new optimizers.Adam({ learningRate: 1e-4 });
   * model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
   * ```
   */
  compile(options: CompileOptions = {}): void {
    refuseWhileTrained("compile", this, this.name);
    this.compileOptions = lookUpNames(checkMethodOptions("compile", options));
    this.#givenLoss = options.loss;
    this.compiledBefore = undefined;
    this.compiledWith = this.built ? this.resolveCompiled() : undefined;
  }

  /** What `compile` was given as loss, as it was given; `undefined` before. */
  get loss(): CompileOptions["loss"] {
    return this.#givenLoss;
  }

  /** What `compile` was given, with names of optimizer and loss looked up; `undefined` before. */
  get compilation(): CompileOptions | undefined {
    return this.compileOptions;
  }

  /**
   * What the model was compiled with.
   *
   * @throws UsageError when it was not
   */
  get compiled(): Compiled {
    return (this.compiledWith ??= this.resolveCompiled());
  }

  /** As {@link compiled}; in steps of a model that is not called itself, and whose outputs nobody knows, without their shapes. */
  private get compiledInStep(): Compiled {
    if (this.compileOptions === undefined || this.built) return this.compiled;
    const unknown = { name: this.name, outputs: ["output"], shapes: [], lossMean: this.#meanOfLosses };
    return (this.compiledBefore ??= resolveCompile(this.compileOptions, unknown));
  }

  /**
   * The optimizer that the model was compiled with.
   *
   * @throws UsageError when it was not compiled
   */
  get optimizer(): Optimizer {
    const given = this.compileOptions?.optimizer;
    // A model that waits for its input is compiled as far as its optimizer goes.
    return given === undefined || typeof given === "string" ? this.compiled.optimizer : given;
  }

  /**
   * The metrics that {@link getMetricsResult} gives: the loss, and those of `compile`. A class with a `trainStep` of its own may
   * override it.
   */
  get metrics(): readonly Metric[] {
    return [this.#meanOfLosses, ...this.compiledInStep.metrics.map(({ metric }) => metric)];
  }

  get #meanOfLosses(): Mean {
    return (this.#lossMean ??= new Mean({ name: "loss" }));
  }

  /** Names of the figures of {@link metrics}, such as `["loss", "acc"]`. */
  get metricsNames(): readonly string[] {
    return ["loss", ...this.compiledInStep.metrics.map(({ name }) => name)];
  }

  /**
   * One step of the training, as a computation; a class that extends `Model` may say another. It is written down once for each
   * shape of batches, with functions of `ops`, calls of layers, a `GradientTape` and `optimizer.apply`, and runs for every batch.
   *
   * @param data samples, labels and weights of samples
   * @returns figures for logs: tensors (that of the last step counts), or results of metrics, which add up over the epoch
   * @see https://keras.io/guides/custom_train_step_in_tensorflow/
   *
   * @example
   * ```ts
   * import { GradientTape, layers, models, ops, type StepData, type StepLogs, Tensor } from "graft-ml";
   *
   * class Squares extends models.Model {
   *   override trainStep([x, y]: StepData): StepLogs {
   *     const tape = new GradientTape();
   *     const yPred = this.apply(x, { training: true });
   *     const loss = ops.mean(ops.square(ops.subtract(y, yPred)));
   *     const gradients = tape.gradient(loss, this.trainableWeights);
   *     void this.optimizer.apply(gradients, this.trainableWeights);
   *     return { loss };
   *   }
   * }
   * const inputs = layers.Input({ shape: [1] });
   * const model = new Squares({ inputs, outputs: new layers.Dense(1).apply(inputs) });
   * model.compile({ optimizer: "adam" });
   * const x = new Tensor("float32", [1, 2], [2, 1]);
   * const { history } = await model.fit(x, x, { epochs: 2, verbose: 0 });
   * console.log(history["loss"]?.length); // → 2
   * ```
   */
  trainStep(data: StepData): StepLogs {
    const [x, y, sampleWeight] = data;
    const tape = new GradientTape();
    const yPred = this.predictions(x, true);
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
    void this.#meanOfLosses.updateState(loss, samplesIn(x));
    const weights = this.trainableWeights;
    void this.optimizer.apply(tape.gradient(loss, weights), weights);
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** As {@link trainStep}, for evaluation and validation: nothing is changed. */
  testStep(data: StepData): StepLogs {
    const [x, y, sampleWeight] = data;
    const yPred = this.predictions(x, false);
    void this.#meanOfLosses.updateState(this.computeLoss({ x, y, yPred, sampleWeight, training: false }), samplesIn(x));
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  private predictions(x: StepTensors, training: boolean): StepTensors {
    const outputs = this.applyAll(x instanceof SymbolicTensor ? [x] : x, { training });
    const [first] = outputs;
    return outputs.length === 1 && first !== undefined ? first : outputs;
  }

  /**
   * The loss of a batch inside of a step: that of `compile`, and the penalties of layers that were called so far.
   *
   * @param figures labels and predictions; lists of them for several outputs
   * @returns a single number
   * @throws UsageError when there is no loss
   */
  computeLoss(figures: StepFigures): SymbolicTensor {
    return computeLoss(this.compiledInStep, figures);
  }

  /** Takes labels and predictions of a batch into the metrics of `compile`, inside of a step, and gives all figures. */
  computeMetrics(figures: StepFigures): StepLogs {
    updateMetrics(this.compiledInStep, figures);
    return this.getMetricsResult();
  }

  /** What {@link metrics} come to, by name: inside of a step what it returns, outside numbers. */
  getMetricsResult(): Record<string, MetricResult> {
    const names = new Map(this.compileOptions && this.compiledInStep.metrics.map(({ name, metric }) => [metric, name]));
    const entries = this.metrics.map((metric) => [names.get(metric) ?? metric.name, metric.result()] as const);
    return Object.fromEntries(entries);
  }

  /** Has {@link metrics} begin anew. `fit`, `evaluate` and their sisters do so by themselves. */
  resetMetrics(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  /** Told when layers have come or gone: what a metric's name means may depend on the output. */
  protected changed(): void {
    this.compiledWith = undefined;
  }

  private resolveCompiled(): Compiled {
    if (this.compileOptions === undefined) {
      throw new UsageError(`The model "${this.name}" is not compiled.`, {
        subject: this.name,
        expected: "a call of compile before fit, evaluate or trainOnBatch",
        received: "none",
        advice: 'For example: model.compile({ optimizer: "rmsprop", loss: "binary_crossentropy", metrics: ["acc"] }).',
      });
    }
    const { name, outputNames: outputs } = this;
    const shapes = this.outputs.map(({ shape }) => shape);
    const resolved = resolveCompile(this.compileOptions, { name, outputs, shapes, lossMean: this.#meanOfLosses });
    // Metrics that a step has told something before are the same ones.
    const { compiledBefore } = this;
    return compiledBefore === undefined || outputs.length > 1
      ? resolved
      : { ...resolved, metrics: compiledBefore.metrics };
  }

  /**
   * Trains the model. While it is under way, a second training of it, of its weights or with its optimizer is refused;
   * `predict`, `evaluate`, `save` and `export` see the weights as they are after a whole step.
   *
   * @param x samples: arrays, a flow, a dataset, a `PyDataset`, or a generator of batches
   * @param y labels of arrays, which may also be said in the options
   * @throws UsageError when the model is not compiled or is being trained already, or samples and labels do not fit it
   * @see https://keras.io/api/models/model_training_apis/#fit-method
   *
   * @example
   * ```ts
   * import { layers, models, optimizers, Tensor } from "graft-ml";
   *
   * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
   * const y = new Tensor("float32", [1, 3, 5, 7], [4, 1]);
   * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
   * model.compile({ optimizer: new optimizers.SGD(0.1), loss: "mse" });
   * const { history } = await model.fit(x, { y, epochs: 100, verbose: 0 });
   * console.log(history["loss"]?.length); // → 100
   * console.log(history["loss"]?.at(-1)); // such as 1.5e-9
   * ```
   */
  fit(x: AnySamples | GivenNumbers, options?: WithNumbers<FitOptions>): Promise<History>;
  fit(
    x: AnySamples | GivenNumbers,
    y: OutputArrays | GivenNumbers | null | undefined,
    options?: WithNumbers<FitOptions>,
  ): Promise<History>;
  async fit(
    x: AnySamples | GivenNumbers,
    second?: WithNumbers<FitOptions> | OutputArrays | GivenNumbers | null,
    third?: WithNumbers<FitOptions>,
  ): Promise<History> {
    const place = { call: "fit", model: this };
    return platform().loops.fit(this, samplesGiven<AnySamples>(place, x), byPosition<FitOptions>(place, second, third));
  }

  /**
   * Loss and metrics on samples, without training; in the order of Keras's list.
   *
   * @param x samples of any kind that {@link fit} takes, from the first one in each call
   * @param y labels of arrays, which may also be said in the options
   *
   * @example
   * ```ts
   * import { layers, models, Tensor } from "graft-ml";
   *
   * const same = new layers.Dense(1, { kernelInitializer: "ones" });
   * const model = new models.Sequential([layers.Input({ shape: [1] }), same]);
   * model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
   * const x = new Tensor("float32", [1, 2], [2, 1]);
   * const y = new Tensor("float32", [1, 4], [2, 1]);
   * console.log(await model.evaluate(x, { y, verbose: 0 })); // → { loss: 2, mae: 1 }
   * ```
   */
  evaluate(x: AnySamples | GivenNumbers, options?: WithNumbers<EvaluateOptions>): Promise<Logs>;
  evaluate(
    x: AnySamples | GivenNumbers,
    y: OutputArrays | GivenNumbers | null | undefined,
    options?: WithNumbers<EvaluateOptions>,
  ): Promise<Logs>;
  async evaluate(
    x: AnySamples | GivenNumbers,
    second?: WithNumbers<EvaluateOptions> | OutputArrays | GivenNumbers | null,
    third?: WithNumbers<EvaluateOptions>,
  ): Promise<Logs> {
    const place = { call: "evaluate", model: this };
    const options = byPosition<EvaluateOptions>(place, second, third);
    return platform().loops.evaluate(this, samplesGiven<AnySamples>(place, x), options);
  }

  /**
   * The model's output for samples, in Keras's order; in the order of the samples. A model with several outputs gives a list,
   * which TypeScript has to be told: `await model.predict<Tensor[]>(x)`.
   *
   * @example
   * ```ts
   * import { layers, models, Tensor } from "graft-ml";
   *
   * const equal = new layers.Dense(4, { kernelInitializer: "zeros", activation: "softmax" });
   * const model = new models.Sequential([layers.Input({ shape: [3] }), equal]);
   * const probabilities = await model.predict(new Tensor("float32", [1, 2, 3], [1, 3]), { verbose: 0 });
   * console.log(probabilities.dims); // → [ 1, 4 ]
   * console.log(probabilities.data); // → Float32Array(4) [ 0.25, 0.25, 0.25, 0.25 ]
   * ```
   */
  async predict<Output extends Tensor | readonly Tensor[] = Tensor>(
    x: AnySamples | GivenNumbers,
    options: PredictOptions = {},
  ): Promise<Output> {
    const samples = samplesGiven<AnySamples>({ call: "predict", model: this }, x);
    return unpacked(await platform().loops.predict(this, samples, options)) as Output;
  }

  /** One training step. */
  async trainOnBatch(
    x: InputArrays | GivenNumbers,
    y?: OutputArrays | GivenNumbers,
    options: WithNumbers<BatchOptions> = {},
  ): Promise<Logs> {
    const { samples, labels, given } = batchGiven({ call: "trainOnBatch", model: this }, x, y, options);
    return platform().loops.trainOnBatch(this, samples, labels, given);
  }

  /** Loss and metrics of one batch, without training. */
  async testOnBatch(
    x: InputArrays | GivenNumbers,
    y?: OutputArrays | GivenNumbers,
    options: WithNumbers<BatchOptions> = {},
  ): Promise<Logs> {
    const { samples, labels, given } = batchGiven({ call: "testOnBatch", model: this }, x, y, options);
    return platform().loops.testOnBatch(this, samples, labels, given);
  }

  /** The model's output for one batch; a list where it has several outputs, as of {@link predict}. */
  async predictOnBatch<Output extends Tensor | readonly Tensor[] = Tensor>(
    x: InputArrays | GivenNumbers,
  ): Promise<Output> {
    const samples = samplesGiven<InputArrays>({ call: "predictOnBatch", model: this }, x);
    return unpacked(await platform().loops.predictOnBatch(this, samples)) as Output;
  }

  /**
   * Loads weights from a Keras file: `.h5` of weights or of a whole model, `.weights.h5`, `.keras`. All of them are loaded,
   * or none when something does not fit. As in Keras, a `.weights.h5` file brings the state of an optimizer that has
   * trained along.
   *
   * @param options `byName`: find layers by name instead of by order; `skipMismatch`: leave out what does not fit, with a
   * warning
   * @returns what was skipped, one line each
   * @throws FileError when the file cannot be read
   * @throws ShapeError when it does not fit the model
   * @see https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/ – there, `by_name` is for old files only
   */
  async loadWeights(path: string, options: LoadWeightsOptions = {}): Promise<readonly string[]> {
    checkMethodOptions("loadWeights", options);
    return platform().files.loadWeights(this, text("loadWeights", "path", path), options);
  }

  /**
   * Writes the weights to a file that Keras 3 reads, with the state of the optimizer. An existing file is replaced once the
   * new one is complete.
   *
   * @param path ends in `.weights.h5`
   * @throws UsageError for another ending, or when the model has no weights yet
   * @throws FileError when the file cannot be written
   */
  async saveWeights(path: string): Promise<void> {
    const file = text("saveWeights", "path", path);
    return this.whileSaved(() => platform().files.saveWeights(this, file));
  }

  /**
   * Writes what the model computes in inference to an ONNX file, with its weights: inputs `input`, outputs `output`, float32,
   * shapes in Keras's order. An existing file is replaced once the new one is complete.
   *
   * @param path ends in `.onnx`
   * @throws UsageError for another ending
   * @throws FileError when the file cannot be written
   * @see https://keras.io/api/models/model_saving_apis/export/ with `format="onnx"`
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const model = new models.Sequential([
   *   layers.Input({ shape: [32, 32, 3] }),
   *   new layers.GlobalAveragePooling2D(),
   *   new layers.Dense(2, { activation: "softmax" }),
   * ]);
   * await model.export("model.onnx");
   * ```
   */
  async export(path: string): Promise<void> {
    const file = text("export", "path", path);
    return this.whileSaved(() => platform().files.exportModel(this, file));
  }

  /**
   * Writes the model to a file that Keras 3 reads: layers, weights, what it was compiled with, the state of the optimizer.
   * An existing file is replaced once the new one is complete.
   *
   * @param path ends in `.keras`
   * @throws UsageError for another ending, layers that Keras does not have, or a model that has no weights yet
   * @throws FileError when the file cannot be written
   * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(1)]);
   * model.compile({ optimizer: "adam", loss: "mse" });
   * await model.save("model.keras");
   * ```
   */
  async save(path: string): Promise<void> {
    const file = text("save", "path", path);
    return this.whileSaved(() => platform().files.saveModel(this, file));
  }

  /**
   * What files say of the model, without weights: layers, how they are called, and what it was compiled with; as JSON that Keras
   * reads, too. `models.modelFromJson` makes a model of it.
   *
   * @param options `indent`: number of blanks at the beginning of inner lines; default: all in one line
   * @throws UsageError for layers that Keras does not have
   */
  toJson(options: ToJsonOptions = {}): string {
    checkMethodOptions("toJson", options);
    const { indent } = options;
    const json = platform().files.jsonOfModel(this);
    return indent === undefined ? json : JSON.stringify(JSON.parse(json), null, indent);
  }

  /** Writes weights somewhere: as they are after a whole step, where they are being trained. */
  private whileSaved(write: () => Promise<void>): Promise<void> {
    return whileReading(() => this.weights, write);
  }
}

/** Number of samples of a step, by which its loss counts in that of the epoch. */
function samplesIn(x: StepTensors): number {
  const [first] = x instanceof SymbolicTensor ? [x] : x;
  return Number(first?.shape[0] ?? 1);
}

/** The only tensor alone, several as a list. */
function unpacked(outputs: readonly Tensor[]): Tensor | readonly Tensor[] {
  const [first] = outputs;
  return first !== undefined && outputs.length === 1 ? first : outputs;
}

/** Names of the layers that tensors come from; numbers where they come from none. */
function namesOf(what: string, tensors: readonly SymbolicTensor[]): readonly string[] {
  return tensors.map(({ call }, index) => call?.().layer.name ?? (tensors.length === 1 ? what : `${what}_${index}`));
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
