import { checkOptionNames, isWhole, refuse, refuseOption, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { refuseFormerMembers } from "../../errors/former-members.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import {
  argumentsOf,
  type BatchOf,
  type Element,
  type ElementOf,
  type ElementSpec,
  type Given,
  keyOfElement,
  type RowOf,
  rowOfElement,
  rowsOf,
  settled,
  slicesOf,
  type SliceOf,
  specOf,
  stacked,
  toElement,
} from "./element.js";
import type { BatchSource, BatchSupply, Destination } from "../../models/sources/batch-source.js";
import { isTensor } from "../../runtime/runtime.js";
import { beginRound, nextPass, sourceOfRounds, type Turns } from "./dataset-source.js";
import { filesMatching } from "./list-files.js";
import * as rounds from "./rounds.js";

/** As many at once, or ahead, as this package holds for right. */
const automatic = -1;
/** What {@link automatic} is. */
const atOnce = 4;
const ahead = 2;

/** How {@link Dataset.map} works. */
export interface MapOptions {
  /** How many elements are on their way through the function at a time; default 1, `Dataset.AUTOTUNE`: a few. */
  readonly numParallelCalls?: number | null | undefined;
  /** Whether results keep the order of the elements: always, which is the default. */
  readonly deterministic?: boolean | null | undefined;
}

/** How {@link Dataset.batch} works. */
export interface DatasetBatchOptions extends MapOptions {
  /** Whether the last batch is left out where it is smaller; default `false`. */
  readonly dropRemainder?: boolean | undefined;
}

/** How {@link Dataset.interleave} works. */
export interface InterleaveOptions extends MapOptions {
  /** How many datasets are open at a time; default 4, which TensorFlow leaves to the computer. */
  readonly cycleLength?: number | null | undefined;
  /** How many elements of each come in turn; default 1. */
  readonly blockLength?: number | null | undefined;
}

/** How {@link Dataset.sampleFromDatasets} draws. */
export interface SampleFromDatasetsOptions {
  /** How likely each dataset is, from 0, against the others; default: all alike. */
  readonly weights?: readonly number[] | null | undefined;
  /** Seed of the draws; default: the seed of `setRandomSeed`. */
  readonly seed?: number | null | undefined;
  /** Whether a round ends as soon as a dataset is drawn that has ended; default `false`: it goes on with the others. */
  readonly stopOnEmptyDataset?: boolean | undefined;
  /** Whether each round has draws of its own; default `true`. */
  readonly rerandomizeEachIteration?: boolean | null | undefined;
}

/** Datasets, in lists that stand in each other. */
export type Zipped = Dataset<unknown> | readonly Zipped[];

/** What elements of datasets are together. */
export type ZipOf<D> = D extends Dataset<infer T> ? T : { -readonly [I in keyof D]: ZipOf<D[I]> };

/** How {@link Dataset.shuffle} works. */
export interface ShuffleOptions {
  /** Seed of the order; default: the seed of `setRandomSeed`. */
  readonly seed?: number | null | undefined;
  /** Whether each round has an order of its own; default `true`. */
  readonly reshuffleEachIteration?: boolean | null | undefined;
}

/** What a function of an element is called with: the parts of a list, one by one, or the element. */
export type Arguments<T> = T extends readonly unknown[] ? T : [T];

/** What a dataset with known ways is made of. */
export interface Plan<T> {
  readonly rounds: rounds.Rounds<T>;
  /** Number of elements of a round; see {@link Dataset.cardinality}. */
  readonly count: number;
  /** Whether elements are batches of any size. */
  readonly open?: boolean | undefined;
  /** Rows of an element, where elements are batches; `undefined` where they are none, or nobody knows. */
  readonly batchSize?: number | undefined;
}

/** What a round of two counts is, one of which may be infinite or unknown. */
function changed(count: number, change: (count: number) => number): number {
  return count < 0 ? count : change(count);
}

function count(method: string, name: string, value: unknown, least: number): number {
  return isWhole(value, least) ? value : refuseOption(`Dataset.${method}`, name, `a whole number from ${least}`, value);
}

