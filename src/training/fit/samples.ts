import { ShapeError, UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { BaseModel } from "../../models/base-model.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import { quoted } from "../../models/each.js";
import type { Activations, LoadedBatch } from "../activations/activations.js";

/** Batches of a source, one after the other. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>;

/** Number of batches of one round; `Infinity` where nobody knows, or there is no end. */
export function roundSteps({ samples, batchSize, round }: BatchSource): number {
  if (round === undefined) return Math.ceil(samples / batchSize);
  return typeof round === "number" ? round : Infinity;
}

/**
 * The first batches of a round in the samples' own order, as `evaluate` and `predict` look at them: from the first one in each
 * call, and no further than the end.
 *
 * @param call what was called, for messages
 * @param steps how many; default all
 * @param onEnd told how many there were, when the samples end before so many
 * @throws UsageError when there is no end and nobody said how many
 */
export async function* firstBatches(
  call: string,
  source: BatchSource,
  steps: number | undefined,
  onEnd: (given: number) => void,
): AsyncGenerator<Batch> {
  if (steps === undefined && source.round === "endless") {
    throw new UsageError(`${call}: the samples have no end.`, {
      subject: "steps",
      expected: "how many batches are to be taken",
      received: "nothing",
      advice: "Say `steps`; for validation in fit, `validationSteps`.",
    });
  }
  let given = 0;
  // Not one more is taken than is asked for: of samples that come only once, it would be missing.
  const iterator = iteratorOf(source.inOrder());
  try {
    while (steps === undefined || given < steps) {
      const { done, value } = await iterator.next();
      if (done === true) break;
      given += 1;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
  if (steps !== undefined && given < steps) onEnd(given);
}

/**
 * Looks at the first of some batches before work on them begins.
 *
 * @throws UsageError when there are none
 */
export async function looked(
  batches: AsyncGenerator<Batch>,
): Promise<{ first: Batch; batches: AsyncGenerator<Batch> }> {
  const { first, batches: all } = await peeked(batches);
  if (first === undefined) throw noSamples();
  return { first, batches: all };
}

/** Looks at the first of some batches, where there is one. */
export async function peeked(
  batches: Batches,
): Promise<{ readonly first: Batch | undefined; readonly batches: AsyncGenerator<Batch> }> {
  const iterator = iteratorOf(batches);
  const result = await iterator.next();
  async function* all(): AsyncGenerator<Batch> {
    try {
      for (let next = result; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first: result.done === true ? undefined : result.value, batches: all() };
}

/** What is said where there is not a single batch. */
export function noSamples(): UsageError {
  return new UsageError("There are no samples.", {
    subject: "x",
    expected: "at least one batch",
    received: "none",
    advice: "Are the arrays empty? A generator gives its samples once: call its function again for others.",
  });
}

function iteratorOf(batches: Batches): Iterator<Batch, unknown> | AsyncIterator<Batch, unknown> {
  return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
}

/** What is said when samples end before all steps are done. */
export function ranOut(what: string, given: number, wanted: number, unit = "batches"): string {
  return (
    `${what}: the samples ran out of data after ${given} of ${wanted} ${unit}. Give more of them, or fewer steps; a generator ` +
    "of your own can go on for ever."
  );
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
export async function* ahead(batches: Batches, activations: Activations): AsyncGenerator<LoadingBatch> {
  let previous: LoadingBatch | undefined;
  for await (const batch of batches) {
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
    // What a model that takes other sizes cannot compute, its layers say; the weights of the first fit the channels.
    const fits = expected.every((extent, axis) => {
      const isOpen = typeof extent === "string" || (model.takesOtherSizes() && axis < expected.length - 1);
      return isOpen || extent === received[axis];
    });
    if (fits && expected.length === received.length) return;
    const name = inputs.length === 1 ? "" : ` for the input "${inputNames[index] ?? ""}"`;
    throw new ShapeError(`The samples do not fit the model "${model.name}".`, {
      subject: model.name,
      expected: `samples of shape [${expected.map((extent) => (typeof extent === "string" ? "any" : extent)).join(", ")}]${name}`,
      received: `samples of shape [${received.join(", ")}]`,
    });
  });
}
