import { type Float32Tensor, isTensor, Tensor } from "../runtime/runtime.js";
import { checkOptionNames, isWhole, refuse } from "../errors/check.js";
import { refuseFormerMembers } from "../errors/former-members.js";
import { GraftError, ShapeError, UsageError } from "../errors/errors.js";
import { warn } from "../errors/warn.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { formatShape, type Shape } from "../graph/shape.js";
import { input, producer, type Value, type ValueType } from "../graph/value.js";
import { cast } from "../ops/layout.js";
import { reduceSum } from "../ops/reduction.js";
import { channelsFirst, channelsLast } from "./channels.js";
import type { Config } from "./config.js";
import { serializeObject } from "./serialize-object.js";
import type { Constraint } from "./constraints/constraint.js";
import { type ConstraintLike, resolveConstraint } from "./constraints/resolve-constraint.js";
import { type CallGiven, type Inputs, takeCall } from "./call-positions.js";
import { type CallContext, inInference } from "./context.js";
import { evaluate } from "./eager/evaluate.js";
import { type InitializerLike, resolveInitializer } from "./initializers/resolve-initializer.js";
import { lossesOf, noteLoss, noteTape } from "./layer-losses.js";
import { automaticName, snakeCase } from "./names.js";
import { inferOpen } from "./open-extents.js";
import { describeOperand, toSymbolic, toValue } from "./operations/operand.js";
import { writeOwn } from "./own-call.js";
import { inPositions, type Positions } from "./positions.js";
import type { Regularizer } from "./regularizers/regularizer.js";
import { type RegularizerLike, resolveRegularizer } from "./regularizers/resolve-regularizer.js";
import { type CalledLayer, layersCalledIn, noteCall, presentContext, within } from "./scope.js";
import {
  type CallArguments,
  type CallOptions,
  type LayerCall,
  type MaskName,
  SymbolicTensor,
} from "./symbolic-tensor.js";
import { objectsIn } from "./objects-in-fields.js";
import { type InitialValues, Variable } from "./variable.js";
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

/** What {@link Layer.addWeight} takes. */
export interface OwnWeightOptions {
  /** In Keras's order; default `[]`, a single number. */
  readonly shape?: readonly number[];
  /** Default `"glorot_uniform"`. */
  readonly initializer?: InitializerLike;
  /** Whether gradients may change it; default `true`. */
  readonly trainable?: boolean;
  /** Default `"variable"`, then `"variable_1"`, … */
  readonly name?: string | undefined;
  /** Penalty on it; default none. */
  readonly regularizer?: RegularizerLike | undefined;
  /** What it is brought back to after each training step; default nothing. */
  readonly constraint?: ConstraintLike | undefined;
  /** `"float32"`: Graft has no other. */
  readonly dtype?: "float32";
}

/** What `call` is told beside its inputs. */
export interface OwnCallOptions {
  /** Whether the model is trained; `undefined` counts as `false`. */
  readonly training?: boolean | undefined;
  /** Not 0 where values count; given where the layer was called with one. */
  readonly mask?: SymbolicTensor | undefined;
}

/**
 * Weights whose penalty a context has been told: a layer that is called twice is penalized once. It hangs on the context from
 * outside, and goes with it, so that those who write a context need not know of it.
 */
const penalized = new WeakMap<CallContext, Set<Variable>>();

/** For finding shapes: weights are inputs, and nothing else happens. */
const shapeContext: CallContext = {
  training: false,
  changesWeights: true,
  weight: (variable) => input(variable.path, "float32", variable.shape),
  random: (name, _distribution, shape) => input(name, "float32", shape),
  update: () => undefined,
  addLoss: () => undefined,
};

/** One shape, or a list of shapes, in Keras's order; `null` for extents that vary. */
export type InputShape = readonly (number | string | null)[] | readonly (readonly (number | string | null)[])[];

/** Names of extents that vary, by axis. */
const axisNames = ["N", "H", "W", "C"];

/** Shapes as Graft knows them. */
function shapesOf(layer: string, given: InputShape): readonly Shape[] {
  if (!Array.isArray(given)) {
    refuse(
      `The layer "${layer}"`,
      "inputShape",
      "a shape with the batch, such as [null, 150, 150, 3], or a list",
      given,
    );
  }
  const isList = given.length > 0 && given.every((entry) => Array.isArray(entry));
  const shapes = isList ? (given as readonly (readonly (number | string | null)[])[]) : [given];
  return (shapes as readonly (readonly (number | string | null)[])[]).map((shape) =>
    shape.map((extent, axis) => extent ?? axisNames[axis] ?? `D${axis}`),
  );
}

/** The only one alone, several as a list. */
function oneOrAll<T>(list: readonly T[]): T | readonly T[] {
  const [first] = list;
  return list.length === 1 && first !== undefined ? first : list;
}