/** How many, where -1 and nothing mean all. */
function countOrAll(method: string, value: number | null | undefined): number {
  return value === undefined || value === null || value === -1 ? Infinity : count(method, "count", value, 0);
}

function func<F>(method: string, value: F): F {
  return typeof value === "function"
    ? value
    : refuseOption(`Dataset.${method}`, "function", "a function", typeof value);
}

function parallel(method: string, { numParallelCalls }: MapOptions): number {
  if (numParallelCalls === undefined || numParallelCalls === null) return 1;
  return numParallelCalls === automatic ? atOnce : count(method, "numParallelCalls", numParallelCalls, 1);
}

/** Datasets that a function was given. */
function datasetsIn(method: string, given: unknown): readonly Dataset[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const wrong = list.findIndex((one) => !(one instanceof Dataset));
  if (list.length === 0 || wrong >= 0) refuseOption(`Dataset.${method}`, "datasets", "datasets", typeof list[wrong]);
  return list as readonly Dataset[];
}

/** Whether elements of several datasets are batches, and how large ones. */
function together(all: readonly Dataset[]): Pick<Plan<unknown>, "open" | "batchSize"> {
  const [batchSize, ...others] = new Set(all.map((one) => one.batchSize));
  return { open: all.some(({ plan }) => plan.open), batchSize: others.length === 0 ? batchSize : undefined };
}

/** Numbers from 0 without end, each as likely as its weight says. */
function* weightedDraws(weights: readonly number[], generator: Generator): Iterable<number> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  while (true) {
    let left = generator.uniform() * total;
    yield weights.findIndex((weight) => (left -= weight) < 0);
  }
}

/** What a function says of an element: `true` or `false`, or an array of one number. */
function yesOrNo(method: string, predicate: unknown): (element: unknown) => Promise<boolean> {
  const call = func(method, predicate) as (...parts: readonly Element[]) => unknown;
  return async (element) => {
    const answer = await call(...argumentsOf(element as Element));
    if (typeof answer === "boolean") return answer;
    if (isTensor(answer) && answer.size === 1) return Boolean(answer.data[0]);
    const received = isTensor(answer) ? `[${answer.dims.join(", ")}]` : typeof answer;
    return refuseOption(`Dataset.${method}`, "function", "one that gives true or false", received);
  };
}

/**
 * Samples on their way to a model: elements, one after the other, of which each is made when it is asked for. TensorFlow's
 * `tf.data.Dataset` with its names in camelCase.
 *
 * An element is an array, a number, a text, or several of these in a list or by names: `[x, y]`. A loop over a dataset ends
 * after a round, each begins anew, and takes nothing away from others. A dataset of batches `[x, y]` goes into `fit`,
 * `evaluate` and `predict`.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/data/Dataset
 *
 * @example
 * ```ts
 * import { Dataset } from "graft-ml";
 *
 * const numbers = Dataset.range(10).filter((number) => number % 2 === 0);
 * const batches = numbers.map((number) => [number, number * number]).batch(2, { dropRemainder: true });
 * for await (const [x, y] of batches) console.log(String(x.data), "→", String(y.data));
 * // → 0,2 → 0,4
 * // → 4,6 → 16,36
 * ```
 */
export class Dataset<T = Element> implements AsyncIterable<T>, BatchSupply {
  static {
    refuseFormerMembers(this, "A Dataset", {
      class_names: "classNames",
      file_paths: "filePaths",
      batch_size: "batchSize",
      with_options: "numParallelCalls of map; the order of elements is always kept",
      withOptions: "numParallelCalls of map; the order of elements is always kept",
    });
    refuseFormerMembers({ prototype: this }, "Dataset", {
      from_tensor_slices: "fromTensorSlices",
      from_tensors: "fromTensors",
      from_generator: "fromGenerator",
      list_files: "listFiles",
      sample_from_datasets: "sampleFromDatasets",
    });
  }

