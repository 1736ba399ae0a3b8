import { refuseUnknown } from "../errors/check.js";
import { GraftError, ShapeError, UsageError } from "../errors/errors.js";
import { warn } from "../errors/warn.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { formatShape, type Shape } from "../graph/shape.js";
import { input, producer, type Value } from "../graph/value.js";
import { channelsFirst, channelsLast } from "./channels.js";
import { type Config, serializeObject } from "./config.js";
import type { Constraint } from "./constraints/constraint.js";
import type { CallContext } from "./context.js";
import type { Initializer } from "./initializers/initializer.js";
import { automaticName, snakeCase } from "./names.js";
import type { Regularizer } from "./regularizers/regularizer.js";
import { type RegularizerLike, resolveRegularizer } from "./regularizers/resolve-regularizer.js";
import {
  type CallArguments,
  type CallOptions,
  type LayerCall,
  type MaskName,
  SymbolicTensor,
} from "./symbolic-tensor.js";
import { Variable } from "./variable.js";
import { Named } from "./named.js";

/** Options that every layer has. */
export interface LayerOptions {
  /** Name, unique within a model; default: made from the class, such as `dense_1`. */
  readonly name?: string | undefined;
  /** Whether training may change the layer's weights; default `true`. */
  readonly trainable?: boolean;
  /**
   * For the first layer of a Sequential: the shape of a sample in Keras's order, `null` for extents that vary. Keras's old
   * way; new scripts begin with `Input`.
   */
  readonly inputShape?: readonly (number | null)[];
  /** Penalty on the outputs, which is added to the loss; default none. */
  readonly activityRegularizer?: RegularizerLike | undefined;
}

/** What is particular about a weight. */
export interface WeightOptions {
  /** Whether gradients may change it at all; moving statistics are `false`. Default `true`. */
  readonly learnable?: boolean;
  /** Penalty on it; default none. */
  readonly regularizer?: Regularizer | undefined;
  /** What it is brought back to after each training step; default nothing. */
  readonly constraint?: Constraint | undefined;
}

/**
 * Weights whose penalty a context has been told: a layer that is called twice is penalized once. It hangs on the context from
 * outside, and goes with it, so that those who write a context need not know of it.
 */
const penalized = new WeakMap<CallContext, Set<Variable>>();

/** For finding shapes: weights are inputs, and nothing else happens. */
const shapeContext: CallContext = {
  training: false,
  weight: (variable) => input(variable.path, "float32", variable.shape),
  random: (name, _distribution, shape) => input(name, "float32", shape),
  update: () => undefined,
  addLoss: () => undefined,
};

/**
 * A building block of networks: weights, and a computation written as a graph of operators.
 *
 * Public shapes are Keras's (`[batch, height, width, channels]`); the values that {@link call} sees are the graph's, in
 * which rank 4 means `[N, C, H, W]`.
 *
 * @see https://keras.io/api/layers/base_layer/
 */
export abstract class Layer extends Named {
  readonly name: string;
  /** What the option `inputShape` says: a Sequential that begins with the layer begins with an input of this shape. */
  readonly givenInputShape: readonly (number | null)[] | undefined;
  /** Penalty on the outputs. */
  readonly activityRegularizer: Regularizer | undefined;
  private readonly givenOptions: readonly string[];
  private ownTrainable: boolean;
  private ownMultiplier = 1;
  private readonly ownWeights: Variable[] = [];
  private isBuilt = false;

  constructor(options: LayerOptions = {}) {
    super();
    this.name = options.name ?? automaticName(this.className);
    this.ownTrainable = options.trainable ?? true;
    this.givenInputShape = options.inputShape;
    this.activityRegularizer = resolveRegularizer(options.activityRegularizer);
    this.givenOptions = Object.keys(options);
  }

  /** Whether training may change the layer's weights. Takes effect at the next `fit`. */
  get trainable(): boolean {
    return this.ownTrainable;
  }

  set trainable(value: boolean) {
    this.ownTrainable = value;
  }

