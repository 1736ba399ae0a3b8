import { type Dim, dimProduct, dimQuotient } from "../../graph/shape.js";
import { allKnown } from "./all-known.js";

/**
 * A sum of products of extents that are open, such as `8·N + 1`: factor by product of symbols, `""` for what is known. Factors
 * are never 0.
 */
export type Formula = ReadonlyMap<string, number>;

/** A number, or what is known of one that follows from open extents. */
export type Amount = number | Formula;

function termsOf(amount: Amount): Formula {
  return typeof amount === "number" ? new Map([["", amount]]) : amount;
}

function amountFrom(terms: ReadonlyMap<string, number>): Amount {
  const kept = [...terms].filter(([, factor]) => factor !== 0);
  return kept.every(([symbols]) => symbols === "") ? (kept[0]?.[1] ?? 0) : new Map(kept);
}

/** `12*N` as 12 and `N`. */
function partsOf(dim: Dim): readonly [factor: number, symbols: string] {
  if (typeof dim === "number") return [dim, ""];
  const [first = "", ...others] = dim.split("*");
  return /^\d+$/.test(first) ? [Number(first), others.join("*")] : [1, dim];
}

/** An extent as an amount. */
export function amountOf(dim: Dim): Amount {
  const [factor, symbols] = partsOf(dim);
  return amountFrom(new Map([[symbols, factor]]));
}

/** An amount as an extent; `undefined` for a sum, a fraction, or a negative multiple of an open one. */
export function dimOf(amount: Amount): Dim | undefined {
  if (typeof amount === "number") return Number.isInteger(amount) ? amount : undefined;
  const [term, ...others] = amount;
  if (term === undefined || others.length > 0) return undefined;
  const [symbols, factor] = term;
  return Number.isInteger(factor) && factor > 0 ? dimProduct([factor, symbols]) : undefined;
}

/** `a + b`. */
export function plus(a: Amount, b: Amount): Amount {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const sum = new Map(termsOf(a));
  for (const [symbols, factor] of termsOf(b)) sum.set(symbols, (sum.get(symbols) ?? 0) + factor);
  return amountFrom(sum);
}

/** `a · b`. */
export function times(a: Amount, b: Amount): Amount {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const product = new Map<string, number>();
  for (const [left, factor] of termsOf(a)) {
    for (const [right, other] of termsOf(b)) {
      const symbols = String(left === "" ? right : right === "" ? left : dimProduct([left, right]));
      product.set(symbols, (product.get(symbols) ?? 0) + factor * other);
    }
  }
  return amountFrom(product);
}

/** `-a`. */
export function minus(a: Amount): Amount {
  return times(a, -1);
}

/** `a / b`, where it is known for all extents: a number by a number, or a formula by one product. */
export function ratio(a: Amount, b: Amount): Amount | undefined {
  if (typeof a === "number" && typeof b === "number") return a / b;
  const [divisor, ...others] = termsOf(b);
  if (divisor === undefined || others.length > 0 || divisor[1] === 0) return undefined;
  const [symbols, factor] = divisor;
  const quotients = [...termsOf(a)].map(([own, numerator]): [string, number] | undefined => {
    const left = symbols === "" ? own : own === "" ? undefined : dimQuotient(own, symbols);
    return left === undefined ? undefined : [left === 1 ? "" : String(left), numerator / factor];
  });
  const all = allKnown(quotients);
  return all && amountFrom(new Map(all));
}

/** Whether an amount is a whole number, whatever the open extents are. */
export function isWhole(amount: Amount): boolean {
  return typeof amount === "number" ? Number.isInteger(amount) : [...amount.values()].every(Number.isInteger);
}

/** Whether two amounts are the same, whatever the open extents are. */
export function sameAmount(a: Amount, b: Amount): boolean {
  return plus(a, minus(b)) === 0;
}

/**
 * -1, 0 or 1 as `a` is less than, equal to or greater than `b`; `undefined` where that depends on the open extents, each of
 * which is 1 or more.
 */
export function compare(a: Amount, b: Amount): -1 | 0 | 1 | undefined {
  if (typeof a === "number" && typeof b === "number") return Number.isNaN(a - b) ? undefined : sign(a - b);
  const difference = plus(a, minus(b));
  if (typeof difference === "number") return sign(difference);
  const open = [...difference].filter(([symbols]) => symbols !== "").map(([, factor]) => factor);
  const atOne = [...difference.values()].reduce((sum, factor) => sum + factor, 0);
  if (open.every((factor) => factor > 0) && atOne > 0) return 1;
  if (open.every((factor) => factor < 0) && atOne < 0) return -1;
  return undefined;
}

function sign(x: number): -1 | 0 | 1 {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/** An amount for messages: `8*N + 1`. */
export function formatAmount(amount: Amount): string {
  if (typeof amount === "number") return String(amount);
  return [...amount]
    .map(([symbols, factor]) => (symbols === "" ? String(factor) : factor === 1 ? symbols : `${factor}*${symbols}`))
    .join(" + ");
}