  /** For `prefetch`, `numParallelCalls`: as many as this package holds for right. */
  static readonly AUTOTUNE: number = automatic;
  /** What {@link cardinality} says of a dataset without end. */
  static readonly INFINITE_CARDINALITY: number = -1;
  /** What {@link cardinality} says where nobody knows before the end. */
  static readonly UNKNOWN_CARDINALITY: number = -2;
  private looked = 0;
  private readonly stands = { round: 0, taken: 0 };
  private readonly judged = { rounds: 0 };

  /** @param plan how its elements come about; programs use `Dataset.fromTensorSlices` and its sisters */
  constructor(readonly plan: Plan<T>) {}

  /**
   * One element for each row of arrays along their first axis.
   *
   * @param tensors an array `[samples, …]`, a list of numbers or texts; or several of these in a list or by names, as `[x, y]`
   * @throws UsageError when it is something else
   * @throws ShapeError when there are not as many samples on both sides
   */
  static fromTensorSlices<const X>(tensors: X): Dataset<SliceOf<X>> {
    const slices = slicesOf(tensors, "Dataset.fromTensorSlices");
    return new Dataset<SliceOf<X>>({
      rounds: rounds.listed(function* () {
        for (let row = 0; row < slices.rows; row++) yield slices.row(row) as SliceOf<X>;
      }),
      count: slices.rows,
    });
  }

  /** One element: what is given. */
  static fromTensors<const X extends Given>(tensors: X): Dataset<ElementOf<X>> {
    const element: unknown = toElement(tensors, "Dataset.fromTensors");
    return new Dataset<ElementOf<X>>({
      rounds: rounds.listed(() => [element as ElementOf<X>]),
      count: 1,
    });
  }

  /**
   * What a generator gives, which may wait for something: it is called anew for each round.
   *
   * @param generator such as `function* () { yield [x, y]; }`, or `() => flow` for what can be gone over
   */
  static fromGenerator<G extends Given | []>(generator: () => Iterable<G> | AsyncIterable<G>): Dataset<ElementOf<G>> {
    func("fromGenerator", generator);
    return new Dataset({
      async *rounds() {
        const given: unknown = generator();
        const isIterable =
          typeof given === "object" && given !== null && (Symbol.asyncIterator in given || Symbol.iterator in given);
        if (!isIterable) {
          refuseOption(
            "Dataset.fromGenerator",
            "function",
            "one that gives an iterable",
            given === null ? "null" : typeof given,
          );
        }
        for await (const element of given as AsyncIterable<G>) {
          const made: unknown = toElement(await settled(element), "Dataset.fromGenerator");
          yield made as ElementOf<G>;
        }
      },
      count: Dataset.UNKNOWN_CARDINALITY,
    });
  }

  /**
   * Paths of files that match a pattern, such as `photos/cat-*.jpg`; in random order, as in TensorFlow.
   *
   * @param patterns one or several, or paths; `*` and `?` stand for anything but `/`, `[ab]` for one of these
   * @param options `shuffle`: default `true`, each round in an order of its own; `seed`: of that order
   * @throws FileError when a round begins, and no file matches
   */
  static listFiles(
    patterns: string | readonly string[],
    options: { readonly shuffle?: boolean | null | undefined; readonly seed?: number | null | undefined } = {},
  ): Dataset<string> {
    checkOptionNames("Dataset.listFiles", options, ["shuffle", "seed"]);
    const all = typeof patterns === "string" ? [patterns] : patterns;
    if (!Array.isArray(all) || all.length === 0 || !all.every((one) => typeof one === "string")) {
      refuseOption("Dataset.listFiles", "pattern", "a pattern of paths, or a list of them", patterns);
    }
    const files = new Dataset<string>({
      async *rounds() {
        yield* await filesMatching(all);
      },
      count: Dataset.UNKNOWN_CARDINALITY,
    });
    return (options.shuffle ?? true) ? files.shuffle(2 ** 32 - 1, { seed: options.seed }) : files;
  }

