import type { Generator } from "../../random/generator.js";
import type { Element } from "./element.js";

/**
 * A way through a dataset, from its first element to its last: what is random in it follows from its name alone, so that
 * whoever looks takes nothing from others.
 */
export type Pass = string;

/** Elements of one round. */
export type Round<T> = AsyncGenerator<T, void, undefined>;

/** Begins a round. */
export type Rounds<T> = (pass: Pass) => Round<T>;

/** Elements that are there, or made, without waiting. */
export function listed<T>(list: (pass: Pass) => Iterable<T>): Rounds<T> {
  return async function* (pass) {
    for (const element of list(pass)) yield await Promise.resolve(element);
  };
}

/** Elements `from` to `to` of each round. */
export function part<T>(rounds: Rounds<T>, from: number, to: number): Rounds<T> {
  return async function* (pass) {
    // Not one more is taken than is asked for: it would be read for nothing.
    if (to <= from) return;
    let number = 0;
    for await (const element of rounds(pass)) {
      number += 1;
      if (number > from) yield element;
      if (number >= to) return;
    }
  };
}

/** Every `count`-th element, from number `index`. */
export function everyOf<T>(rounds: Rounds<T>, count: number, index: number): Rounds<T> {
  return async function* (pass) {
    let number = 0;
    for await (const element of rounds(pass)) {
      if (number % count === index) yield element;
      number += 1;
    }
  };
}

/** What a function makes of each element, in their order; up to `atOnce` are on their way at a time. */
export function mapped<T, U>(rounds: Rounds<T>, change: (element: T) => Promise<U>, atOnce: number): Rounds<U> {
  return async function* (pass) {
    const begun: Promise<U>[] = [];
    for await (const element of rounds(pass)) {
      const result = change(element);
      // Whoever awaits it later gets the error; until then it must not count as unhandled.
      result.catch(() => undefined);
      begun.push(result);
      const [first] = begun;
      if (first === undefined || begun.length < atOnce) continue;
      void begun.shift();
      yield await first;
    }
    for (const result of begun) yield await result;
  };
}

/** Elements for which a function says yes. */
export function filtered<T>(rounds: Rounds<T>, keeps: (element: T) => Promise<boolean>): Rounds<T> {
  return async function* (pass) {
    for await (const element of rounds(pass)) if (await keeps(element)) yield element;
  };
}

/** Lists of `size` elements each; the last one may be shorter, or is left out. */
export function gathered<T>(rounds: Rounds<T>, size: number, dropRemainder: boolean): Rounds<readonly T[]> {
  return async function* (pass) {
    let list: T[] = [];
    for await (const element of rounds(pass)) {
      list.push(element);
      if (list.length < size) continue;
      yield list;
      list = [];
    }
    if (list.length > 0 && !dropRemainder) yield list;
  };
}

/** What is in lists, one by one. */
export function flattened<T, U>(rounds: Rounds<T>, list: (element: T) => Iterable<U>): Rounds<U> {
  return async function* (pass) {
    for await (const element of rounds(pass)) yield* list(element);
  };
}

/**
 * Elements in random order: of `size` that wait, one is drawn, and the next one takes its place.
 *
 * @param stream where it is drawn from, for a pass
 * @see https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle
 */
export function shuffledIn<T>(rounds: Rounds<T>, size: number, stream: (pass: Pass) => Generator): Rounds<T> {
  return async function* (pass) {
    const generator = stream(pass);
    const waiting: T[] = [];
    const draw = (): T[] => {
      const place = generator.integer(waiting.length);
      const last = waiting.pop();
      return last === undefined ? [] : place === waiting.length ? [last] : waiting.splice(place, 1, last);
    };
    for await (const element of rounds(pass)) {
      waiting.push(element);
      if (waiting.length > size) yield* draw();
    }
    while (waiting.length > 0) yield* draw();
  };
}

/** Round after round, each of another pass; ends with a round that has no elements. */
export function repeated<T>(rounds: Rounds<T>, count: number): Rounds<T> {
  return async function* (pass) {
    for (let round = 0; round < count; round++) {
      let empty = true;
      for await (const element of rounds(`${pass}/${round}`)) {
        empty = false;
        yield element;
      }
      if (empty) return;
    }
  };
}

