import { isPlainObject, refuse } from "../errors/check.js";
import { ShapeError, UsageError } from "../errors/errors.js";
import { elementCount, float32, type TensorData } from "../onnx/tensor-data.js";
import { formatShape, sameShape, type Shape } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { scalar } from "../ops/constants.js";
import { add, sub } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";
import type { Generator } from "../random/generator.js";
import { nextWeightStream, type RandomSource } from "../random/seed.js";
import type { Tensor } from "../runtime/runtime.js";
import { toChannelsLast } from "./channels.js";
import type { CallContext } from "./context.js";
import type { Initializer } from "./initializers/initializer.js";
import { presentContext } from "./scope.js";
import { SymbolicTensor } from "./symbolic-tensor.js";
import { refuseWhileInUse } from "./weight-use.js";

/** What a weight can be given: values, or inside of `call` and of a training step what is computed there. */
export type Assignable = TensorData | Tensor | SymbolicTensor | Variable | number;

/** Where the first values of a weight come from. */
export type InitialValues = Pick<Initializer, "values">;

/** A penalty on a weight: a regularizer. */
export interface WeightPenalty {
  /** Writes the penalty as a graph. */
  penalty(weight: Value): Value;
}

/** A condition on a weight: a constraint. */
export interface WeightCondition {
  /** Writes the weight that fulfils the condition as a graph. */
  project(weight: Value): Value;
}

/** What a variable is made from. */
export interface VariableOptions {
  /** Full name, such as `"dense_1/kernel"`. */
  readonly path: string;
  /** Shape in Keras's order: kernels of convolutions are `[height, width, in, out]`. */
  readonly shape: readonly number[];
  readonly initializer: InitialValues;
  /** Whether gradients may change it at all; moving statistics are `false`. Default `true`. */
  readonly learnable?: boolean;
  /** Penalty on it, which its layer adds to the loss; default none. */
  readonly regularizer?: WeightPenalty | undefined;
  /** What it is brought back to after each training step; default nothing. */
  readonly constraint?: WeightCondition | undefined;
}

/** A weight of a layer: a float32 tensor that keeps its shape and changes its values. */
export class Variable {
  readonly path: string;
  readonly shape: readonly number[];
  readonly learnable: boolean;
  readonly regularizer: WeightPenalty | undefined;
  readonly constraint: WeightCondition | undefined;
  /** Factor of the learning rate for this weight; set through its layer. */
  learningRateMultiplier = 1;
  private readonly initializer: InitialValues;
  /** Where the initial values are drawn from; which stream it is, is settled when the weight is made. */
  private readonly stream: Generator;
  private isFrozen = false;
  private current: TensorData<"float32"> | undefined;
  /** Whether somebody may keep the array of the current values. */
  private isHandedOut = true;

  /** Layers make them: `layer.addWeight`. */
  constructor(options: VariableOptions) {
    if (!isPlainObject(options)) {
      refuse("Variable", "options", "an object; weights are made by a layer's addWeight", options);
    }
    const { path, shape, initializer, learnable = true, regularizer, constraint } = options;
    this.path = path;
    this.shape = shape;
    this.learnable = learnable;
    this.regularizer = regularizer;
    this.constraint = constraint;
    this.initializer = initializer;
    this.stream = nextWeightStream();
  }