  /** Numbers, as Python's `range`: `range(stop)`, `range(start, stop)`, `range(start, stop, step)`. */
  static range(
    ...limits: [stop: number] | [start: number, stop: number] | [start: number, stop: number, step: number]
  ): Dataset<number> {
    const [first, second, step = 1] = limits;
    const [start, stop] = second === undefined ? [0, first] : [first, second];
    if (![start, stop, step].every(Number.isSafeInteger) || step === 0) {
      refuseOption("Dataset.range", "numbers", "whole numbers, and a step other than 0", limits.join(", "));
    }
    const count = Math.max(0, Math.ceil((stop - start) / step));
    return new Dataset<number>({
      rounds: rounds.listed(function* () {
        for (let index = 0; index < count; index++) yield start + index * step;
      }),
      count,
    });
  }

  /** Lists of one element of each dataset, which may stand in lists themselves; ends with the shortest. */
  static zip<const D extends readonly Zipped[]>(datasets: D): Dataset<ZipOf<D>>;
  static zip<const D extends readonly Zipped[]>(...datasets: D): Dataset<ZipOf<D>>;
  static zip(...datasets: unknown[]): Dataset {
    const given = datasets.length === 1 && Array.isArray(datasets[0]) ? (datasets[0] as readonly unknown[]) : datasets;
    const all = datasetsIn(
      "zip",
      given.map((one) => (Array.isArray(one) ? Dataset.zip(one as readonly Dataset[]) : one)),
    );
    const counts = all.map(({ plan }) => plan.count);
    const finite = counts.filter((one) => one !== Dataset.INFINITE_CARDINALITY);
    const least = finite.includes(Dataset.UNKNOWN_CARDINALITY) ? Dataset.UNKNOWN_CARDINALITY : Math.min(...finite);
    return new Dataset({
      rounds: rounds.zipped(all.map(({ plan }) => plan.rounds)),
      count: finite.length === 0 ? Dataset.INFINITE_CARDINALITY : least,
    });
  }

  /** Numbers without end: `start`, default 0, `start + step`, and so on; `step` is 1 by default. */
  static counter(
    options: { readonly start?: number | undefined; readonly step?: number | undefined } = {},
  ): Dataset<number> {
    checkOptionNames("Dataset.counter", options, ["start", "step"]);
    const { start = 0, step = 1 } = options;
    if (!Number.isSafeInteger(start)) refuseOption("Dataset.counter", "start", "a whole number", start);
    if (!Number.isSafeInteger(step)) refuseOption("Dataset.counter", "step", "a whole number", step);
    return new Dataset<number>({
      rounds: rounds.listed(function* () {
        for (let number = start; ; number += step) yield number;
      }),
      count: Dataset.INFINITE_CARDINALITY,
    });
  }

  /**
   * Elements of several datasets in random order, such as one of each class, so that classes come equally often.
   *
   * @param datasets one at least
   */
  static sampleFromDatasets<T>(datasets: readonly Dataset<T>[], options: SampleFromDatasetsOptions = {}): Dataset<T> {
    const method = "sampleFromDatasets";
    const names = ["weights", "seed", "stopOnEmptyDataset", "rerandomizeEachIteration"];
    checkOptionNames(`Dataset.${method}`, options, names);
    const all = datasetsIn(method, datasets);
    const weights: unknown = options.weights ?? all.map(() => 1);
    const isWeight = (weight: unknown): weight is number => Number.isFinite(weight) && Number(weight) >= 0;
    if (
      !Array.isArray(weights) ||
      weights.length !== all.length ||
      !weights.every(isWeight) ||
      !weights.some(Boolean)
    ) {
      const expected = `${all.length} numbers from 0, one for each dataset, not all of them 0`;
      refuseOption(`Dataset.${method}`, "weights", expected, show(weights));
    }
    const seed = options.seed ?? undefined;
    const base = seed === undefined ? nextRandomStream("dataset") : new Generator(seed).fork("dataset");
    const again = options.rerandomizeEachIteration ?? true;
    // One that is never drawn would never end.
    const likely = all.filter((_, index) => weights[index] !== 0);
    const stops = options.stopOnEmptyDataset ?? false;
    return new Dataset<T>({
      rounds: rounds.drawnFrom(
        likely.map(({ plan }) => (plan as Plan<T>).rounds),
        (pass) => weightedDraws(weights.filter(Boolean), base.fork(again ? pass : "every round")),
        stops,
      ),
      count: all.every(({ plan }) => plan.count === Dataset.INFINITE_CARDINALITY)
        ? Dataset.INFINITE_CARDINALITY
        : Dataset.UNKNOWN_CARDINALITY,
      ...together(all),
    });
  }

