import { gradients } from "../../autodiff/gradients.js";
import { input, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { scalar } from "../../ops/constants.js";
import { add, mul, neg, square } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { reduceSumOp } from "../../ops/reduction.js";
import { logSoftmax } from "../../ops/softmax.js";
import { fromTensor, type Runtime, type Session, type Tensor, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { type Evaluated, minimize, type MinimizeOptions } from "./minimize.js";

/** A classifier that is linear in features: `logits = features · kernel + bias`. */
export interface LinearClassifier {
  /** `[features, classes]` */
  readonly kernel: TensorData<"float32">;
  /** `[classes]` */
  readonly bias: TensorData<"float32">;
}

/** What is learned from. */
export interface Samples {
  /** `[samples, features]` */
  readonly features: TensorData<"float32">;
  /** Share of each class, `[samples, classes]`: 1 for a sample's class, or less where labels are smoothed. */
  readonly targets: TensorData<"float32">;
  /** How much each sample counts, `[samples]`, 0 or more; those with 0 are left out. */
  readonly weights: TensorData<"float32">;
}

/** Where the search for the minimum begins and ends. */
export interface RegressionOptions extends Pick<MinimizeOptions, "smallestGain"> {
  /** Where to begin, such as at the solution for another penalty; default zeros. */
  readonly start?: LinearClassifier | undefined;
}

/**
 * Multinomial logistic regression, the best linear classifier of features by its likelihood:
 *
 * `Σ weightᵢ · crossentropyᵢ / Σ weightᵢ + penalty / 2 · ‖kernel‖²`
 *
 * It has one minimum, which needs no learning rate, no epochs and no luck. The engine computes it and its gradient, in float32.
 */
export class SoftmaxRegression {
  private constructor(
    private readonly objective: Session,
    private readonly scores: Session,
    private readonly features: number,
    private readonly classes: number,
  ) {}

  /**
   * @param runtime where it is computed
   * @param features numbers a sample
   * @param classes 2 or more
   */
  static async create(runtime: Runtime, features: number, classes: number): Promise<SoftmaxRegression> {
    const x = input("features", "float32", ["N", features]);
    const kernel = input("kernel", "float32", [features, classes]);
    const bias = input("bias", "float32", [classes]);
    const logits = add(matmul(x, kernel), bias);
    const targets = input("targets", "float32", ["N", classes]);
    const weights = input("weights", "float32", ["N", 1]);
    const penalty = input("penalty", "float32", []);
    const crossentropy = neg(total(mul(mul(logSoftmax(logits, { axis: 1 }), targets), weights)));
    const loss = add(crossentropy, mul(mul(scalar("float32", 0.5), penalty), total(square(kernel))));
    const [kernelGradient, biasGradient] = gradients(loss, [kernel, bias]) as [Value, Value];
    const [objective, scores] = await Promise.all([
      createSession(runtime, { loss, kernelGradient, biasGradient }),
      createSession(runtime, { logits }),
    ]);
    return new SoftmaxRegression(objective, scores, features, classes);
  }

  /**
   * Finds the minimum.
   *
   * @param penalty of the squared kernel; 0 or more
   */
  async fit(
    samples: Samples,
    penalty: number,
    { start, smallestGain }: RegressionOptions = {},
  ): Promise<LinearClassifier> {
    const { features, classes } = this;
    const { data } = samples.weights;
    const sum = data.reduce((all, weight) => all + weight, 0);
    const shares = float32(
      data.map((weight) => weight / sum),
      [data.length, 1],
    );
    const feeds = {
      features: toTensor(samples.features),
      targets: toTensor(samples.targets),
      weights: toTensor(shares),
      penalty: toTensor(float32([penalty], [])),
    };
    const evaluate = async (point: Float64Array): Promise<Evaluated> => {
      const { loss, kernelGradient, biasGradient } = await this.objective.run({ ...feeds, ...tensors(this.at(point)) });
      const gradient = new Float64Array(point.length);
      gradient.set(numbers(kernelGradient));
      gradient.set(numbers(biasGradient), features * classes);
      return { value: numbers(loss)[0] ?? Number.NaN, gradient };
    };
    const from = new Float64Array((features + 1) * classes);
    if (start !== undefined) {
      from.set(start.kernel.data);
      from.set(start.bias.data, features * classes);
    }
    const { point } = await minimize(evaluate, from, smallestGain === undefined ? {} : { smallestGain });
    return this.at(point);
  }

  /**
   * What a classifier says of samples.
   *
   * @param features `[samples, features]`
   * @returns logits `[samples, classes]`
   */
  async logits(features: TensorData<"float32">, classifier: LinearClassifier): Promise<TensorData<"float32">> {
    const { logits } = await this.scores.run({ features: toTensor(features), ...tensors(classifier) });
    return float32(numbers(logits), [features.dims[0] ?? 0, this.classes]);
  }

  /** Frees the sessions. */
  async release(): Promise<void> {
    await Promise.all([this.objective.release(), this.scores.release()]);
  }

  private at(point: Float64Array): LinearClassifier {
    const { features, classes } = this;
    return {
      kernel: float32(Float32Array.from(point.subarray(0, features * classes)), [features, classes]),
      bias: float32(Float32Array.from(point.subarray(features * classes)), [classes]),
    };
  }
}

/** The sum of all elements, a scalar. */
function total(value: Value): Value {
  return reduceSumOp(value, undefined, { keepdims: 0 });
}

function tensors({ kernel, bias }: LinearClassifier): Record<"kernel" | "bias", Tensor> {
  return { kernel: toTensor(kernel), bias: toTensor(bias) };
}

function numbers(tensor: Tensor | undefined): Float32Array {
  if (tensor === undefined) throw new TypeError("The engine left out an output.");
  return fromTensor(tensor).data as Float32Array;
}