  /**
   * Factor of the learning rate for the weights of the layer, or of all layers of a model; default 1. Takes effect at the
   * next `fit`. Keras has no such thing: it lets the layers of a backbone learn more slowly than the head.
   */
  get learningRateMultiplier(): number {
    return this.ownMultiplier;
  }

  set learningRateMultiplier(value: number) {
    if (!(value > 0) || !Number.isFinite(value)) {
      throw new UsageError(`The layer "${this.name}" cannot learn at this rate.`, {
        subject: "learningRateMultiplier",
        expected: "a positive number",
        received: String(value),
        advice: "Set trainable to false to freeze the layer.",
      });
    }
    this.ownMultiplier = value;
    for (const variable of this.weights) variable.learningRateMultiplier = value;
  }

  /** Whether the weights exist. */
  get built(): boolean {
    return this.isBuilt;
  }

  /** All weights, in Keras's order: learnable ones first. */
  get weights(): readonly Variable[] {
    return [...this.ownWeights].sort((a, b) => Number(b.learnable) - Number(a.learnable));
  }

  /** The weights that training changes. */
  get trainableWeights(): readonly Variable[] {
    return this.trainable ? this.weights.filter(({ learnable }) => learnable) : [];
  }

  /** The weights that gradients do not change: frozen ones and statistics. */
  get nonTrainableWeights(): readonly Variable[] {
    const trainable = new Set(this.trainableWeights);
    return this.weights.filter((variable) => !trainable.has(variable));
  }

  /** Number of elements of all weights. */
  countParams(): number {
    return this.weights.reduce((sum, { size }) => sum + size, 0);
  }

  /** Copies of the weights, in Keras's order and shapes. */
  getWeights(): TensorData<"float32">[] {
    return this.weights.map(({ value }) => ({ ...value, data: value.data.slice() }));
  }

  /**
   * Replaces the weights by copies of the given ones.
   *
   * @param tensors in Keras's order and shapes
   * @throws ShapeError when number or shapes differ; then no weight has changed
   */
  setWeights(tensors: readonly TensorData<"float32">[]): void {
    const variables = this.weights;
    const shapes = (list: readonly { readonly dims: readonly number[] }[]): string =>
      list.map(({ dims }) => formatShape(dims)).join(", ") || "none";
    const expected = variables.map(({ shape }) => ({ dims: shape }));
    const fits =
      tensors.length === variables.length &&
      tensors.every(({ dims }, index) => String(dims) === String(expected[index]?.dims));
    if (!fits) {
      throw new ShapeError(`The layer "${this.name}" cannot take these weights.`, {
        subject: this.name,
        expected: shapes(expected),
        received: shapes(tensors),
        advice: this.built ? undefined : "The layer has no weights yet: give the model an input shape first.",
      });
    }
    variables.forEach((variable, index) => {
      const tensor = tensors[index];
      if (tensor !== undefined) variable.assign({ ...tensor, data: tensor.data.slice() });
    });
  }