  /** The last part of the path, such as `"kernel"`. */
  get name(): string {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  /**
   * Whether training may change it: `false` for statistics and while it is frozen. Set through its layer, whose flag it follows;
   * those of models around it have been passed on to the layer when they were set.
   */
  get trainable(): boolean {
    return this.learnable && !this.isFrozen;
  }

  set trainable(value: boolean) {
    this.isFrozen = !value;
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /**
   * The values, of the variable's shape. They are drawn when they are first needed, so weights that are read from a file
   * cost no random numbers. Treat them as read-only: sessions share them.
   */
  get value(): TensorData<"float32"> {
    this.isHandedOut = true;
    return this.drawn(this.stream);
  }

  /**
   * The values for a training step, which lets go of them. Not for anybody who keeps them: a later step may write into their array.
   *
   * @internal
   */
  get lentValue(): TensorData<"float32"> {
    return this.drawn(this.stream);
  }

  /**
   * Takes over what a training step has found, in an array that only the training knows.
   *
   * @returns whether the array of the values before is nobody's now, so that it may be written into
   * @throws UsageError where weights may not be changed now
   * @internal
   */
  renew(tensor: TensorData<"float32">): boolean {
    const isFree = !this.isHandedOut;
    this.take(tensor);
    this.isHandedOut = false;
    return isFree;
  }

  /**
   * Draws the initial values from given streams instead of those of `setRandomSeed`, unless there are values already: for
   * weights of a job that has a seed of its own.
   *
   * @returns the values
   */
  initialize(random: RandomSource): TensorData<"float32"> {
    return this.drawn(random.stream(`weights/${this.path}`));
  }

  private drawn(stream: Generator): TensorData<"float32"> {
    const { shape, initializer } = this;
    return (this.current ??= { type: "float32", dims: shape, data: initializer.values(shape, stream) });
  }

  /**
   * Takes over values: an array of the weight's shape, without copying, another weight's, or one number for all. Inside of
   * `call`, of a training step or of a metric's `updateState`, what is computed there is what the weight will be.
   *
   * @throws ShapeError when the shape is another
   * @throws UsageError in the middle of a training
   */
  assign(value: Assignable): void {
    if (this.record(value, (given) => given)) return;
    this.take(this.numbersOf(value, "equal"));
  }

  /**
   * Adds to the values, as {@link assign} gives others.
   *
   * @param value of the weight's shape, or of one that broadcasts to it
   * @throws ShapeError when the shape does not fit
   */
  assignAdd(value: Assignable): void {
    if (this.record(value, (given, before) => add(before, given))) return;
    this.combine(value, 1);
  }

  /** Subtracts from the values, as {@link assignAdd} adds. */
  assignSub(value: Assignable): void {
    if (this.record(value, (given, before) => sub(before, given))) return;
    this.combine(value, -1);
  }

  private combine(value: Assignable, sign: 1 | -1): void {
    const { dims, data } = this.numbersOf(value, "broadcast");
    const before = this.value.data;
    const offset = this.shape.length - dims.length;
    const sum = Float32Array.from(before, (number, place) => {
      let rest = place;
      let from = 0;
      let stride = 1;
      for (let axis = this.shape.length - 1; axis >= offset; axis--) {
        const extent = this.shape[axis] ?? 1;
        const given = dims[axis - offset] ?? 1;
        if (given > 1) from += (rest % extent) * stride;
        rest = Math.floor(rest / extent);
        stride *= given;
      }
      return number + sign * (data[from] ?? 0);
    });
    this.take(float32(sum, this.shape));
  }

  private take(tensor: TensorData<"float32">): void {
    refuseWhileInUse(this);
    this.current = tensor;
    this.isHandedOut = true;
  }

  /** Given numbers as float32, of the weight's shape or of one that broadcasts to it. */
  private numbersOf(given: unknown, fit: "equal" | "broadcast"): TensorData<"float32"> {
    if (typeof given === "number") {
      return fit === "broadcast" ? float32([given], []) : float32(new Float32Array(this.size).fill(given), this.shape);
    }
    const tensor = given instanceof Variable ? given.value : (given as TensorData | null);
    if (typeof tensor !== "object" || tensor === null || !("dims" in tensor) || !Array.isArray(tensor.dims)) {
      refuse(`The weight "${this.path}"`, "tensor", "an array (Tensor) of the weight's shape", given);
    }
    const fits = fit === "equal" ? sameShape(tensor.dims, this.shape) : broadcasts(tensor.dims, this.shape);
    if (!fits) throw this.misfit(tensor.dims);
    const { dims, data } = tensor;
    return data instanceof Float32Array
      ? { type: "float32", dims, data }
      : float32(Float32Array.from(data, Number), dims);
  }

  private misfit(received: Shape): ShapeError {
    return new ShapeError(`The weight "${this.path}" cannot take these values.`, {
      subject: this.path,
      expected: formatShape(this.shape),
      received: formatShape(received),
    });
  }

  /** Writes down a new value, where a computation is being written; otherwise says that there is none. */
  private record(value: Assignable, renew: (given: Value, before: Value) => Value): boolean {
    const context = presentContext();
    if (context === undefined) {
      if (!(value instanceof SymbolicTensor)) return false;
      throw this.valueless(value);
    }
    if (!context.training && context.changesWeights !== true) {
      throw new UsageError(`The weight "${this.path}" cannot be changed here.`, {
        subject: this.path,
        expected:
          "new values of weights in training mode, in training steps and in updateState of the metric that owns them",
        received: "assign in a call without training",
        advice: "Inside of call, write if (training) before it.",
      });
    }
    const given = this.valueOf(value, context);
    const before = context.weight(this);
    const renewed = renew(given, before);
    const isNumber = typeof value === "number" && renewed === given;
    const whole = isNumber ? constant(this.numbersOf(value, "equal")) : renewed;
    if (!sameShape(whole.shape, this.shape)) throw this.misfit(given.shape);
    context.update(this, whole);
    return true;
  }

  /** What it is given as a value, in Keras's order of axes. */
  private valueOf(given: Assignable, context: CallContext): Value {
    if (typeof given === "number") return scalar("float32", given);
    if (given instanceof Variable) return context.weight(given);
    if (!(given instanceof SymbolicTensor)) return constant(this.numbersOf(given, "broadcast"));
    if (given.traced === undefined) throw this.valueless(given);
    const value = toChannelsLast(given.traced.value);
    return value.type === "float32" ? value : cast(value, "float32");
  }

  private valueless({ shape }: SymbolicTensor): UsageError {
    return new UsageError(`The weight "${this.path}" cannot take a tensor that has no values yet.`, {
      subject: this.path,
      expected: "an array (Tensor) or a number; inside of call and trainStep, what is computed there",
      received: `a tensor of shape ${formatShape(shape)}`,
      advice: "Of a tensor on a GradientTape: weight.assign(await tensor.numpy()).",
    });
  }
}

function broadcasts(dims: readonly number[], shape: readonly number[]): boolean {
  if (dims.length > shape.length) return false;
  const offset = shape.length - dims.length;
  return dims.every((extent, axis) => extent === 1 || extent === shape[axis + offset]);
}