  /** Elements that are there already. */
  static fromElements<E>(elements: readonly E[]): Dataset<E> {
    const given: unknown = elements;
    if (!Array.isArray(given)) refuse("Dataset.fromElements", "elements", "a list", given);
    return new Dataset<E>({
      rounds: rounds.listed(() => elements),
      count: elements.length,
    });
  }

  /** The same dataset with another plan: what is not said stays. */
  private changed<U>(rounds: rounds.Rounds<U>, count: number, others: Partial<Plan<U>> = {}): Dataset<U> {
    const { open, batchSize } = this.plan;
    return new Dataset<U>({ open, batchSize, ...others, rounds, count });
  }

  /** Rows of an element, where {@link batch} made it and nothing parted it since; `undefined` otherwise. */
  get batchSize(): number | undefined {
    return this.plan.batchSize;
  }

  /** The first `count` elements of each round; -1: all. */
  take(count: number): Dataset<T> {
    const most = countOrAll("take", count);
    const { plan } = this;
    const known =
      plan.count === Dataset.INFINITE_CARDINALITY && most < Infinity
        ? most
        : changed(plan.count, (all) => Math.min(all, most));
    return this.changed(rounds.part(plan.rounds, 0, most), known);
  }

  /** All but the first `count` elements of each round; -1: none. */
  skip(count: number): Dataset<T> {
    const left = countOrAll("skip", count);
    const { plan } = this;
    const known = left === Infinity ? 0 : changed(plan.count, (all) => Math.max(0, all - left));
    return this.changed(rounds.part(plan.rounds, left, Infinity), known);
  }

  /**
   * What a function makes of each element.
   *
   * @param change gets the parts of a list one by one, `(x, y) => [x, y]`; it may be async, and promises in what it returns, as of
   * layers and `ops`, are waited for: `(x, y) => [ops.divide(x, 255), y]`. Lists of numbers in it become arrays
   */
  map<G extends Given | []>(
    change: (...element: Arguments<T>) => G | Promise<G>,
    options: MapOptions = {},
  ): Dataset<ElementOf<G>> {
    func("map", change);
    checkOptionNames("Dataset.map", options, ["numParallelCalls", "deterministic"]);
    const call = change as unknown as (...parts: readonly Element[]) => G | Promise<G>;
    const result = async (element: T): Promise<ElementOf<G>> =>
      toElement(
        await settled(call(...argumentsOf(element as Element))),
        "the result of Dataset.map's function",
      ) as ElementOf<G>;
    return this.changed(rounds.mapped(this.plan.rounds, result, parallel("map", options)), this.plan.count);
  }

  /** The elements of the datasets that a function makes of each element, one dataset after the other. */
  flatMap<U>(change: (...element: Arguments<T>) => Dataset<U> | Promise<Dataset<U>>): Dataset<U> {
    func("flatMap", change);
    const call = change as unknown as (...parts: readonly Element[]) => Dataset<U> | Promise<Dataset<U>>;
    const { rounds: outer } = this.plan;
    return this.changed<U>(
      async function* (pass) {
        let number = 0;
        for await (const element of outer(pass)) {
          const inner = await call(...argumentsOf(element as Element));
          if (!(inner instanceof Dataset))
            refuseOption("Dataset.flatMap", "function", "one that gives a Dataset", typeof inner);
          yield* inner.plan.rounds(`${pass}/${number}`);
          number += 1;
        }
      },
      Dataset.UNKNOWN_CARDINALITY,
      { open: false, batchSize: undefined },
    );
  }

