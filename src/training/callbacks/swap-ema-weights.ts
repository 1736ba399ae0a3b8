import { UsageError } from "../../errors/errors.js";
import type { BaseModel } from "../../models/base-model.js";
import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { type ByPosition, byName } from "../../nn/named.js";
import { averageSlot } from "../../nn/optimizers/optimizer-state.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { Callback } from "./callback.js";

/** Options of {@link SwapEMAWeights}. */
export interface SwapEMAWeightsOptions {
  /**
   * Whether the averages are in the model from the end of an epoch to the beginning of the next one, too, so that callbacks behind
   * this one, such as `ModelCheckpoint`, see them; default `false`.
   */
  readonly swapOnEpoch?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["swapOnEpoch"] as const;

/**
 * Lets a model be measured with the moving averages of its weights, which an optimizer with `useEma: true` keeps: they take the
 * place of the weights while the model is evaluated or asked, and with `swapOnEpoch` between epochs.
 *
 * Unlike Keras's, it also puts the weights back after `predict`, keeps the averages where training ends early, and comes through a
 * stop with `BackupAndRestore`. Between epochs the optimizer goes on holding the averages, so that they are in files too.
 *
 * @see https://keras.io/api/callbacks/swap_ema_weights/
 *
 * @example
 * ```ts
 * import { callbacks, layers, models, optimizers, Tensor } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
 * model.compile({ optimizer: new optimizers.SGD(0.1, { useEma: true, emaMomentum: 0.9 }), loss: "mse" });
 * const swap = new callbacks.SwapEMAWeights();
 * // val_loss is that of the averaged weights, which the model has after fit.
 * await model.fit(x, { y: x, epochs: 5, validationData: [x, x], callbacks: [swap], verbose: 0 });
 * ```
 */
export class SwapEMAWeights extends Callback {
  static readonly className: string = "SwapEMAWeights";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["swapOnEpoch"];
  private readonly swapOnEpoch: boolean;
  /** The weights as training left them, while the averages are in the model. */
  private trained: readonly (TensorData<"float32"> | undefined)[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SwapEMAWeightsOptions, typeof following>);
  /** @throws UsageError for an option that is not usable */
  constructor(options?: SwapEMAWeightsOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<SwapEMAWeightsOptions>(SwapEMAWeights, given);
    super(options);
    this.swapOnEpoch = options.swapOnEpoch ?? false;
  }

  override onTrainBegin({ model }: CallbackContext): void {
    this.trained = undefined;
    averagesOf(model);
  }

  override onEpochBegin(_epoch: number, { model }: CallbackContext): void {
    this.putBack(model);
  }

  override onEpochEnd(_epoch: number, _logs: Logs, { model }: CallbackContext): void {
    if (this.swapOnEpoch) this.putAverages(model);
  }

  /** `fit` has put the averages into the model for good. */
  override onTrainEnd(): void {
    this.trained = undefined;
  }

  override onTestBegin({ model }: CallbackContext): void {
    this.putAverages(model);
  }

  override onTestEnd(_logs: Logs, { model }: CallbackContext): void {
    this.putBack(model);
  }

  override onPredictBegin({ model }: CallbackContext): void {
    this.putAverages(model);
  }

  override onPredictEnd({ model }: CallbackContext): void {
    this.putBack(model);
  }

  private putAverages(model: BaseModel): void {
    if (this.trained !== undefined) return;
    const averages = averagesOf(model);
    this.trained = model.weights.map((weight, index) => (averages[index] === undefined ? undefined : weight.value));
    model.weights.forEach((weight, index) => {
      const average = averages[index];
      // A copy: steps write into the arrays of weights and of slots.
      if (average !== undefined) weight.assign(float32(average.data.slice(), average.dims));
    });
  }

  private putBack(model: BaseModel): void {
    const { trained = [] } = this;
    this.trained = undefined;
    model.weights.forEach((weight, index) => {
      const value = trained[index];
      if (value !== undefined) weight.assign(value);
    });
  }

  override saveState(): TrainingState {
    const tensors = (this.trained ?? []).flatMap((value, index) =>
      value === undefined ? [] : [[index, value] as const],
    );
    return { facts: { isSwapped: this.trained !== undefined }, tensors: Object.fromEntries(tensors) };
  }

  override restoreState({ facts, tensors }: TrainingState): void {
    const { isSwapped } = facts as { readonly isSwapped: boolean };
    const all: (TensorData<"float32"> | undefined)[] = [];
    for (const [index, value] of Object.entries(tensors)) all[Number(index)] = value;
    this.trained = isSwapped ? all : undefined;
  }
}

/**
 * The averages of a model's weights, in the order of `model.weights`; `undefined` for those that have none, as frozen ones.
 *
 * @throws UsageError when the optimizer keeps none
 */
function averagesOf({ name, weights, optimizer }: BaseModel): readonly (TensorData<"float32"> | undefined)[] {
  if (!optimizer.useEma) {
    throw new UsageError("SwapEMAWeights finds no averages of the weights.", {
      subject: "useEma",
      expected: "a model whose optimizer keeps averages of its weights",
      received: `${optimizer.className} of "${name}", which keeps none`,
      advice: `Make it with averages: new optimizers.${optimizer.className}({ useEma: true }).`,
    });
  }
  return weights.map((weight) => (weight.trainable ? optimizer.state.slots.get(weight)?.get(averageSlot) : undefined));
}
