import { checkOptionNames, positiveNumber, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import type { Layer } from "../nn/layer.js";
import { BaseModel } from "./base-model.js";

/** Options of {@link setRatesByDepth}: one of `lowest` and `decay`. */
export interface RatesByDepthOptions {
  /** Factor of the first layer; those between it and the last rise by the same ratio from each to the next. Positive. */
  readonly lowest?: number | undefined;
  /** How much faster a layer learns than the one behind it: below 1, it learns more slowly. Positive. */
  readonly decay?: number | undefined;
  /** Factor of the last layer; positive, default 1. */
  readonly highest?: number | undefined;
}

const known = ["lowest", "decay", "highest"] as const satisfies readonly (keyof RatesByDepthOptions)[];

/** Layers with weights, those of inner models in their places. */
function layersWithWeights(model: BaseModel): Layer[] {
  return model.layers.flatMap((layer) => {
    if (layer instanceof BaseModel) return layersWithWeights(layer);
    return layer.weights.length > 0 ? [layer] : [];
  });
}

/** Whether a layer is a step of depth: it has a kernel. A normalization has vectors only, and goes with the layer before it. */
function isStep(layer: Layer): boolean {
  return layer.weights.some(({ learnable, shape }) => learnable && shape.length > 1);
}

/**
 * Lets the layers of a model learn at rates that grow with their depth: what a network has learned of edges and textures stays
 * nearly as it is, while its last layers and the head learn at the full rate. It sets each layer's `learningRateMultiplier`.
 *
 * Layers count in the order of `model.layers`, inner models in their places, frozen layers too, so that a layer has the same
 * rate whenever it is unfrozen. A layer without a kernel, such as a normalization, has the rate of the layer before it. Takes
 * effect at the next `fit`.
 *
 * @param model a model with weights
 * @returns how many steps of depth there are
 * @throws UsageError for an option that is not usable, or a model without weights
 * @see https://arxiv.org/abs/1801.06146 section 3.2: discriminative fine-tuning
 *
 * @example
 * ```ts
 * import { layers, models, utils } from "graft-ml";
 *
 * const row = [1, 2, 3].map((number) => new layers.Dense(2, { name: `dense_${number}` }));
 * const model = new models.Sequential([layers.Input({ shape: [2] }), ...row]);
 * utils.setRatesByDepth(model, { lowest: 0.01 });
 * console.log(row.map((layer) => Number(layer.learningRateMultiplier.toFixed(2)))); // → [ 0.01, 0.1, 1 ]
 * ```
 */
export function setRatesByDepth(model: BaseModel, options: RatesByDepthOptions): number {
  const owner = "setRatesByDepth";
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse(owner, "model", "a model", given);
  checkOptionNames(owner, options, known);
  const { lowest, decay } = options;
  if ((lowest === undefined) === (decay === undefined)) {
    throw new UsageError(`${owner}: how do the rates fall towards the first layer?`, {
      subject: owner,
      expected: "one of lowest, the first layer's factor, and decay, the ratio from each layer to the one before it",
      received: lowest === undefined ? "none of them" : "both",
      advice: "setRatesByDepth(model, { lowest: 0.01 })",
    });
  }
  const highest = positiveNumber(owner, "highest", options.highest ?? 1);
  if (lowest !== undefined) positiveNumber(owner, "lowest", lowest);
  if (decay !== undefined) positiveNumber(owner, "decay", decay);
  const all = layersWithWeights(given);
  const last = all.filter(isStep).length - 1;
  if (last < 0) {
    throw new UsageError(`The model "${given.name}" has no layers whose rates could differ.`, {
      subject: given.name,
      expected: "a model with layers that have weights",
      received: given.built ? "one without kernels" : "one that has not seen the shape of its input",
      advice: "Begin it with layers.Input, or build it: model.build([null, …]).",
    });
  }
  const ratio = decay ?? ((lowest ?? highest) / highest) ** (1 / Math.max(last, 1));
  let depth = -1;
  for (const layer of all) {
    if (isStep(layer)) depth += 1;
    layer.learningRateMultiplier = highest * ratio ** (last - Math.max(depth, 0));
  }
  return last + 1;
}
