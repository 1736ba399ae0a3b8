import { ShapeError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import { quoted } from "../../models/each.js";
import type { Activations, LoadedBatch } from "../activations/activations.js";

/** Number of batches of one round. */
export function roundSteps({ samples, batchSize }: BatchSource): number {
  return Math.ceil(samples / batchSize);
}

/** The next batches of a source. */
export function* takeBatches(source: BatchSource, count: number): Iterable<Batch> {
  for (let step = 0; step < count; step++) yield source.next();
}

/** A batch, and what reads its samples. */
export interface LoadingBatch {
  readonly batch: Batch;
  /** `undefined` where the activations are known already. */
  readonly loading: Promise<LoadedBatch> | undefined;
}

/** Begins to load a batch. */
export function beginLoading(batch: Batch, activations: Activations): LoadingBatch {
  const loading = activations.load(batch);
  // Whoever awaits it later gets the error; until then it must not count as unhandled.
  loading?.catch(() => undefined);
  return { batch, loading };
}

/** Batches with the loading of the next one already begun. */
export function* ahead(batches: Iterable<Batch>, activations: Activations): Iterable<LoadingBatch> {
  let previous: LoadingBatch | undefined;
  for (const batch of batches) {
    const current = beginLoading(batch, activations);
    if (previous !== undefined) yield previous;
    previous = current;
  }
  if (previous !== undefined) yield previous;
}

/** A shape in Keras's order. */
function channelsLast(shape: Shape): Shape {
  const [n, c, h, w] = shape;
  const isImage = shape.length === 4 && n !== undefined && c !== undefined && h !== undefined && w !== undefined;
  return isImage ? [n, h, w, c] : shape;
}

/**
 * Builds a model that waits for the shape of its input, and checks that the samples fit.
 *
 * @throws ShapeError when they do not
 */
export function prepareModel(model: BaseModel, source: BatchSource): void {
  const shapes = source.graph.map(({ shape }) => channelsLast(shape));
  model.ensureBuilt(shapes);
  const { inputs, inputNames } = model;
  if (inputs.length !== shapes.length) {
    throw new ShapeError(`The samples do not fit the model "${model.name}".`, {
      subject: model.name,
      expected: `samples for each of its inputs: ${quoted(inputNames)}`,
      received: `samples for ${shapes.length}`,
      advice: "Give a list in the order of model.inputNames, or a record by these names.",
    });
  }
  inputs.forEach(({ shape }, index) => {
    const [expected, received] = [shape.slice(1), (shapes[index] ?? []).slice(1)];
    if (String(expected) === String(received)) return;
    const name = inputs.length === 1 ? "" : ` for the input "${inputNames[index] ?? ""}"`;
    throw new ShapeError(`The samples do not fit the model "${model.name}".`, {
      subject: model.name,
      expected: `samples of shape [${expected.join(", ")}]${name}`,
      received: `samples of shape [${received.join(", ")}]`,
    });
  });
}
