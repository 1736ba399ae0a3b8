import type { BaseModel } from "../models/base-model.js";
import type { Variable } from "../nn/variable.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { EpochRow } from "./fine-tune-types.js";

function copy(tensor: TensorData<"float32">): TensorData<"float32"> {
  return { ...tensor, data: tensor.data.slice() };
}

/** The best weights so far: by validation accuracy, and by validation loss where that is equal. */
export class BestWeights {
  row: EpochRow | undefined;
  private readonly weights = new Map<Variable, TensorData<"float32">>();

  /** Keeps the model's trainable weights when the epoch's figures are better; returns whether they are. */
  offer(row: EpochRow, model: BaseModel): boolean {
    const best = this.row;
    const better =
      best === undefined ||
      row.val_accuracy > best.val_accuracy ||
      (row.val_accuracy === best.val_accuracy && row.val_loss < best.val_loss);
    if (!better) return false;
    this.row = row;
    this.keep(model);
    return true;
  }

  /**
   * Keeps the present values of weights that are about to be trained, so that they too can be restored; statistics of
   * normalizations move along with them.
   */
  keep(model: BaseModel): void {
    const statistics = model.weights.filter(({ learnable }) => !learnable);
    for (const variable of [...model.trainableWeights, ...statistics]) this.weights.set(variable, copy(variable.value));
  }

  /** Puts the best weights back. */
  restore(): void {
    for (const [variable, tensor] of this.weights) variable.assign(copy(tensor));
  }
}
