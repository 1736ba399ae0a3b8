import type { BaseModel } from "../models/base-model.js";

/* With which layers the stages of a network begin: names tell it. */

/** What gives the layers with which stages begin. */
export type StageRule = (model: BaseModel) => readonly string[];

/**
 * Stages by what layers' names begin with: each begins with the first layer whose name fits, in Keras's order of layers.
 *
 * @param pattern in its first group what tells stages apart: `/^(conv\d)_block/`
 */
export function stagesNamed(pattern: RegExp): StageRule {
  return (model) => {
    const first = new Map<string, string>();
    for (const { name } of model.layers) {
      const stage = pattern.exec(name)?.[1];
      if (stage !== undefined && !first.has(stage)) first.set(stage, name);
    }
    return [...first.values()];
  };
}

/** Stages by the layers with which those before them end: each begins with the layer that comes next in Keras's order. */
export function stagesAfter(...ends: readonly string[]): StageRule {
  return ({ layers }) =>
    layers.flatMap(({ name }, index) => (ends.includes(name) ? (layers[index + 1]?.name ?? []) : []));
}
