import { inGraphOrder, type Operand } from "../operations/operand.js";
import { computeOf } from "../own-figures.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Tensor } from "../../runtime/runtime.js";
import * as catalogue from "./catalogue.js";
import type { Loss } from "./loss.js";

/* Keras's losses as functions: one number for each sample, of arrays or inside of `call`. */

/** A loss as a function; `compile` takes it, too. */
export interface FunctionOfLoss<O> {
  /** Of arrays: a promise of the loss of each sample. */
  (yTrue: Tensor, yPred: Tensor, options?: Omit<O, "reduction" | "name">): Promise<Tensor>;
  /** Inside of `call`, losses and training steps: the loss of each sample. */
  (yTrue: Operand, yPred: SymbolicTensor, options?: Omit<O, "reduction" | "name">): SymbolicTensor;
  /** Keras's name of the class of the loss. */
  readonly lossName: string;
}

/** A class of losses. */
interface LossClass<O> {
  readonly className: string;
  new (options: O): Loss;
}

function functionOf<O>(Class: LossClass<O>): FunctionOfLoss<O> {
  const lossName = Class.className;
  const compute = (yTrue: Operand, yPred: Operand, options?: O): unknown => {
    const loss = new Class({ ...options, reduction: "none" } as O);
    return computeOf(`The loss ${lossName}`, [yTrue, yPred], ([truth, prediction]) =>
      loss.elements(truth, inGraphOrder(prediction)),
    );
  };
  return Object.assign(compute, { lossName }) as unknown as FunctionOfLoss<O>;
}

/** {@link catalogue.BinaryCrossentropy} of each sample. */
export const binaryCrossentropy = functionOf(catalogue.BinaryCrossentropy);

/** {@link catalogue.BinaryFocalCrossentropy} of each sample. */
export const binaryFocalCrossentropy = functionOf(catalogue.BinaryFocalCrossentropy);

/** {@link catalogue.CategoricalCrossentropy} of each sample. */
export const categoricalCrossentropy = functionOf(catalogue.CategoricalCrossentropy);

/** {@link catalogue.CategoricalFocalCrossentropy} of each sample. */
export const categoricalFocalCrossentropy = functionOf(catalogue.CategoricalFocalCrossentropy);

/** {@link catalogue.CategoricalGeneralizedCrossEntropy} of each sample. */
export const categoricalGeneralizedCrossEntropy = functionOf(catalogue.CategoricalGeneralizedCrossEntropy);

/** {@link catalogue.CategoricalHinge} of each sample. */
export const categoricalHinge = functionOf(catalogue.CategoricalHinge);

/** {@link catalogue.Circle} of each sample. */
export const circle = functionOf(catalogue.Circle);

/** {@link catalogue.CosineSimilarity} of each sample. */
export const cosineSimilarity = functionOf(catalogue.CosineSimilarity);

/** {@link catalogue.CTC} of each sample. */
export const ctc = functionOf(catalogue.CTC);

/** {@link catalogue.Dice} of each sample. */
export const dice = functionOf(catalogue.Dice);

/** {@link catalogue.Hinge} of each sample. */
export const hinge = functionOf(catalogue.Hinge);

/** {@link catalogue.Huber} of each sample. */
export const huber = functionOf(catalogue.Huber);

/** {@link catalogue.KLDivergence} of each sample. */
export const klDivergence = functionOf(catalogue.KLDivergence);

/** {@link catalogue.LogCosh} of each sample. */
export const logCosh = functionOf(catalogue.LogCosh);

/** {@link catalogue.MeanAbsoluteError} of each sample. */
export const meanAbsoluteError = functionOf(catalogue.MeanAbsoluteError);

/** {@link catalogue.MeanAbsolutePercentageError} of each sample. */
export const meanAbsolutePercentageError = functionOf(catalogue.MeanAbsolutePercentageError);

/** {@link catalogue.MeanSquaredError} of each sample. */
export const meanSquaredError = functionOf(catalogue.MeanSquaredError);

/** {@link catalogue.MeanSquaredLogarithmicError} of each sample. */
export const meanSquaredLogarithmicError = functionOf(catalogue.MeanSquaredLogarithmicError);

/** {@link catalogue.Poisson} of each sample. */
export const poisson = functionOf(catalogue.Poisson);

/** {@link catalogue.SparseCategoricalCrossentropy} of each sample. */
export const sparseCategoricalCrossentropy = functionOf(catalogue.SparseCategoricalCrossentropy);

/** {@link catalogue.SquaredHinge} of each sample. */
export const squaredHinge = functionOf(catalogue.SquaredHinge);

/** {@link catalogue.Tversky} of each sample. */
export const tversky = functionOf(catalogue.Tversky);
