import { UsageError } from "../../errors/errors.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import { batchLike, type Origin, sourceOfBatch } from "../../models/sources/given-batch.js";
import { type Element, rowsOf } from "./element.js";
import { isTensor } from "../../runtime/runtime.js";
import type { Pass, Round, Rounds } from "./rounds.js";

/** How elements become batches, and what a source says of them. */
export interface Feeding<T> extends Pick<
  BatchSource,
  "samples" | "batchSize" | "reproducible" | "graph" | "standardization" | "labelNames"
> {
  /** A sample for people, by its key. */
  readonly sampleName?: ((key: number) => string | undefined) | undefined;
  readonly batch: (element: T) => Batch;
}

/** Elements whose rounds go on from one call of `fit` to the next. */
export interface Turns<T> {
  readonly rounds: Rounds<T>;
  /** Number of elements of a round; -1: infinite, -2: unknown. */
  readonly count: number;
  /** Where `fit` stands: numbers of the round, and of elements of it that were taken. */
  readonly stands: { round: number; taken: number };
  /** How many rounds were begun by `evaluate`, `predict` and validation. */
  readonly judged: { rounds: number };
}

/** What rounds that judge are named with; those of photos come in the order of the files. */
export const judging = "judge";

/** State of a source, as plain JSON. */
interface State {
  readonly round: number;
  readonly taken: number;
}

/** A round whose first element was looked at. */
export interface Begun<T> {
  readonly pass: Pass;
  readonly first: T;
  /** What comes behind it. */
  readonly rest: Round<T>;
}

/** The next round that a call wants. */
export function nextPass(call: string, { stands, judged }: Pick<Turns<unknown>, "stands" | "judged">): Pass {
  return ["evaluate", "predict", "validation"].includes(call) ? `${judging} ${judged.rounds}` : `fit ${stands.round}`;
}

/**
 * Elements of a dataset as a source.
 *
 * @param begun a round of which the first element has been made already, so that it is not made twice
 */
export function sourceOfRounds<T>(
  turns: Turns<T>,
  { batch, sampleName, ...facts }: Feeding<T>,
  begun?: Begun<T>,
): BatchSource {
  const { stands, judged, count } = turns;
  let current: Round<T> | undefined;
  let known = begun;
  const open = async function* (pass: Pass): Round<T> {
    const mine = known?.pass === pass ? known : undefined;
    if (mine !== undefined) {
      known = undefined;
      yield mine.first;
    }
    yield* mine?.rest ?? turns.rounds(pass);
  };
  const begin = async (): Promise<Round<T>> => {
    const round = open(`fit ${stands.round}`);
    for (let taken = 0; taken < stands.taken; taken++) await round.next();
    return round;
  };
  const take = async (): Promise<Batch | undefined> => {
    current ??= await begin();
    const { done, value } = await current.next();
    if (done === true) {
      const empty = stands.taken === 0;
      current = undefined;
      stands.round += 1;
      stands.taken = 0;
      // A round of which the number of batches is known goes over into the next one.
      return count === -2 || empty ? undefined : take();
    }
    stands.taken += 1;
    return batch(value);
  };
  const through = async function* (pass: Pass): AsyncGenerator<Batch> {
    for await (const element of open(pass)) yield batch(element);
  };
  return {
    ...facts,
    sampleName: (key) => sampleName?.(key),
    round: count === -1 ? "endless" : count === -2 ? "unknown" : count,
    nextBatch: take,
    inOrder: (alike = false) => through(alike ? judging : `${judging} ${judged.rounds++}`),
    save: (): State => ({ ...stands }),
    restore(state) {
      const { round, taken } = state as State;
      stands.round = round;
      stands.taken = taken;
      current = undefined;
    },
  };
}

/** Whether all that is in an element has an axis of samples in front. */
function isBatch(element: Element): boolean {
  if (isTensor(element)) return element.dims.length > 0;
  if (typeof element !== "object") return false;
  return Object.values(element as Readonly<Record<string, Element>>).every(isBatch);
}

/** What is said of a dataset whose elements are no batches. */
export function singlesRefused(call: string): UsageError {
  return new UsageError(`${call}: the elements of the dataset are no batches.`, {
    subject: "x",
    expected: "arrays with an axis of samples in front, [x, y]",
    received: "single samples: numbers, texts or arrays without that axis",
    advice: "Make batches of them: dataset.batch(32).",
  });
}

/**
 * Begins a round of a dataset, and says how its elements become batches: the first one says what comes.
 *
 * @throws UsageError when there is none, or it is no batch
 */
export async function beginRound(
  rounds: Rounds<Element>,
  pass: Pass,
  origin: Origin,
): Promise<readonly [Feeding<Element>, Begun<Element>]> {
  const { call } = origin;
  const rest = rounds(pass);
  const { done, value: first } = await rest.next();
  if (done === true) {
    throw new UsageError(`${call}: the dataset has no elements.`, {
      subject: "x",
      expected: "at least one batch",
      received: "none",
      advice: "Does filter leave nothing, or skip too much, or batch drop the only one?",
    });
  }
  if (!isBatch(first)) throw singlesRefused(call);
  const { graph } = sourceOfBatch(first, origin);
  const feeding: Feeding<Element> = {
    samples: Infinity,
    batchSize: rowsOf(first) ?? 1,
    reproducible: false,
    graph,
    batch: (element) => batchLike(graph, element, origin),
  };
  return [feeding, { pass, first, rest }];
}