  /**
   * The elements of the datasets that a function makes of each element, several datasets at a time: `blockLength` elements of one,
   * then as many of the next one.
   *
   * @see https://www.tensorflow.org/api_docs/python/tf/data/Dataset#interleave
   */
  interleave<U>(
    change: (...element: Arguments<T>) => Dataset<U> | Promise<Dataset<U>>,
    options: InterleaveOptions = {},
  ): Dataset<U> {
    const owner = "Dataset.interleave";
    func("interleave", change);
    checkOptionNames(owner, options, ["cycleLength", "blockLength", "numParallelCalls", "deterministic"]);
    const { cycleLength, blockLength } = options;
    const cycle = cycleLength === automatic ? atOnce : count("interleave", "cycleLength", cycleLength ?? atOnce, 1);
    const block = count("interleave", "blockLength", blockLength ?? 1, 1);
    parallel("interleave", options);
    const call = change as unknown as (...parts: readonly Element[]) => unknown;
    const inner = async (element: T): Promise<rounds.Rounds<U>> => {
      const made = await call(...argumentsOf(element as Element));
      return made instanceof Dataset
        ? (made as Dataset<U>).plan.rounds
        : refuseOption(owner, "function", "one that gives a Dataset", typeof made);
    };
    const made = rounds.interleaved(this.plan.rounds, inner, cycle, block);
    return this.changed<U>(made, Dataset.UNKNOWN_CARDINALITY, { open: false, batchSize: undefined });
  }

  /** Elements for which a function gives `true`, or an array of one number that is not 0; it may be async. */
  filter(predicate: (...element: Arguments<T>) => unknown): Dataset<T> {
    const { plan } = this;
    const kept = rounds.filtered(plan.rounds, yesOrNo("filter", predicate));
    return this.changed(kept, plan.count === 0 ? 0 : Dataset.UNKNOWN_CARDINALITY);
  }

  /** Elements up to the first one for which a function does not give `true`; it may be async. */
  takeWhile(predicate: (...element: Arguments<T>) => unknown): Dataset<T> {
    const goesOn = yesOrNo("takeWhile", predicate);
    return this.changed(rounds.until(this.plan.rounds, goesOn), Dataset.UNKNOWN_CARDINALITY);
  }

  /** Each element once: what is equal to one before it, a number, a text or an array, is left out. */
  unique(): Dataset<T> {
    const keyOf = (element: T): string => keyOfElement(element as Element);
    return this.changed(rounds.unlike(this.plan.rounds, keyOf), Dataset.UNKNOWN_CARDINALITY);
  }

  /**
   * Elements joined, `batchSize` at a time: their arrays get an axis more in front, numbers become an array.
   *
   * @throws ShapeError when a batch is asked for, and its arrays differ in shape
   */
  batch(batchSize: number, options: DatasetBatchOptions = {}): Dataset<BatchOf<T>> {
    checkOptionNames("Dataset.batch", options, ["dropRemainder", "numParallelCalls", "deterministic"]);
    const size = count("batch", "batchSize", batchSize, 1);
    const { dropRemainder = false } = options;
    const lists = rounds.gathered(this.plan.rounds, size, dropRemainder);
    const join = (list: readonly T[]): Promise<BatchOf<T>> =>
      Promise.resolve(stacked(list as readonly Element[], "Dataset.batch") as BatchOf<T>);
    const known = changed(this.plan.count, (all) => (dropRemainder ? Math.floor(all / size) : Math.ceil(all / size)));
    return this.changed<BatchOf<T>>(rounds.mapped<readonly T[], BatchOf<T>>(lists, join, 1), known, {
      open: !dropRemainder,
      batchSize: size,
    });
  }

  /** The rows of batches, one by one. */
  unbatch(): Dataset<RowOf<T>> {
    const what = "Dataset.unbatch";
    const list = function* (element: T): Iterable<RowOf<T>> {
      const count = rowsOf(element as Element);
      if (count === undefined) refuseOption(what, "dataset", "arrays with an axis to part", "none");
      for (let row = 0; row < count; row++) yield rowOfElement(element as Element, row, count, what) as RowOf<T>;
    };
    return this.changed<RowOf<T>>(rounds.flattened<T, RowOf<T>>(this.plan.rounds, list), Dataset.UNKNOWN_CARDINALITY, {
      open: false,
      batchSize: undefined,
    });
  }

