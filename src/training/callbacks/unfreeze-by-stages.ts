import { isPlainObject, isWhole, refuse, text } from "../../errors/check.js";
import { BaseModel } from "../../models/base-model.js";
import type { CallbackContext } from "../../models/training-types.js";
import type { Layer } from "../../nn/layer.js";
import { byName } from "../../nn/named.js";
import { Callback } from "./callback.js";
import { layersFrom } from "./layers-from.js";
import { say } from "./say.js";

/** By the number of an epoch, from 0: the name of the layer from which on layers learn, beginning with that epoch. */
export type UnfreezeStages = Readonly<Record<number, string>>;

/** Options of {@link UnfreezeByStages}. */
export interface UnfreezeByStagesOptions {
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
}

type AllOptions = UnfreezeByStagesOptions & { readonly stages: UnfreezeStages };

/**
 * Unfreezes a network from its end, stage by stage: at the beginning of certain epochs all layers from a given one on become
 * trainable. Training goes on with the optimizer's state as it is; the same numbers come out as by several calls of `fit`, with the
 * layers unfrozen in between.
 *
 * A layer of an inner model is named as it is, or by its path, such as `"mobilenetv2/block_16_expand"`; the layers behind the inner
 * model are unfrozen too. As in Keras, a normalization that is unfrozen learns and computes with the statistics of batches, unless it
 * was called with `training: false`. Nothing is frozen again at the end. Keras has no such callback: a change of `trainable` waits for
 * `compile` there.
 *
 * @see https://arxiv.org/abs/1801.06146 section 3.3: gradual unfreezing
 *
 * @example
 * ```ts
 * import { callbacks, layers, models, Tensor } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([
 *   layers.Input({ shape: [1] }),
 *   new layers.Dense(2, { name: "first", trainable: false }),
 *   new layers.Dense(2, { name: "second", trainable: false }),
 *   new layers.Dense(1, { name: "head" }),
 * ]);
 * model.compile({ optimizer: "sgd", loss: "mse" });
 * const stages = new callbacks.UnfreezeByStages({ 2: "second", 4: "first" });
 * await model.fit(x, { y: x, epochs: 6, callbacks: [stages], verbose: 0 });
 * console.log(model.layers.every(({ trainable }) => trainable)); // → true
 * ```
 */
export class UnfreezeByStages extends Callback {
  static readonly className: string = "UnfreezeByStages";
  static readonly positional: readonly string[] = ["stages"];
  static readonly options: readonly string[] = ["verbose"] satisfies readonly (keyof UnfreezeByStagesOptions)[];
  private readonly stages: readonly (readonly [epoch: number, from: string])[];
  private readonly verbose: number;

  /**
   * @param stages layers by the number of the epoch, from 0, with which they begin to learn
   * @throws UsageError for stages that are none
   */
  constructor(stages: UnfreezeStages, options?: UnfreezeByStagesOptions);
  /** All of them by name. */
  constructor(options: AllOptions);
  constructor(...given: readonly unknown[]) {
    const { stages, ...options } = byName<AllOptions>(UnfreezeByStages, withName(given));
    super(options);
    this.stages = checkedStages(stages);
    this.verbose = options.verbose ?? 0;
  }

  /** @throws UsageError when the model has no such layers */
  override onTrainBegin({ model }: CallbackContext): void {
    for (const [, from] of this.stages) layersFrom(model, from);
  }

  override onEpochBegin(epoch: number, context: CallbackContext): void {
    const { model } = context;
    // Those of earlier epochs too: a training may begin in the middle.
    for (const [begin, from] of this.stages) {
      if (begin > epoch) continue;
      const frozen = layersFrom(model, from).filter(isFrozen);
      if (frozen.length === 0) continue;
      frozen.forEach(unfreeze);
      context.applyTrainable?.();
      if (this.verbose > 0) say(`Epoch ${epoch + 1}: the layers from "${from}" on learn now.`, context);
    }
  }
}

/** Stages are an object themselves, which is no object of options: its keys are numbers. */
function withName(given: readonly unknown[]): readonly unknown[] {
  const [stages, options = {}, ...others] = given;
  if (!isPlainObject(stages) || !isPlainObject(options) || others.length > 0) return given;
  const keys = Object.keys(stages);
  const areStages = keys.length > 0 && keys.every((key) => !Number.isNaN(Number(key)));
  return areStages ? [{ ...options, stages }] : given;
}

function checkedStages(given: unknown): readonly (readonly [number, string])[] {
  if (!isPlainObject(given) || Object.keys(given).length === 0) {
    refuse("UnfreezeByStages", "stages", 'layers by epochs, such as { 2: "block5_conv1" }', given);
  }
  return Object.entries(given).map(([key, from]) => {
    const epoch = Number(key);
    if (key.trim() === "" || !isWhole(epoch, 0)) {
      refuse("UnfreezeByStages", "stages", "epochs that are whole numbers from 0", key);
    }
    return [epoch, text("UnfreezeByStages", "stages", from)];
  });
}

/** Whether something in a layer does not learn. */
function isFrozen(layer: Layer): boolean {
  return !layer.trainable || (layer instanceof BaseModel && layer.layers.some(isFrozen));
}

/** A model that has the flag already passes it on to no layer. */
function unfreeze(layer: Layer): void {
  layer.trainable = true;
  if (layer instanceof BaseModel) layer.layers.forEach(unfreeze);
}
