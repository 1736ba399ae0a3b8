import type { BaseModel } from "../models/base-model.js";
import type { Variable } from "../nn/variable.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";

/** Weights of a model as they were at one time. */
export class KeptWeights {
  private constructor(private readonly values: ReadonlyMap<Variable, TensorData<"float32">>) {}

  /** The model's present weights: those that are trained, and statistics of normalizations, which move along. */
  static of(model: BaseModel): KeptWeights {
    const statistics = model.weights.filter(({ learnable }) => !learnable);
    return KeptWeights.from(new Set([...model.trainableWeights, ...statistics]));
  }

  /** All of the model's present weights. */
  static ofAll(model: BaseModel): KeptWeights {
    return KeptWeights.from(new Set(model.weights));
  }

  private static from(variables: ReadonlySet<Variable>): KeptWeights {
    return new KeptWeights(new Map([...variables].map((variable) => [variable, copyOf(variable.value)])));
  }

  /** The mean of several, of one model. */
  static mean(all: readonly KeptWeights[]): KeptWeights {
    const [first] = all;
    const mean = new Map<Variable, TensorData<"float32">>();
    for (const [variable, { data, dims }] of first?.values ?? []) {
      const sums = new Float64Array(data.length);
      for (const { values } of all) {
        for (const [index, value] of values.get(variable)?.data.entries() ?? [])
          sums[index] = (sums[index] ?? 0) + value;
      }
      mean.set(
        variable,
        float32(
          Float32Array.from(sums, (sum) => sum / all.length),
          dims,
        ),
      );
    }
    return new KeptWeights(mean);
  }

  /** The same values for another model that has as many weights of this kind in the same order. */
  for(model: BaseModel): KeptWeights {
    const values = [...this.values.values()];
    const own = [...KeptWeights.of(model).values.keys()];
    return new KeptWeights(
      new Map(
        own.flatMap((variable, index) => {
          const value = values[index];
          return value === undefined ? [] : [[variable, value]];
        }),
      ),
    );
  }

  /** Puts them back. */
  restore(): void {
    for (const [variable, value] of this.values) variable.assign(copyOf(value));
  }

  /**
   * Puts weights between these and later ones into the model: `this + share · (later − this)`.
   *
   * @param later of the same model
   * @param share in [0, 1]
   * @see https://arxiv.org/abs/2109.01903: half-way between a network before and after fine-tuning often lies one that is better than both
   */
  blend(later: KeptWeights, share: number): void {
    for (const [variable, { data, dims }] of this.values) {
      const goal = later.values.get(variable)?.data ?? data;
      const between = data.map((value, index) => value + share * ((goal[index] ?? value) - value));
      variable.assign(float32(between, dims));
    }
  }
}

function copyOf(tensor: TensorData<"float32">): TensorData<"float32"> {
  return { ...tensor, data: tensor.data.slice() };
}
