import { wholeNumber } from "../../errors/check.js";
import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { type ByPosition, byName } from "../../nn/named.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { Callback } from "./callback.js";
import { say } from "./say.js";

/** Options of {@link StochasticWeightAveraging}. */
export interface StochasticWeightAveragingOptions {
  /** The first epoch, from 0, whose weights count; default: three quarters of the epochs come before. */
  readonly startFromEpoch?: number | undefined;
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
}

/** Options that may follow by position. */
const following = ["startFromEpoch", "verbose"] as const;

/** Share of the epochs before the first one that counts, as in the paper. */
const shareBefore = 0.75;

/**
 * Leaves a model with the mean of the weights that it had at the ends of its last epochs: at a rate that is constant or falls
 * slowly these lie around a flat minimum, whose middle does better on new samples than any of them.
 *
 * All weights are averaged, moving means and variances of normalizations too, where PyTorch looks at the samples once more for
 * these. Figures of epochs are those of the weights as they were trained; `evaluate` after `fit` measures the mean. Keras has no such
 * callback; of `EarlyStopping` with `restoreBestWeights`, the one that comes later in the list decides.
 *
 * @see https://arxiv.org/abs/1803.05407
 *
 * @example
 * ```ts
 * import { callbacks, layers, models, Tensor } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "mse" });
 * const averaging = new callbacks.StochasticWeightAveraging({ startFromEpoch: 6 });
 * await model.fit(x, { y: x, epochs: 10, callbacks: [averaging], verbose: 0 });
 * console.log(averaging.epochs); // → 4
 * ```
 */
export class StochasticWeightAveraging extends Callback {
  static readonly className: string = "StochasticWeightAveraging";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = following;

  /** How many epochs are in the mean. */
  epochs = 0;
  private readonly startFromEpoch: number | undefined;
  private readonly verbose: number;
  private mean: readonly TensorData<"float32">[] = [];

  /** As many by position as one likes. */
  constructor(...given: ByPosition<StochasticWeightAveragingOptions, typeof following>);
  /** @throws UsageError for an option that is not usable */
  constructor(options?: StochasticWeightAveragingOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<StochasticWeightAveragingOptions>(StochasticWeightAveraging, given);
    super(options);
    const { startFromEpoch } = options;
    this.startFromEpoch =
      startFromEpoch === undefined
        ? undefined
        : wholeNumber("StochasticWeightAveraging", "startFromEpoch", startFromEpoch, 0);
    this.verbose = options.verbose ?? 0;
  }

  override onTrainBegin(): void {
    this.epochs = 0;
    this.mean = [];
  }

  override onEpochEnd(epoch: number, _logs: Logs, { model, epochs }: CallbackContext): void {
    if (epoch < (this.startFromEpoch ?? Math.floor(shareBefore * epochs))) return;
    this.epochs += 1;
    const { mean } = this;
    if (this.epochs === 1) {
      this.mean = model.weights.map(({ value: { data, dims } }) => float32(data.slice(), dims));
      return;
    }
    model.weights.forEach(({ value: { data } }, index) => {
      const sum = mean[index]?.data ?? data;
      data.forEach((value, place) => {
        const before = sum[place] ?? value;
        sum[place] = before + (value - before) / this.epochs;
      });
    });
  }

  override onTrainEnd(_logs: Logs, context: CallbackContext): void {
    if (this.epochs === 0) return;
    if (this.verbose > 0) say(`StochasticWeightAveraging: the mean of the last ${this.epochs} epochs.`, context);
    context.model.setWeights(this.mean);
    this.mean = [];
  }

  override saveState(): TrainingState {
    return {
      facts: { epochs: this.epochs },
      tensors: Object.fromEntries(this.mean.map((value, index) => [index, value])),
    };
  }

  override restoreState({ facts, tensors }: TrainingState): void {
    this.epochs = (facts as { readonly epochs: number }).epochs;
    // Keys that are numbers come in their order.
    this.mean = Object.values(tensors).map(({ data, dims }) => float32(data.slice(), dims));
  }
}
