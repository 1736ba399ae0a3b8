import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { namedRecord, ownValue } from "../errors/named-record.js";
import type { Layer } from "../nn/layer.js";
import { BaseModel } from "./base-model.js";
import { graftKey } from "./graft-key.js";

/** Not `z.record`, which leaves out the name `__proto__`. */
const multipliersSchema = z.custom<Readonly<Record<string, number>>>(
  (value) => typeof value === "object" && value !== null && Object.values(value).every(isPositive),
);
const schema = z.looseObject({ learning_rate_multipliers: multipliersSchema.optional() });

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/** A layer, or an inner model, and its path: names from the outside in. */
function* layersOf(model: BaseModel, prefix = ""): Iterable<{ readonly path: string; readonly layer: Layer }> {
  for (const layer of model.layers) {
    const path = `${prefix}${layer.name}`;
    yield { path, layer };
    if (layer instanceof BaseModel) yield* layersOf(layer, `${path}/`);
  }
}

/**
 * Factors of the learning rate of a model's layers, for a file: by path, those of layers whose factor is another than that of
 * the model that they are in.
 *
 * @returns `undefined` where all are 1
 */
export function serializeMultipliers(model: BaseModel): Readonly<Record<string, unknown>> | undefined {
  const inherited = new Map<string, number>([["", model.learningRateMultiplier]]);
  const multipliers = namedRecord<number>(
    model.learningRateMultiplier === 1 ? [] : [["", model.learningRateMultiplier]],
  );
  for (const { path, layer } of layersOf(model)) {
    const { learningRateMultiplier: own } = layer;
    inherited.set(path, own);
    const outer = inherited.get(path.slice(0, Math.max(0, path.length - layer.name.length - 1)));
    if (own !== outer) multipliers[path] = own;
  }
  return Object.keys(multipliers).length === 0 ? undefined : { learning_rate_multipliers: multipliers };
}

/**
 * Gives layers the factors that a file of Graft says.
 *
 * @param stored what the file has under {@link graftKey}; `undefined` in files of Keras
 * @param file the file's name, for messages
 * @throws FileError when they are no positive numbers
 */
export function restoreMultipliers(model: BaseModel, stored: unknown, file: string): void {
  if (stored === undefined) return;
  const parsed = schema.safeParse(stored);
  if (!parsed.success) {
    throw new FileError(`${file} has unusable factors of the learning rate.`, {
      subject: graftKey,
      expected: "positive numbers by layers",
      received: JSON.stringify(stored).slice(0, 200),
      advice: "Save the model again.",
    });
  }
  const { learning_rate_multipliers: multipliers = {} } = parsed.data;
  // From the outside in: a model's factor is that of all layers in it that have none of their own.
  for (const { path, layer } of [{ path: "", layer: model }, ...layersOf(model)]) {
    const multiplier = ownValue(multipliers, path);
    if (multiplier !== undefined) layer.learningRateMultiplier = multiplier;
  }
}