/**
 * A building block of networks: weights, and a computation.
 *
 * A layer of one's own extends it as in Keras: `build` creates weights by `addWeight`, `call` says what is computed, with
 * functions of `ops` and with other layers, which are kept in fields. Shapes are Keras's,
 * `[batch, height, width, channels]`.
 *
 * @see https://keras.io/api/layers/base_layer/
 * @see https://keras.io/guides/making_new_layers_and_models_via_subclassing/
 *
 * @example
 * ```ts
 * import { layers, ops, Tensor, type SymbolicTensor, type Variable } from "graft-ml";
 *
 * class Scale extends layers.Layer {
 *   static readonly className: string = "Scale";
 *   private factor!: Variable;
 *
 *   override build(): void {
 *     this.factor = this.addWeight({ shape: [], initializer: "ones", name: "factor" });
 *   }
 *
 *   override call(x: SymbolicTensor): SymbolicTensor {
 *     return ops.multiply(x, this.factor);
 *   }
 * }
 * const { data } = await new Scale().apply(new Tensor("float32", [1, 2], [1, 2]));
 * console.log(data); // → Float32Array(2) [ 1, 2 ]
 * ```
 */
export class Layer extends Named {
  declare static fromConfig: (config: Config) => Layer;

  static {
    refuseFormerMembers(this, "A layer");
  }

  static readonly options: readonly string[] = [
    "name",
    "trainable",
    "inputShape",
    "activityRegularizer",
  ] satisfies readonly (keyof LayerOptions)[];
  readonly name: string;
  /** What the option `inputShape` says: a Sequential that begins with the layer begins with an input of this shape. */
  readonly givenInputShape: readonly (number | null)[] | undefined;
  /** Penalty on the outputs. */
  readonly activityRegularizer: Regularizer | undefined;
  private ownTrainable: boolean;
  private ownMultiplier = 1;
  private firstCall: LayerCall | undefined;
  /** What the layer computed when its shapes were asked for last. */
  private probed: readonly Value[] = [];
  private readonly ownVariables: Variable[] = [];
  private isBuilt = false;
  private isBuilding = false;
  private builtFor: readonly Shape[] | undefined;
  private lastShape: Shape | undefined;
  /** `build` of a layer of a user's own. */
  private readonly ownBuild: ((inputShapes: readonly InputShape[]) => void) | undefined;

  constructor(options: LayerOptions = {}) {
    super(options);
    this.name = options.name ?? automaticName(this.className);
    this.ownTrainable = options.trainable ?? true;
    this.givenInputShape = options.inputShape;
    this.activityRegularizer = resolveRegularizer(options.activityRegularizer);
    // As in Keras, a call of an overridden build counts as one of ours, so that nothing is built twice.
    const own = Object.getPrototypeOf(this) as Layer;
    const build: unknown = Reflect.get(own, "build");
    if (build === Reflect.get(Layer.prototype, "build") || typeof build !== "function") return;
    this.ownBuild = (inputShapes) => {
      Reflect.apply(build, this, inputShapes);
    };
    Object.defineProperty(this, "build", {
      enumerable: false,
      value: (...inputShapes: readonly InputShape[]) => {
        const { shapes, positions } = this.shapesOfAll(inputShapes);
        this.ensureBuilt(shapes, positions);
      },
    });
  }

  /** Whether the layer's computation is a `call` of a user's own. */
  get hasOwnCall(): boolean {
    return !builtInCalls.has(Reflect.get(this, "call"));
  }

  /** The layers in the fields of a layer of a user's own: as in Keras, their weights are weights of the layer. */
  get innerLayers(): readonly Layer[] {
    return this.hasOwnCall ? objectsIn(this, isLayer) : [];
  }

  /** Whether training may change the layer's weights. Takes effect at the next `fit`. */
  get trainable(): boolean {
    return this.ownTrainable;
  }