  /** Batches of another size, of the rows of batches. */
  rebatch(
    batchSize: number,
    options: { readonly dropRemainder?: boolean | undefined } = {},
  ): Dataset<BatchOf<RowOf<T>>> {
    checkOptionNames("Dataset.rebatch", options, ["dropRemainder"]);
    count("rebatch", "batchSize", batchSize, 1);
    return this.unbatch().batch(batchSize, options);
  }

  /**
   * Elements in random order: of `bufferSize` that wait one is drawn, and the next one takes its place. Only a buffer for all
   * makes each order as likely as any other.
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    checkOptionNames("Dataset.shuffle", options, ["seed", "reshuffleEachIteration"]);
    const size = count("shuffle", "bufferSize", bufferSize, 1);
    const seed = options.seed ?? undefined;
    const base = seed === undefined ? nextRandomStream("dataset") : new Generator(seed).fork("dataset");
    const again = options.reshuffleEachIteration ?? true;
    const stream = (pass: rounds.Pass): Generator => base.fork(again ? pass : "every round");
    return this.changed(rounds.shuffledIn(this.plan.rounds, size, stream), this.plan.count);
  }

  /** Round after round, `count` of them; default and -1: without end. */
  repeat(count?: number | null): Dataset<T> {
    const times = countOrAll("repeat", count);
    const { plan } = this;
    const known =
      times === 0
        ? 0
        : times === Infinity && plan.count > 0
          ? Dataset.INFINITE_CARDINALITY
          : changed(plan.count, (all) => (all === 0 ? 0 : all * times));
    return this.changed(
      rounds.repeated(plan.rounds, times),
      times === Infinity && plan.count === Dataset.UNKNOWN_CARDINALITY ? Dataset.INFINITE_CARDINALITY : known,
    );
  }

  /** The same, in memory once a round has come to its end: rounds after it do no work again, and have the same elements. */
  cache(filename?: ""): Dataset<T> {
    if (filename !== undefined && (filename as string) !== "") {
      refuseOption("Dataset.cache", "filename", "no file: elements are kept in memory", filename);
    }
    return this.changed(rounds.kept(this.plan.rounds), this.plan.count);
  }

  /** The same, of which up to `bufferSize` elements are made while those before them are worked on. */
  prefetch(bufferSize: number): Dataset<T> {
    const size = bufferSize === automatic ? ahead : count("prefetch", "bufferSize", bufferSize, 0);
    return this.changed(size === 0 ? this.plan.rounds : rounds.readAhead(this.plan.rounds, size), this.plan.count);
  }

  /** The elements of this dataset, and then those of another. */
  concatenate(dataset: Dataset<T>): Dataset<T> {
    if (!(dataset instanceof Dataset)) refuseOption("Dataset.concatenate", "dataset", "a Dataset", typeof dataset);
    const counts = [this.plan.count, dataset.plan.count];
    const known = counts.includes(Dataset.INFINITE_CARDINALITY)
      ? Dataset.INFINITE_CARDINALITY
      : counts.includes(Dataset.UNKNOWN_CARDINALITY)
        ? Dataset.UNKNOWN_CARDINALITY
        : this.plan.count + dataset.plan.count;
    return this.changed(rounds.joined([this.plan.rounds, dataset.plan.rounds]), known, {
      open: this.plan.open === true || dataset.plan.open === true,
    });
  }

  /** Lists of a number, from `start`, and the element. */
  enumerate(start = 0): Dataset<[index: number, element: T]> {
    if (!Number.isSafeInteger(start)) refuseOption("Dataset.enumerate", "start", "a whole number", start);
    const { rounds: inner, count } = this.plan;
    return this.changed<[index: number, element: T]>(
      async function* (pass) {
        let index = start;
        for await (const element of inner(pass)) yield [index++, element];
      },
      count,
      { batchSize: undefined },
    );
  }

