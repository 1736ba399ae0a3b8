import type { BaseModel } from "../models/base-model.js";
import type { Variable } from "../nn/variable.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { EpochRow } from "./fine-tune-types.js";

function copy(tensor: TensorData<"float32">): TensorData<"float32"> {
  return { ...tensor, data: tensor.data.slice() };
}

/** The best weights so far, by validation loss: it moves less by luck than accuracy, which counts whole photos. */
export class BestWeights {
  row: EpochRow | undefined;
  private readonly weights = new Map<Variable, TensorData<"float32">>();

  /** Keeps the model's trainable weights when the epoch's figures are better; returns whether they are. */
  offer(row: EpochRow, model: BaseModel): boolean {
    if (this.row !== undefined && !(row.val_loss < this.row.val_loss)) return false;
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
