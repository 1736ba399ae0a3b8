import { isPlainObject, refuse } from "../errors/check.js";
import { ShapeError } from "../errors/errors.js";
import { elementCount, type TensorData } from "../onnx/tensor-data.js";
import type { Value } from "../graph/value.js";
import { formatShape, sameShape } from "../graph/shape.js";
import type { Generator } from "../random/generator.js";
import { nextWeightStream, type RandomSource } from "../random/seed.js";
import type { Initializer } from "./initializers/initializer.js";
import { refuseWhileInUse } from "./weight-use.js";

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
    return this.drawn(this.stream);
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
   * Takes over a tensor, without copying.
   *
   * @throws ShapeError when the shape is another
   * @throws UsageError in the middle of a training
   */
  assign(tensor: TensorData<"float32">): void {
    refuseWhileInUse(this);
    const given: unknown = tensor;
    if (typeof given !== "object" || given === null || !("dims" in given) || !Array.isArray(given.dims)) {
      refuse(`The weight "${this.path}"`, "tensor", "an array (Tensor) of the weight's shape", given);
    }
    if (!sameShape(tensor.dims, this.shape)) {
      throw new ShapeError(`The weight "${this.path}" cannot take these values.`, {
        subject: this.path,
        expected: formatShape(this.shape),
        received: formatShape(tensor.dims),
      });
    }
    this.current = tensor;
  }
}