  /** Every `numShards`-th element, from number `index`. */
  shard(numShards: number, index: number): Dataset<T> {
    const parts = count("shard", "numShards", numShards, 1);
    if (!isWhole(index, 0) || index >= parts)
      refuseOption("Dataset.shard", "index", `a whole number from 0 to ${parts - 1}`, index);
    const known = changed(this.plan.count, (all) => Math.max(0, Math.ceil((all - index) / parts)));
    return this.changed(rounds.everyOf(this.plan.rounds, parts, index), known);
  }

  /** What a function makes of a state and all elements, one after the other. */
  async reduce<S>(initialState: S, change: (state: S, ...element: Arguments<T>) => S | Promise<S>): Promise<S> {
    func("reduce", change);
    const call = change as unknown as (state: S, ...parts: readonly Element[]) => S | Promise<S>;
    let state = initialState;
    for await (const element of this) state = await call(state, ...argumentsOf(element as Element));
    return state;
  }

  /**
   * The only element.
   *
   * @throws UsageError when there is none, or more than one
   */
  async getSingleElement(): Promise<T> {
    const found: T[] = [];
    for await (const element of this.take(2)) found.push(element);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    throw new UsageError("The dataset does not have one element.", {
      subject: "Dataset.getSingleElement",
      expected: "one element",
      received: found.length === 0 ? "none" : "more",
      advice: "The first one is that of dataset.take(1).",
    });
  }

  /** What a function makes of the dataset: `dataset.apply((one) => one.batch(2))`. */
  apply<U>(transformation: (dataset: this) => U): U {
    return func("apply", transformation)(this);
  }

  /**
   * Number of elements of a round; {@link INFINITE_CARDINALITY}, -1, where it has no end, {@link UNKNOWN_CARDINALITY}, -2, where
   * nobody knows before the end.
   */
  cardinality(): number {
    return this.plan.count;
  }

  /**
   * Number of elements of a round.
   *
   * @throws UsageError where it has no end, or nobody knows: see {@link cardinality}
   */
  get length(): number {
    if (this.plan.count >= 0) return this.plan.count;
    throw new UsageError("The length of the dataset is not known.", {
      subject: "Dataset.length",
      expected: "a dataset whose elements are counted",
      received:
        this.plan.count === Dataset.INFINITE_CARDINALITY
          ? "one without end"
          : "one of which nobody knows before its end",
      advice: "cardinality() says -1 and -2 of these.",
    });
  }

  /**
   * Shapes and element types of the first element, in its structure; a batch of any size has `null` in front.
   *
   * @throws UsageError when there is no element
   */
  async elementSpec(): Promise<ElementSpec> {
    for await (const element of this.take(1)) return specOf(element as Element, this.plan.open === true);
    throw new UsageError("The dataset has no elements to look at.", {
      subject: "Dataset.elementSpec",
      expected: "at least one element",
      received: "none",
    });
  }

  /**
   * The dataset as `fit`, `evaluate` and `predict` take it: each element is a batch.
   *
   * @throws UsageError when its first element is none
   */
  async openSource(model: Destination, call: string): Promise<BatchSource> {
    const { rounds } = this.plan as unknown as Plan<Element>;
    const [feeding, begun] = await beginRound(rounds, nextPass(call, this.turns), { call, model });
    return sourceOfRounds({ ...this.turns, rounds }, feeding, begun);
  }

  /** Where the calls of `fit` and its sisters stand. */
  protected get turns(): Omit<Turns<unknown>, "rounds"> {
    const { stands, judged } = this;
    return { stands, judged, count: this.plan.count };
  }

  /** An iterator over the elements of a round, whose arrays are as everywhere: `(await iterator.next()).value`. */
  asNumpyIterator(): AsyncGenerator<T, void, undefined> {
    return this[Symbol.asyncIterator]();
  }

  /** The elements of a round; each loop is a round of its own. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.plan.rounds(`look ${this.looked++}`);
  }
}