  /**
   * Applies the layer in the functional API.
   *
   * @param inputs one placeholder, or a list for layers with several inputs
   * @param options `{ training: false }` for inference mode even while the model is trained
   * @returns the output's placeholder
   * @throws ShapeError when the layer cannot take these shapes
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options: CallOptions = {}): SymbolicTensor {
    const [first, ...others] = this.applyAll(inputs instanceof SymbolicTensor ? [inputs] : inputs, options);
    if (first === undefined || others.length > 0) {
      throw new UsageError(`The layer "${this.name}" has ${others.length + 1} outputs.`, {
        subject: this.name,
        expected: "a layer with one output",
        received: `${others.length + 1} outputs`,
        advice: "Use applyAll.",
      });
    }
    return first;
  }

  /** As {@link apply}, for layers with several outputs. */
  applyAll(inputs: readonly SymbolicTensor[], options: CallOptions = {}): readonly SymbolicTensor[] {
    this.ensureBuilt(inputs.map(({ shape }) => shape));
    const { training, attentionMask, mask, ...flags } = options;
    const given: Readonly<Record<MaskName, SymbolicTensor | undefined>> = { attention_mask: attentionMask, mask };
    const masks = (["attention_mask", "mask"] as const).filter((name) => given[name] !== undefined);
    const all = [...inputs, ...masks.flatMap((name) => given[name] ?? [])];
    const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value));
    const told: CallArguments = { ...set, masks: masks.length === 0 ? undefined : masks };
    const tells = masks.length > 0 || Object.keys(set).length > 0;
    this.checkArguments([...Object.keys(set), ...masks]);
    // JavaScript lets it through.
    if ((training as boolean | undefined) === true) {
      throw new UsageError(`The layer "${this.name}" cannot be called in training mode alone.`, {
        subject: "training",
        expected: "false, or nothing: as the model",
        received: "true",
        advice: "Inference has no random numbers and no statistics of a batch here.",
      });
    }
    const values = this.inferOutputs(all, told);
    this.warnOfOutputs(values);
    const outputs: readonly SymbolicTensor[] = values.map(
      ({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, () => call),
    );
    const call: LayerCall = {
      layer: this,
      inputs: all,
      outputs,
      training,
      arguments: tells ? told : undefined,
    };
    return outputs;
  }

  /** Warns of outputs that are surely a mistake: as in Keras, a softmax over one value, which is always 1. */
  protected warnOfOutputs(outputs: readonly Value[]): void {
    for (const output of outputs) {
      const node = producer(output);
      if (node?.op !== "Softmax") continue;
      const axis = Number(node.attributes["axis"]?.value ?? -1);
      if (output.shape.at(axis) !== 1) continue;
      warn(
        `The layer "${this.name}" takes a softmax over an axis of extent 1, of the shape ` +
          `${formatShape(channelsLast(output.shape))}: it always gives 1. Was a sigmoid meant?`,
      );
    }
  }

  /** Names of what the layer may be told beside its inputs. */
  protected get callArguments(): readonly string[] {
    return [];
  }

  private checkArguments(names: readonly string[]): void {
    const known = this.callArguments.map(snakeCase);
    const unknown = names.map(snakeCase).find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw new UsageError(`The layer "${this.name}" (${this.className}) cannot be called with "${unknown}".`, {
      subject: unknown,
      expected: known.length === 0 ? "inputs alone" : known.join(", "),
      received: unknown,
    });
  }

  /** Shapes of the outputs for inputs of the given shapes, both in Keras's order. */
  computeOutputShapes(shapes: readonly Shape[]): readonly Shape[] {
    this.ensureBuilt(shapes);
    return this.inferOutputs(shapes.map((shape) => ({ shape, type: "float32" as const }))).map(({ shape }) =>
      channelsLast(shape),
    );
  }

  private inferOutputs(
    inputs: readonly Pick<SymbolicTensor, "shape" | "type">[],
    told?: CallArguments,
  ): readonly Value[] {
    const values = inputs.map(({ shape, type }, index) => input(`input_${index}`, type, channelsFirst(shape)));
    return this.callNamed(values, shapeContext, told);
  }

  /** {@link call}, with the layer's name in front of what goes wrong. */
  callNamed(inputs: readonly Value[], context: CallContext, told: CallArguments = {}): readonly Value[] {
    try {
      const outputs = this.call(inputs, context, told);
      this.penalize(outputs, context);
      return outputs;
    } catch (error) {
      if (!(error instanceof GraftError) || error.message.startsWith("Layer ")) throw error;
      throw new ShapeError(`Layer "${this.name}" (${this.className}): ${error.message}`, {
        subject: this.name,
        cause: error,
      });
    }
  }

  /** Adds the penalties on this layer's weights and outputs to the loss; as in Keras, frozen weights have none. */
  private penalize(outputs: readonly Value[], context: CallContext): void {
    if (context === shapeContext) return;
    if (this.activityRegularizer !== undefined) {
      for (const output of outputs) context.addLoss(this.activityRegularizer.penalty(output));
    }
    if (!this.trainable) return;
    const step = context.origin ?? context;
    const done = penalized.get(step) ?? new Set();
    penalized.set(step, done);
    for (const variable of this.ownWeights) {
      if (variable.regularizer === undefined || done.has(variable)) continue;
      done.add(variable);
      context.addLoss(variable.regularizer.penalty(context.weight(variable)));
    }
  }

  /** JavaScript lets mistyped options through; Keras's list of them is what the configuration holds. */
  private checkOptions(): void {
    const common = ["name", "trainable", "activityRegularizer", "inputShape", "dtype"];
    const others = this.givenOptions.filter((option) => !common.includes(option));
    if (others.length === 0) return;
    const known = Object.keys(this.getConfig());
    const unknown = others.find((option) => !known.includes(snakeCase(option)));
    if (unknown === undefined) return;
    refuseUnknown(`The layer "${this.name}" (${this.className})`, unknown, known, snakeCase(unknown));
  }

  /** Creates the weights unless they exist. Shapes are in Keras's order. */
  ensureBuilt(shapes: readonly Shape[]): void {
    if (this.isBuilt) return;
    this.checkOptions();
    this.build?.(shapes);
    this.isBuilt = true;
  }

  /**
   * Creates the weights, by {@link addWeight}, for inputs of the given shapes in Keras's order. Layers without weights
   * need none.
   */
  protected build?(shapes: readonly Shape[]): void;

  /** Creates a weight; its path is the layer's name and `name`. */
  protected addWeight(
    name: string,
    shape: readonly number[],
    initializer: Initializer,
    options: WeightOptions = {},
  ): Variable {
    const variable = new Variable({ path: `${this.name}/${name}`, shape, initializer, ...options });
    variable.learningRateMultiplier = this.ownMultiplier;
    this.ownWeights.push(variable);
    return variable;
  }

  /**
   * The value of a weight in the graph.
   *
   * @throws UsageError when the layer has not been built
   */
  protected weightValue(variable: Variable | undefined, context: CallContext): Value {
    if (variable !== undefined) return context.weight(variable);
    throw new UsageError(`The layer "${this.name}" has no weights yet.`, {
      subject: this.name,
      expected: "a layer that has been given an input shape",
      received: "one that has not",
      advice: "Give the model an Input.",
    });
  }

  /**
   * Writes the layer's computation as a graph.
   *
   * @param inputs values of the graph: rank 4 is `[N, C, H, W]`
   * @param told what the layer is told beside its inputs; masks stand behind these
   * @returns one value an output, in the same convention
   */
  abstract call(inputs: readonly Value[], context: CallContext, told: CallArguments): readonly Value[];

  /** What every layer's configuration begins with. */
  protected baseConfig(): Config {
    const dtype = { module: "keras", class_name: "DTypePolicy", config: { name: "float32" }, registered_name: null };
    const regularizer = this.activityRegularizer;
    return {
      name: this.name,
      trainable: this.trainable,
      dtype,
      ...(regularizer === undefined
        ? {}
        : { activity_regularizer: serializeObject("keras.regularizers", regularizer) }),
    };
  }

  /** Keras's configuration: what the constructor takes, in Keras's snake_case. */
  abstract getConfig(): Record<string, unknown>;
}

/** A layer with one input and one output. */
export abstract class UnaryLayer extends Layer {
  call(inputs: readonly Value[], context: CallContext, { masks = [] }: CallArguments): readonly Value[] {
    const [x, mask, ...others] = inputs;
    if (x === undefined || others.length > 0 || (mask !== undefined) !== masks.length > 0) {
      throw new UsageError(`The layer "${this.name}" takes one input.`, {
        subject: this.name,
        expected: "one input",
        received: `${inputs.length} inputs`,
      });
    }
    return [this.forward(x, context, mask)];
  }

  /**
   * Writes the layer's computation for its only input.
   *
   * @param mask for layers that may be called with one
   */
  protected abstract forward(x: Value, context: CallContext, mask?: Value): Value;
}