/** The elements of several, one after the other. */
export function joined<T>(all: readonly Rounds<T>[]): Rounds<T> {
  return async function* (pass) {
    for (const rounds of all) yield* rounds(pass);
  };
}

/** Lists of one element of each; ends with the shortest. */
export function zipped(all: readonly Rounds<Element>[]): Rounds<Element[]> {
  return async function* (pass) {
    const iterators = all.map((rounds) => rounds(pass));
    try {
      while (true) {
        const list: Element[] = [];
        for (const iterator of iterators) {
          const { done, value } = await iterator.next();
          if (done === true) return;
          list.push(value);
        }
        yield list;
      }
    } finally {
      for (const iterator of iterators) await iterator.return();
    }
  };
}

/** Elements, of which up to `size` are made before they are asked for. */
export function readAhead<T>(rounds: Rounds<T>, size: number): Rounds<T> {
  return async function* (pass) {
    const iterator = rounds(pass);
    const begun: Promise<IteratorResult<T, void>>[] = [];
    const begin = (): void => {
      const next = iterator.next();
      next.catch(() => undefined);
      begun.push(next);
    };
    try {
      begin();
      for (let first = begun.shift(); first !== undefined; first = begun.shift()) {
        while (begun.length < size) begin();
        const { done, value } = await first;
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return();
    }
  };
}

/** Elements that are kept once a round has come to its end; rounds after it have the same ones. */
export function kept<T>(rounds: Rounds<T>): Rounds<T> {
  let all: readonly T[] | undefined;
  return async function* (pass) {
    if (all !== undefined) {
      yield* all;
      return;
    }
    const list: T[] = [];
    for await (const element of rounds(pass)) {
      list.push(element);
      yield element;
    }
    all ??= list;
  };
}

/** Elements up to the first one for which a function says no. */
export function until<T>(rounds: Rounds<T>, goesOn: (element: T) => Promise<boolean>): Rounds<T> {
  return async function* (pass) {
    for await (const element of rounds(pass)) {
      if (!(await goesOn(element))) return;
      yield element;
    }
  };
}

/** Elements of which none is like one before it. */
export function unlike<T>(rounds: Rounds<T>, keyOf: (element: T) => string): Rounds<T> {
  return async function* (pass) {
    const seen = new Set<string>();
    for await (const element of rounds(pass)) {
      const key = keyOf(element);
      if (seen.has(key)) continue;
      seen.add(key);
      yield element;
    }
  };
}

/**
 * The elements of the rounds that are made of each element, `cycle` of them at a time, `block` elements of each in turn.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/data/Dataset#interleave
 */
export function interleaved<T, U>(
  rounds: Rounds<T>,
  inner: (element: T) => Promise<Rounds<U>>,
  cycle: number,
  block: number,
): Rounds<U> {
  return async function* (pass) {
    const outer = rounds(pass);
    const open = new Map<number, Round<U>>();
    let number = 0;
    let ended = false;
    try {
      for (let place = 0; !ended || open.size > 0;) {
        if (!open.has(place) && !ended) {
          const { done, value } = await outer.next();
          if (done === true) ended = true;
          else open.set(place, (await inner(value))(`${pass}/${number++}`));
        }
        const current = open.get(place);
        for (let taken = 0; current !== undefined && taken < block; taken++) {
          const { done, value } = await current.next();
          if (done === true) {
            open.delete(place);
            break;
          }
          yield value;
        }
        place = (place + 1) % cycle;
      }
    } finally {
      for (const round of [outer, ...open.values()]) await round.return();
    }
  };
}

/**
 * Elements of several, of which numbers say from which one the next comes; those that have ended are passed over.
 *
 * @param draws the numbers, for a pass; without end
 * @param stops whether all ends with the first one that ends
 */
export function drawnFrom<T>(
  all: readonly Rounds<T>[],
  draws: (pass: Pass) => Iterable<number>,
  stops: boolean,
): Rounds<T> {
  return async function* (pass) {
    const open = new Map(all.map((rounds, index) => [index, rounds(`${pass}/${index}`)]));
    try {
      for (const index of draws(pass)) {
        const next = await open.get(index)?.next();
        if (next === undefined) continue;
        if (next.done !== true) yield next.value;
        else if (stops) return;
        else open.delete(index);
        if (open.size === 0) return;
      }
    } finally {
      for (const round of open.values()) await round.return();
    }
  };
}