  set trainable(value: boolean) {
    // A text or a number would freeze in one place and not in another.
    if (typeof value !== "boolean") refuse(`The layer "${this.name}"`, "trainable", "true or false", value);
    this.ownTrainable = value;
    for (const variable of this.ownVariables) variable.trainable = value;
    for (const layer of this.innerLayers) layer.trainable = value;
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

  /** Shape of the input that the layer was built for, as files say it; `undefined` before, and for several inputs. */
  get buildShape(): readonly (number | null)[] | undefined {
    const [shape, ...others] = this.builtFor ?? [];
    if (shape === undefined || others.length > 0) return undefined;
    return shape.map((extent) => (typeof extent === "number" ? extent : null));
  }

  /** Shape of the output of the last call in Keras's order; `undefined` before, and of several outputs. */
  get lastOutputShape(): Shape | undefined {
    return this.lastShape;
  }

  /** Whether the weights exist. */
  get built(): boolean {
    return this.isBuilt;
  }

  /** All weights, in Keras's order: learnable ones first. */
  get weights(): readonly Variable[] {
    return [...new Set([...this.ownWeights, ...this.innerLayers.flatMap(({ weights }) => weights)])];
  }

  /** The weights that are the layer's own rather than those of layers in it: learnable ones first. */
  get ownWeights(): readonly Variable[] {
    return [...this.ownVariables].sort((a, b) => Number(b.learnable) - Number(a.learnable));
  }

  /**
   * The weights that training changes when this is what is trained: none where it is frozen; else those that nobody froze since
   * they were unfrozen last, whatever the flags of the models between say, as in Keras.
   */
  get trainableWeights(): readonly Variable[] {
    return this.trainable ? this.weights.filter(({ trainable }) => trainable) : [];
  }

  /** The weights that gradients do not change: frozen ones and statistics. */
  get nonTrainableWeights(): readonly Variable[] {
    const trainable = new Set(this.trainableWeights);
    return this.weights.filter((variable) => !trainable.has(variable));
  }

  /** As {@link weights}; Keras's other name. */
  get variables(): readonly Variable[] {
    return this.weights;
  }

  /** As {@link trainableWeights}; Keras's other name. */
  get trainableVariables(): readonly Variable[] {
    return this.trainableWeights;
  }

  /** As {@link nonTrainableWeights}; Keras's other name. */
  get nonTrainableVariables(): readonly Variable[] {
    return this.nonTrainableWeights;
  }

  /**
   * What the layer was called on the first time in the functional API, or in a Sequential.
   *
   * @throws UsageError when it was never called, or on several tensors
   */
  get input(): SymbolicTensor {
    return this.onlyTensor("input", this.firstCall?.inputs);
  }

  /**
   * What came out of the layer when it was called first: an inner output, from which a model of its own can be made.
   *
   * @throws UsageError when it was never called, or has several outputs
   *
   * @example
   * ```ts
   * import { applications, models } from "graft-ml";
   *
   * const base = await applications.VGG16({ weights: null, includeTop: false });
   * const features = new models.Model({ inputs: base.input, outputs: base.getLayer("block4_pool").output });
   * console.log(features.layers.length, features.outputShape.at(-1)); // → 15 512
   * ```
   */
  get output(): SymbolicTensor {
    return this.onlyTensor("output", this.firstCall?.outputs);
  }

  /** What the layer was called on first, and what came out; `undefined` where it was never called. */
  get firstTensors(): Pick<LayerCall, "inputs" | "outputs"> | undefined {
    return this.firstCall;
  }

  /** Shape of {@link input} in Keras's order; extents that vary are text. */
  get inputShape(): Shape {
    return this.input.shape;
  }

  /** Shape of {@link output} in Keras's order; extents that vary are text. */
  get outputShape(): Shape {
    return this.output.shape;
  }

  /** The only one of some tensors, of which there are none where the layer was never called. */
  protected onlyTensor(what: "input" | "output", tensors: readonly SymbolicTensor[] | undefined): SymbolicTensor {
    const [only, ...others] = tensors ?? [];
    if (only !== undefined && others.length === 0) return only;
    const never = tensors === undefined || only === undefined;
    const message = never
      ? `The layer "${this.name}" has never been called and thus has no defined ${what}.`
      : `The layer "${this.name}" has ${tensors.length} ${what}s.`;
    throw new UsageError(message, {
      subject: this.name,
      expected: never ? "a layer of a model whose input is known, or one that apply was called of" : `one ${what}`,
      received: never ? "no call" : `${tensors.length}`,
      advice: never
        ? "Begin the model with layers.Input({ shape }), or call layer.apply(x)."
        : `Use those that apply was given and returned, or ${what}s of the model.`,
    });
  }

  /** Layers in this one, whose losses are losses of it. */
  get heldLayers(): readonly Layer[] {
    return this.innerLayers;
  }

  /**
   * What the layer, and those in it, add to the loss: what `addLoss` and penalties on outputs gave, then the penalties on the
   * weights that are trained. Inside of `trainStep` and `testStep` that of the step so far; outside that of the last call on a
   * `GradientTape`, or, where there was none, penalties on weights alone, whose values `numpy` gives.
   *
   * @returns a single number each
   * @see https://keras.io/api/layers/base_layer/ `losses`
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const dense = new layers.Dense(1, { kernelInitializer: "ones", kernelRegularizer: "l2" });
   * const model = new models.Sequential([layers.Input({ shape: [3] }), dense]);
   * const [penalty] = model.losses;
   * console.log(Number((await penalty?.numpy())?.data[0]).toFixed(2)); // → 0.03
   * ```
   */
  get losses(): readonly SymbolicTensor[] {
    return lossesOf(this);
  }

  /** Number of elements of all weights. */
  countParams(): number {
    return this.weights.reduce((sum, { size }) => sum + size, 0);
  }

  /** Copies of the weights, in Keras's order and shapes. */
  getWeights(): Float32Tensor[] {
    return this.weights.map(({ value }) => new Tensor("float32", value.data.slice(), value.dims));
  }

  /**
   * Replaces the weights by copies of the given ones.
   *
   * @param tensors in Keras's order and shapes
   * @throws ShapeError when number or shapes differ; then no weight has changed
   */
  setWeights(tensors: readonly (Tensor | TensorData<"float32">)[]): void {
    const variables = this.weights;
    const given: unknown = tensors;
    if (!Array.isArray(given) || !given.every(isTensorLike)) {
      refuse("setWeights", "tensors", "a list of arrays, as getWeights gives it", tensors);
    }
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
      const { dims, data } = tensor ?? { dims: [], data: [] };
      // Keras takes any numbers.
      const values = data instanceof Float32Array ? data.slice() : Float32Array.from(data as ArrayLike<number>, Number);
      variable.assign({ type: "float32", dims, data: values });
    });
  }

  /**
   * Calls the layer: on placeholders it is added to a functional model, inside of `call` it becomes part of what is computed,
   * on arrays it is computed at once.
   *
   * @param inputs one tensor, or a list for layers with several inputs
   * @param options `{ training: false }` for inference mode even while the model is trained; of arrays, `{ training: true }`
   * has dropout drop and batch normalization use and move statistics
   * @returns the output; of arrays a promise of it
   * @throws ShapeError when the layer cannot take these shapes
   */
  apply(inputs: Inputs<SymbolicTensor>, options?: CallOptions): SymbolicTensor;
  apply(inputs: Inputs<Tensor>, options?: CallOptions): Promise<Tensor>;
  /**
   * Of layers whose `call` takes several tensors: those of one's own, and `MultiHeadAttention`.
   *
   * @param others more tensors, each for the next parameter of `call`, and options at the end
   */
  apply(
    inputs: Inputs<SymbolicTensor>,
    ...others: readonly [Inputs<SymbolicTensor>, ...(Inputs<SymbolicTensor> | CallOptions)[]]
  ): SymbolicTensor;
  apply(
    inputs: Inputs<Tensor>,
    ...others: readonly [Inputs<Tensor>, ...(Inputs<Tensor> | CallOptions)[]]
  ): Promise<Tensor>;
  /**
   * `MultiHeadAttention` with its inputs by name.
   *
   * @param named `{ query, value, key }` and options
   */
  apply(named: CallOptions): SymbolicTensor;
  apply(...given: readonly unknown[]): SymbolicTensor | Promise<Tensor> {
    const outputs = this.callOn(this.givenCall(given));
    return outputs instanceof Promise ? outputs.then((list) => this.only(list)) : this.only(outputs);
  }

  /** As {@link apply}, for layers with several outputs. */
  applyAll(inputs: Inputs<SymbolicTensor>, options?: CallOptions): readonly SymbolicTensor[];
  applyAll(inputs: Inputs<Tensor>, options?: CallOptions): Promise<readonly Tensor[]>;
  applyAll(
    inputs: Inputs<SymbolicTensor>,
    ...others: readonly (Inputs<SymbolicTensor> | CallOptions)[]
  ): readonly SymbolicTensor[];
  applyAll(
    inputs: Inputs<Tensor>,
    ...others: readonly [Inputs<Tensor>, ...(Inputs<Tensor> | CallOptions)[]]
  ): Promise<readonly Tensor[]>;
  applyAll(...given: readonly unknown[]): readonly SymbolicTensor[] | Promise<readonly Tensor[]> {
    return this.callOn(this.givenCall(given));
  }

  /** Names of the inputs of a layer of the package that takes them one by one; most take one, or one list. */
  protected get inputArguments(): readonly string[] {
    return [];
  }

  /** What a call was given, of which the layer can take so many by position. */
  private givenCall(given: readonly unknown[]): CallGiven {
    const names = this.hasOwnCall ? [] : this.inputArguments;
    const call = takeCall(`The layer "${this.name}"`, given, names);
    const most = this.hasOwnCall ? Infinity : Math.max(1, names.length);
    const { positions } = call;
    if (positions === undefined || positions.length <= most) return call;
    throw new UsageError(`The layer "${this.name}" (${this.className}) cannot be called on several arguments.`, {
      subject: this.name,
      expected: names.length > 0 ? names.join(", ") : "one tensor, or one list of tensors, and then options",
      received: `${positions.length} tensors or lists, one behind the other`,
      advice: names.length > 0 ? undefined : "Layers and models with several inputs take a list: apply([a, b]).",
    });
  }

  private only<T>(outputs: readonly T[]): T {
    const [first, ...others] = outputs;
    if (first === undefined || others.length > 0) {
      throw new UsageError(`The layer "${this.name}" has ${outputs.length} outputs.`, {
        subject: this.name,
        expected: "a layer with one output",
        received: `${outputs.length} outputs`,
        advice: "Use applyAll.",
      });
    }
    return first;
  }

  /** The tensors of a call: all symbolic, or all arrays. */
  private tensorsIn(list: readonly unknown[]): readonly SymbolicTensor[] | readonly Tensor[] {
    const context =
      list.find((one) => one instanceof SymbolicTensor && one.traced !== undefined) instanceof SymbolicTensor
        ? list.flatMap((one) => (one instanceof SymbolicTensor ? (one.traced ?? []) : []))[0]?.context
        : presentContext();
    const given = list.map((one) =>
      context !== undefined && (isTensor(one) || one instanceof Variable) ? toSymbolic(one, context) : one,
    );
    if (given.length > 0 && given.every((one): one is SymbolicTensor => one instanceof SymbolicTensor)) return given;
    if (given.length > 0 && given.every(isTensor)) return given;
    throw new UsageError(`The layer "${this.name}" (${this.className}) cannot be called on this.`, {
      subject: this.name,
      expected: "what layers.Input or another layer gives, or arrays: a Tensor; a list of either for several inputs",
      received: given.length === 0 ? "an empty list" : given.map(describeOperand).join(", "),
      advice: list.some((one) => one instanceof Promise) ? "Await what apply gives for arrays." : undefined,
    });
  }

  private callOn({ inputs, options, positions }: CallGiven): readonly SymbolicTensor[] | Promise<readonly Tensor[]> {
    const tensors = this.tensorsIn(inputs);
    if (isTensor(tensors[0])) return this.callOnArrays(tensors as readonly Tensor[], options, positions);
    return this.callOnSymbols(tensors as readonly SymbolicTensor[], options, positions);
  }

  private async callOnArrays(
    inputs: readonly Tensor[],
    options: CallOptions,
    positions: Positions,
  ): Promise<readonly Tensor[]> {
    const { training = false, ...others } = options;
    this.ensureBuilt(
      inputs.map(({ dims }) => dims),
      positions,
    );
    return evaluate(inputs, training, (values, context) => {
      const tensors = values.map((value) => {
        const isForeign = value.type !== "float32" && !this.hasOwnCall;
        return SymbolicTensor.of(isForeign ? cast(value, "float32") : value, context);
      });
      return this.callOnSymbols(tensors, others, positions).map((tensor) => toValue(tensor, context));
    });
  }

  private callOnSymbols(
    inputs: readonly SymbolicTensor[],
    options: CallOptions,
    positions: Positions,
  ): readonly SymbolicTensor[] {
    const { training, attentionMask, mask, ...flags } = options;
    const given: Readonly<Record<MaskName, SymbolicTensor | undefined>> = { attention_mask: attentionMask, mask };
    const masks = (["attention_mask", "mask"] as const).filter((name) => given[name] !== undefined);
    const all = [...inputs, ...masks.flatMap((name) => given[name] ?? [])];
    const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value));
    const told: CallArguments = {
      ...set,
      masks: masks.length === 0 ? undefined : masks,
      // A layer of the package that takes its inputs one by one takes a list, too.
      positions: this.hasOwnCall ? positions : undefined,
    };
    const tells = masks.length > 0 || Object.keys(set).length > 0 || told.positions !== undefined;
    this.checkArguments([...Object.keys(set), ...masks]);
    return this.connect(all, inputs.length, training, tells ? told : undefined);
  }

  /**
   * Adds a call to a functional model, or to what is being computed inside of `call`.
   *
   * @param all inputs, and masks behind them
   * @param count number of the inputs
   */
  protected connect(
    all: readonly SymbolicTensor[],
    count: number,
    training: boolean | undefined,
    told: CallArguments | undefined,
  ): readonly SymbolicTensor[] {
    this.ensureBuilt(
      all.slice(0, count).map(({ shape }) => shape),
      told?.positions,
    );
    const traced = all.flatMap(({ traced: one }) => one ?? []);
    const [first] = traced;
    if (first !== undefined && traced.length < all.length) throw this.mixed();
    noteCall(this);
    const trained = first?.context.training === true ? first.context : first?.context.whenTraining;
    if (training === true && trained === undefined) {
      throw new UsageError(`The layer "${this.name}" cannot be called in training mode alone.`, {
        subject: "training",
        expected: "false, or nothing: as the model",
        received: "true",
        advice: "Inference has no random numbers and no statistics of a batch here.",
      });
    }
    if (first !== undefined) {
      const given = training === true ? (trained ?? first.context) : first.context;
      const context = training === false ? inInference(given) : given;
      const values = traced.map(({ value }) => value);
      const results = this.callNamed(values, context, told).map((value) => SymbolicTensor.of(value, first.context));
      this.lastShape = results.length === 1 ? results[0]?.shape : undefined;
      return results;
    }
    const types = this.inferOutputs(all, told);
    this.warnOfOutputs(this.probed, types);
    const outputs: readonly SymbolicTensor[] = types.map(
      ({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, () => call),
    );
    const call: LayerCall = {
      layer: this,
      inputs: all,
      outputs,
      training: training === false ? false : undefined,
      arguments: told,
    };
    this.firstCall ??= call;
    return outputs;
  }

  private mixed(): UsageError {
    return new UsageError(`The layer "${this.name}" cannot be called on tensors of two worlds.`, {
      subject: this.name,
      expected: "tensors that are computed from what call, the loss or the metric is given",
      received: "a placeholder of a functional model among them",
      advice: "Inside of call, use what it is given; a placeholder of layers.Input belongs outside.",
    });
  }

  /**
   * Warns of outputs that are surely a mistake: as in Keras, a softmax over one value, which is always 1.
   *
   * @param outputs as they were written to find their shapes
   * @param types those shapes, in the graph's order of axes
   */
  protected warnOfOutputs(outputs: readonly Value[], types: readonly ValueType[]): void {
    outputs.forEach((output, index) => {
      const node = producer(output);
      if (node?.op !== "Softmax") return;
      const axis = Number(node.attributes["axis"]?.value ?? -1);
      if (output.shape.at(axis) !== 1) return;
      warn(
        `The layer "${this.name}" takes a softmax over an axis of extent 1, of the shape ` +
          `${formatShape(channelsLast(types[index]?.shape ?? output.shape))}: it always gives 1. Was a sigmoid meant?`,
      );
    });
  }

  /** Names of what the layer may be told beside its inputs. */
  protected get callArguments(): readonly string[] {
    return [];
  }

  private checkArguments(names: readonly string[]): void {
    const isOwn = this.hasOwnCall;
    const known = (isOwn ? ["mask", "useCausalMask", "returnAttentionScores"] : this.callArguments).map(snakeCase);
    const unknown = names.map(snakeCase).find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw new UsageError(`The layer "${this.name}" (${this.className}) cannot be called with "${unknown}".`, {
      subject: unknown,
      expected: known.length === 0 ? "inputs alone" : known.join(", "),
      received: unknown,
      advice: isOwn
        ? "Give more tensors by position, apply(a, b), and what is no tensor to the constructor."
        : undefined,
    });
  }

  /** Shapes of the outputs for inputs of the given shapes, both in Keras's order. */
  computeOutputShapes(shapes: readonly Shape[]): readonly Shape[] {
    checkShapes(this.name, shapes);
    this.ensureBuilt(shapes);
    return this.inferOutputs(asTypes(shapes)).map(({ shape }) => channelsLast(shape));
  }

  /**
   * Shape of the output for an input of the given shape, both in Keras's order with `null` for extents that vary; lists of
   * shapes for several. Graft finds shapes from what `call` computes, so that a layer of one's own need not say it.
   */
  computeOutputShape(inputShape: InputShape): InputShape {
    const shapes = this.computeOutputShapes(shapesOf(this.name, inputShape));
    return oneOrAll(shapes.map((shape) => shape.map((extent) => (typeof extent === "number" ? extent : null))));
  }

  protected inferOutputs(
    inputs: readonly Pick<SymbolicTensor, "shape" | "type">[],
    told?: CallArguments,
  ): readonly ValueType[] {
    const types = inputs.map(({ shape, type }) => ({ type, shape: channelsFirst(shape) }));
    return inferOpen(types, (given) => {
      const values = given.map(({ shape, type }, index) => input(`input_${index}`, type, shape));
      this.probed = this.callNamed(values, shapeContext, told);
      return this.probed;
    });
  }

  /** {@link call}, with the layer's name in front of what goes wrong. */
  callNamed(inputs: readonly Value[], context: CallContext, told: CallArguments = {}): readonly Value[] {
    const step = context.origin ?? context;
    noteTape(this, context);
    // The first to be called is what is trained: where it is frozen as a whole, no weight is penalized.
    if (!penalized.has(step)) penalized.set(step, new Set(this.trainable ? [] : this.weights));
    try {
      const outputs = this.hasOwnCall
        ? this.writeCall(inputs, context, told)
        : within(context, () => this.compute(inputs, context, told));
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

  /** What `call` of a user's own computes. */
  private writeCall(
    inputs: readonly Value[],
    context: CallContext,
    { masks = [], useCausalMask, returnAttentionScores, positions }: CallArguments,
  ): readonly Value[] {
    const count = inputs.length - masks.length;
    return writeOwn(`The layer "${this.name}" (${this.className})`, "call", inputs, context, (tensors) => {
      const mask = tensors[count + masks.indexOf("mask")];
      const options = {
        useCausalMask,
        returnAttentionScores,
        training: context.training,
        mask: masks.includes("mask") ? mask : undefined,
      };
      const own = tensors.slice(0, count);
      const [first, ...others] = positions === undefined ? [oneOrAll(own)] : inPositions(own, positions);
      const [result, called] = layersCalledIn(() => this.call(first ?? [], ...others, options));
      this.checkInner(called);
      return result;
    });
  }

  /**
   * Layers that were called but stand in no field would not be trained, and not be saved.
   *
   * @throws UsageError when there is one with weights
   */
  private checkInner(called: ReadonlySet<CalledLayer>): void {
    const own = new Set(this.weights);
    const strange = [...called].find(({ weights }) => weights.some((variable) => !own.has(variable)));
    if (strange === undefined) return;
    throw new UsageError(`The layer "${this.name}" (${this.className}) calls a layer that it does not hold.`, {
      subject: strange.name,
      expected: "layers in fields of the layer, which JavaScript shows",
      received: `"${strange.name}" (${strange.className}), whose weights would be neither trained nor saved`,
      advice: "Keep it in a field such as this.dense, or in a list in a field; #private fields cannot be seen.",
    });
  }

  /** Adds the penalties on this layer's weights and outputs to the loss; as in Keras, frozen weights have none. */
  private penalize(outputs: readonly Value[], context: CallContext): void {
    if (context === shapeContext) return;
    if (this.activityRegularizer !== undefined) {
      for (const output of outputs) {
        const penalty = this.activityRegularizer.penalty(output);
        noteLoss(this, context, penalty);
        context.addLoss(penalty);
      }
    }
    const done = penalized.get(context.origin ?? context) ?? new Set();
    for (const variable of this.ownVariables) {
      if (variable.regularizer === undefined || !variable.trainable || done.has(variable)) continue;
      done.add(variable);
      context.addLoss(variable.regularizer.penalty(context.weight(variable)));
    }
  }

  /**
   * Creates the weights unless they exist. Shapes are in Keras's order.
   *
   * @param positions how a `build` of a user's own is given them: as its `call` the tensors; default in one argument
   */
  ensureBuilt(shapes: readonly Shape[], positions?: Positions): void {
    if (this.isBuilt || this.isBuilding) return;
    checkShapes(this.name, shapes);
    this.isBuilding = true;
    this.builtFor = shapes;
    try {
      if (this.ownBuild === undefined) this.createWeights?.(shapes);
      else {
        const known = shapes.map((shape) => shape.map((extent) => (typeof extent === "number" ? extent : null)));
        this.ownBuild(positions === undefined ? [oneOrAll(known)] : inPositions(known, positions));
      }
      this.isBuilt = true;
    } finally {
      this.isBuilding = false;
    }
  }

  /**
   * Creates the weights for inputs of the given shape, unless they exist. Layers of one's own override it, and create theirs by
   * {@link addWeight}; it is called once, when the layer is first called.
   *
   * @param inputShape in Keras's order, with the batch; `null` for extents that vary; a list of shapes for several inputs
   * @param others of a `call` that takes several tensors: the shapes of the others
   */
  build(inputShape: InputShape, ...others: readonly InputShape[]): void {
    const { shapes, positions } = this.shapesOfAll([inputShape, ...others]);
    this.ensureBuilt(shapes, positions);
    // Layers in fields are built when they are called.
    if (this.hasOwnCall && !this.isBuilding) this.inferOutputs(asTypes(shapes), { positions });
  }

  /** The shapes that a call of `build` was given. */
  private shapesOfAll(given: readonly InputShape[]): { shapes: readonly Shape[]; positions: Positions } {
    const each = given.map((shape) => shapesOf(this.name, shape));
    const isList = given.map((shape) => shape.length > 0 && shape.every((entry) => Array.isArray(entry)));
    return {
      shapes: each.flat(),
      positions:
        each.length > 1 ? each.map(({ length }, index) => (isList[index] === true ? length : null)) : undefined,
    };
  }

  /**
   * Creates the weights, by {@link createWeight}, for inputs of the given shapes in Keras's order. Layers without weights
   * need none.
   */
  protected createWeights?(shapes: readonly Shape[]): void;

  /**
   * Creates a weight of a layer of one's own, in its constructor or in `build`.
   *
   * @returns the weight, which functions of `ops` take
   * @throws UsageError when an option is not usable
   * @see https://keras.io/api/layers/base_layer/#addweight-method
   */
  addWeight(options: OwnWeightOptions = {}): Variable {
    const owner = `addWeight of the layer "${this.name}"`;
    checkOptionNames(owner, options, [
      "shape",
      "initializer",
      "trainable",
      "name",
      "regularizer",
      "constraint",
      "dtype",
    ]);
    const { shape = [], initializer = "glorot_uniform", trainable = true, name, regularizer, constraint } = options;
    if (!Array.isArray(shape) || !shape.every((extent) => isWhole(extent, 0))) {
      refuse(owner, "shape", "a list of whole numbers, such as [3, 4]", shape);
    }
    const { dtype = "float32" }: { readonly dtype?: string } = options;
    if (dtype !== "float32") refuse(owner, "dtype", '"float32"', dtype);
    const unnamed = this.ownVariables.filter((known) => /^variable(_\d+)?$/.test(known.name)).length;
    const automatic = unnamed === 0 ? "variable" : `variable_${unnamed}`;
    return this.createWeight(name ?? automatic, shape, resolveInitializer(initializer), {
      learnable: trainable,
      regularizer: resolveRegularizer(regularizer),
      constraint: resolveConstraint(constraint),
    });
  }

  /**
   * Adds a number to the loss, inside of `call`.
   *
   * @param loss computed from the inputs or from weights; of one that is no single number the sum counts, as in Keras
   * @throws UsageError outside of `call`
   */
  addLoss(loss: SymbolicTensor): void {
    const traced = loss instanceof SymbolicTensor ? loss.traced : undefined;
    if (traced === undefined) {
      throw new UsageError(`The layer "${this.name}": addLoss was called outside of call.`, {
        subject: "addLoss",
        expected: "a tensor that call computes",
        received: describeOperand(loss),
        advice: "Call addLoss inside of call, with what is computed there.",
      });
    }
    if (traced.context === shapeContext) return;
    const { value, context } = traced;
    const sum = value.rank === 0 ? value : reduceSum(value, undefined, { keepdims: 0 });
    noteLoss(this, context, sum);
    context.addLoss(sum);
  }

  /** Creates a weight; its path is the layer's name and `name`. */
  protected createWeight(
    name: string,
    shape: readonly number[],
    initializer: InitialValues,
    options: WeightOptions = {},
  ): Variable {
    const variable = new Variable({ path: `${this.name}/${name}`, shape, initializer, ...options });
    variable.learningRateMultiplier = this.ownMultiplier;
    variable.trainable = this.ownTrainable;
    this.ownVariables.push(variable);
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
   * What the layer computes. Layers of one's own override it, with functions of `ops` and with layers that they keep in
   * fields; it is called while a graph is being written, not for each batch, and therefore without `async`.
   *
   * @param inputs a tensor, or a list for several; in Keras's order of axes
   * @param others the next tensors, where the layer was called on several one behind the other, and at the end always what it
   * is told: `{ training, mask }`
   * @returns a tensor, or a list for several
   */
  call(
    inputs: Inputs<SymbolicTensor>,
    ...others: readonly (Inputs<SymbolicTensor> | OwnCallOptions | undefined)[]
  ): SymbolicTensor | readonly SymbolicTensor[] {
    const given = takeCall(`The layer "${this.name}"`, [inputs, ...others], []);
    const { training, mask }: OwnCallOptions = given.options;
    const tensors = given.inputs as readonly SymbolicTensor[];
    const all = mask === undefined ? tensors : [...tensors, mask];
    const traced = all.flatMap((tensor) => tensor.traced ?? []);
    const [first] = traced;
    if (first === undefined || traced.length < all.length) throw this.mixed();
    const context = training === false ? inInference(first.context) : first.context;
    const told: CallArguments = mask === undefined ? {} : { masks: ["mask"] };
    const values = traced.map(({ value }) => value);
    return oneOrAll(this.compute(values, context, told).map((value) => SymbolicTensor.of(value, first.context)));
  }

  /**
   * Writes the computation of a layer of the package as a graph.
   *
   * @param inputs values of the graph: rank 4 is `[N, C, H, W]`
   * @param told what the layer is told beside its inputs; masks stand behind these
   * @returns one value an output, in the same convention
   */
  protected compute(inputs: readonly Value[], context: CallContext, told: CallArguments): readonly Value[];
  protected compute(): readonly Value[] {
    throw new UsageError(`The layer "${this.name}" (${this.className}) does not say what it computes.`, {
      subject: this.className,
      expected: "a method call(x, { training })",
      received: "none",
    });
  }

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
  getConfig(): Record<string, unknown> {
    return this.baseConfig();
  }
}

function asTypes(shapes: readonly Shape[]): readonly Pick<SymbolicTensor, "shape" | "type">[] {
  return shapes.map((shape) => ({ shape, type: "float32" }));
}

/** @throws UsageError for what is no list of shapes */
export function checkShapes(layer: string, shapes: readonly Shape[]): void {
  const isShape = (shape: unknown): boolean =>
    Array.isArray(shape) && shape.every((extent) => typeof extent === "string" || isWhole(extent, 0));
  if (Array.isArray(shapes) && shapes.every(isShape)) return;
  refuse(`The layer "${layer}"`, "shapes", 'a list of shapes with the batch, such as [["N", 150, 150, 3]]', shapes);
}

/** Whether something is an array of numbers with its extents. */
function isTensorLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && "dims" in value && Array.isArray(value.dims) && "data" in value;
}

/** Whether something is a layer. */
export function isLayer(value: unknown): value is Layer {
  return value instanceof Layer;
}

/** A layer with one input and one output. */
export abstract class UnaryLayer extends Layer {
  override call(inputs: SymbolicTensor, options: OwnCallOptions = {}): SymbolicTensor {
    return super.call(inputs, options) as SymbolicTensor;
  }

  protected override compute(
    inputs: readonly Value[],
    context: CallContext,
    { masks = [] }: CallArguments,
  ): readonly Value[] {
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

  abstract override getConfig(): Record<string, unknown>;
}

/** What `call` is where nobody has overridden it. */
const builtInCalls: ReadonlySet<unknown> = new Set<unknown>([
  Reflect.get(Layer.prototype, "call"),
  Reflect.get(UnaryLayer.prototype, "call"),
]);
